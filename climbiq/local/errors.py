"""The one kind of failure that the person at the terminal can put right."""

from __future__ import annotations


class CannotRun(RuntimeError):
    """We cannot run here as things are; the message says what is wrong and what would help."""
