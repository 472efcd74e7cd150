"""Rights that run out: who holds the latest may write, and whoever held one before may not."""

from __future__ import annotations

__all__ = ["LeaseLost"]


class LeaseLost(RuntimeError):
    """Somebody else has the work now, or nobody may have it any more: stop, write nothing."""
