from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms

from climbiq.common.forms import RegistryForm
from sessions_app.domain.columns import TRAIT_COLUMNS
from sessions_app.domain.reading import GRADES
from sessions_app.forms.parts import bound_fields, read_as_written

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "You": ("age", "sex", "height_cm", "weight_kg", "arm_span_cm"),
    "Your climbing": (
        "primary_discipline",
        "years_climbing",
        "sessions_per_week",
        "current_boulder_grade",
        "peak_boulder_grade",
        "current_route_grade",
        "peak_route_grade",
    ),
    "Strength": ("max_hang_weight_kg", "max_hang_edge_mm", "max_pullups"),
    "Head": ("performance_anxiety", "competition_orientation", "process_vs_outcome"),
    "Recovery": ("typical_recovery_days", "sleep_quality_typical", "injury_history"),
    "Where you train": ("gym_access", "has_coach", "has_hangboard", "has_home_wall"),
}
_HELP: Final[Mapping[str, str]] = {
    "height_cm": "172, or 5'8\".",
    "weight_kg": "61.5, or 135 lb.",
    "current_boulder_grade": "V4 or 6B+.",
    "current_route_grade": "6c+ or 5.11c.",
    "max_hang_weight_kg": "Ten seconds, both hands; less than nothing if you take weight off.",
}


class BaselineForm(RegistryForm):
    """Who the climber is; nothing is required. Measures and grades as people write them."""

    variables: ClassVar[tuple[str, ...]] = tuple(TRAIT_COLUMNS)

    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        read_as_written(self)
        for name in GRADES:
            self.fields[name].widget.attrs |= {
                "maxlength": 24,
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        for name, text in _HELP.items():
            self.fields[name].help_text = text

    def parts(self) -> dict[str, list[forms.BoundField]]:
        """The fields under each heading."""
        return {heading: bound_fields(self, names) for heading, names in PARTS.items()}
