"""Which narrator this process uses, from its settings; one per process, so that its circuit breaker means something."""

from __future__ import annotations

import functools
import hashlib
import hmac
from uuid import UUID

from django.conf import settings

from recommendations.narration.base import Narrator
from recommendations.narration.factory import make_narrator
from recommendations.narration.templates import TemplateNarrator


@functools.cache
def configured_narrator() -> Narrator:
    """Claude where a key is set, else the templates."""
    return make_narrator(
        api_key=settings.ANTHROPIC_API_KEY,
        base_url=settings.ANTHROPIC_BASE_URL,
        model=settings.NLG_MODEL,
        thinking=settings.NLG_THINKING,
        failures_to_open=settings.NLG_BREAKER_FAILURES,
        total_seconds=settings.NLG_SECONDS,
    )


def narrators(*, trusted: bool) -> tuple[Narrator, Narrator]:
    """The narrator to ask and the one to fall back on; only the latter where the former was not survived."""
    fallback = TemplateNarrator()
    return (configured_narrator() if trusted else fallback), fallback


def subject_of(user_id: UUID) -> str:
    """What stands for a climber towards Claude: a keyed hash that says nothing about them."""
    key = settings.SECRET_KEY.encode() + b"|narration subject"
    return hmac.new(key, str(user_id).encode(), hashlib.sha256).hexdigest()[:32]
