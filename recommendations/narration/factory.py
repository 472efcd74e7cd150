"""Which narrator there is: an object either way, never a question asked later."""

from __future__ import annotations

from typing import Any

from recommendations.narration.base import Narrator
from recommendations.narration.templates import TemplateNarrator


def make_narrator(
    *, api_key: str, base_url: str, model: str, failures_to_open: int = 5, **options: Any
) -> Narrator:
    """Claude where a key is set, the templates where none is.

    `options` are further fields of `ClaudeConfig`. One narrator serves the whole process: its circuit breaker is
    only worth something if it is shared.

    >>> make_narrator(api_key="", base_url="https://api.anthropic.com", model="claude-haiku-5-5").source
    'template'
    """
    if not api_key.strip():
        return TemplateNarrator()
    from recommendations.narration.breaker import CircuitBreaker
    from recommendations.narration.claude import ClaudeConfig, ClaudeNarrator

    config = ClaudeConfig(api_key=api_key.strip(), base_url=base_url, model=model, **options)
    return ClaudeNarrator(config=config, breaker=CircuitBreaker(failures=failures_to_open))
