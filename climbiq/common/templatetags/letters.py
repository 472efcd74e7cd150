"""Whether letters go out at all: without a mail server they are printed where the site was started."""

from __future__ import annotations

from typing import Final

from django import template
from django.conf import settings

CONSOLE: Final = "django.core.mail.backends.console.EmailBackend"

register = template.Library()


@register.simple_tag
def letters_are_printed() -> bool:
    """Whether a letter is found in the terminal. Told in the demo alone: elsewhere visitors have none."""
    return bool(settings.DEMO) and settings.EMAIL_BACKEND == CONSOLE
