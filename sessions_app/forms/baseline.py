from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms

from climbiq.common.forms import RegistryForm, field_for
from sessions_app.domain.columns import TRAIT_COLUMNS
from sessions_app.domain.measures import IMPERIAL, from_metric, in_metric
from sessions_app.forms.parts import bound_fields

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
_IN_IMPERIAL: Final = {metric: imperial for imperial, (_, metric, _) in IMPERIAL.items()}


class BaselineForm(RegistryForm):
    """Who the climber is; nothing is required. Measures in kilograms and centimetres, or in pounds and inches."""

    variables: ClassVar[tuple[str, ...]] = tuple(TRAIT_COLUMNS)

    units = forms.CharField(widget=forms.HiddenInput, required=False)
    replaces = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.stored = dict(kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        chosen = self.data.get("units") if self.is_bound else self.stored.get("units")
        self.is_imperial = chosen == "imperial"
        if self.is_imperial:
            for metric, imperial in _IN_IMPERIAL.items():
                del self.fields[metric]
                self.fields[imperial] = field_for(IMPERIAL[imperial][0])
                self.initial[imperial] = from_metric(imperial, self.initial.get(metric))
            self.fields["height_in"].help_text = "In inches: 5 ft 11 is 71."

    def _asked(self) -> tuple[str, ...]:
        return tuple(_IN_IMPERIAL.get(n, n) if self.is_imperial else n for n in self.variables)

    def parts(self) -> dict[str, list[forms.BoundField]]:
        """The fields under each heading."""
        return {
            heading: bound_fields(self, (_IN_IMPERIAL.get(n, n) if self.is_imperial else n for n in names))
            for heading, names in PARTS.items()
        }

    def answers(self) -> dict[str, object]:
        """What was answered; a measure that was left alone keeps its stored value to the digit."""
        answers: dict[str, object] = {name: self.cleaned_data[name] for name in self._asked()}
        for imperial, (_, metric, _) in IMPERIAL.items():
            if imperial in answers and imperial not in self.changed_data:
                del answers[imperial]
                answers[metric] = self.stored.get(metric)
        return answers

    def typed(self) -> dict[str, Any]:
        """What stands in the fields, right or wrong, to show it again in a form of the other units."""
        self.full_clean()
        typed: dict[str, Any] = {}
        for name in self._asked():
            widget = self.fields[name].widget
            typed[name] = widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        for imperial, (_, metric, _) in IMPERIAL.items():
            if self.is_imperial:
                measured = self.cleaned_data.get(imperial)
                typed[metric] = _to_metric(imperial, measured)
            else:
                typed[metric] = self.cleaned_data.get(metric)
        return typed


def _to_metric(imperial: str, measured: Any) -> object:
    return None if measured is None else in_metric({imperial: measured}).popitem()[1]
