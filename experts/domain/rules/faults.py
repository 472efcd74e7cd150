"""What is wrong with a rule, and where: one list, so that its author mends it in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from climbiq.domain.texts import quotable

__all__ = ["MAX_FAULTS", "Fault", "Faults", "InvalidRule"]

MAX_FAULTS: Final = 50  # nobody mends more in one go, and hostile input makes no endless answer


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend; `path` reads ``conditions.ALL[0].value``."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class InvalidRule(ValueError):
    """Conditions or actions that cannot be used, with everything that is wrong with them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults

    def __reduce__(self) -> tuple[type[InvalidRule], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class Faults:
    """Collects faults while reading goes on."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, path: str, message: str) -> None:
        """Note a fault."""
        if len(self._found) < MAX_FAULTS:
            self._found.append(Fault(path, message))

    def unknown_keys(self, path: str, raw: Mapping[str, object], *known: str) -> None:
        """Note each key that is not among the known ones."""
        for key in raw:
            if key not in known:
                self.add(path, f"Unknown key: {quotable(key)}. Known here: {', '.join(known)}.")

    def __len__(self) -> int:
        return len(self._found)

    @property
    def found(self) -> tuple[Fault, ...]:
        """Everything noted so far, in order."""
        return tuple(self._found)
