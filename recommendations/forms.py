"""Forms of the recommendation pages."""

from __future__ import annotations

from typing import Any

from climbiq.common.forms import RegistryForm


class ForecastForm(RegistryForm):
    """The climber's own number, before ours: nothing is preselected."""

    variables = ("session_quality",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session_quality"].label = "How good do you think it will be?"

    @property
    def guess(self) -> float | None:
        """What was guessed, or None."""
        value = self.cleaned_data.get("session_quality")
        return None if value is None else float(value)
