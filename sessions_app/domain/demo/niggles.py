"""What hurts in the demo: comes with hard sessions, and heals."""

from __future__ import annotations

import numpy as np

from climbiq.domain.values import Niggle

__all__ = ["Niggling"]


class Niggling:
    """One sore spot and how bad it is today."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.severity = 0.0

    def pass_day(self, chance: np.random.Generator) -> None:
        """Heal a little."""
        self.severity = max(0.0, self.severity - abs(chance.normal(0.12, 0.08)))

    def load(self, chance: np.random.Generator, *, is_hard: bool) -> None:
        """Now and then a hard session starts or worsens it."""
        if self.site and is_hard and chance.random() < 0.12:
            self.severity = min(4.0, self.severity + chance.uniform(1.0, 2.5))

    def now(self) -> list[Niggle]:
        """What the climber would write down."""
        if self.severity < 0.5:
            return []
        return [Niggle(location=self.site, severity=max(1, round(self.severity)), notes="")]
