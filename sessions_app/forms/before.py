from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError

from climbiq.common.forms import RegistryForm, field_for
from climbiq.domain.values import Niggle, Value
from climbiq.domain.variables import variable
from climbiq.domain.zones import exists, skipped
from sessions_app.domain.days import problem_with_day
from sessions_app.domain.derived import DERIVED
from sessions_app.domain.extras import EXTRAS
from sessions_app.domain.gyms import GymName, KnownGym
from sessions_app.forms.gym import UNKNOWN, GymField, unknown_gym
from sessions_app.forms.parts import (
    ClockField,
    DayField,
    NigglesAgainField,
    bound_fields,
    read_as_written,
)

STATES: Final = (
    "sleep_hours",
    "sleep_quality",
    "energy_level",
    "soreness_level",
    "stress_level",
    "motivation_level",
    "current_niggles",
)
PLAN: Final = ("session_type", "session_intensity", "caffeine_mg")
WHEN: Final = ("session_date", "start_time", "location_type", "gym", "add_gym")
MORE: Final = (
    *DERIVED,
    "warmup_duration_min",
    "time_available_min",
    "session_goal",
    "specific_objectives",
    "sleep_notes",
)


class BeforeForm(RegistryForm):
    """How one arrives and what one plans: under half a minute, most of it already filled in."""

    variables: ClassVar[tuple[str, ...]] = (*STATES, *PLAN, *MORE)

    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.CharField(widget=forms.HiddenInput, required=False)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)
    session_date = DayField(label="Day")
    start_time = ClockField(label="Start")
    add_gym = forms.BooleanField(
        required=False,
        label="Add this gym",
        help_text="Others see its name once two of you have climbed there.",
    )

    def __init__(
        self,
        *args: Any,
        today: date,
        zone: tzinfo,
        is_done: bool = False,
        last_niggles: list[Niggle] | None = None,
        gyms: Sequence[KnownGym] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.is_done, self.gyms, self.zone = today, is_done, gyms, zone
        self.fields["gym"] = GymField(offered=gyms)
        self.fields["location_type"] = field_for(EXTRAS["location_type"])
        if last_niggles:
            niggles = variable("current_niggles")
            self.fields["current_niggles"] = NigglesAgainField(
                niggles, last=last_niggles, label=niggles.question
            )
        read_as_written(self)
        for name in DERIVED:
            self.fields[name].show_hidden_initial = True
        self.fields["caffeine_mg"].help_text = "0 for none. Leave it empty if you don’t know yet."
        self.order_fields(
            (*STATES, *PLAN, *WHEN, *MORE)
        )  # as the page asks, so as the summary of errors reads

    def clean_session_date(self) -> date:
        """Tell a day that cannot be together with whatever else is wrong."""
        day: date = self.cleaned_data["session_date"]
        problem = problem_with_day(day=day, today=self.today, is_done=self.is_done)
        if problem:
            raise ValidationError(problem, code="invalid")
        return day

    def clean(self) -> dict[str, Any]:
        """Add a gym to everybody's list only for those who say so: most unknown names are slips."""
        cleaned = super().clean() or self.cleaned_data
        day, start = cleaned.get("session_date"), cleaned.get("start_time")
        if (
            day is not None
            and start is not None
            and not self._is_start_as_shown(day, start)
            and not exists(_moment(day, start, self.zone))
        ):
            self.add_error("start_time", skipped(start))
        gym = cleaned.get("gym")
        if isinstance(gym, GymName) and not cleaned.get("add_gym"):
            self.add_error("gym", unknown_gym(gym, offered=self.gyms))
        return cleaned

    def parts(self) -> dict[str, list[forms.BoundField]]:
        """The fields of each part of the page; the box for a new gym only where one was named."""
        when = WHEN if self.has_error("gym", UNKNOWN) or self["add_gym"].value() else WHEN[:-1]
        parts = {"states": STATES, "plan": PLAN, "more": (*when, *MORE)}
        return {part: bound_fields(self, names) for part, names in parts.items()}

    def has_errors_in_more(self) -> bool:
        """Whether the folded part must be open."""
        return any(name in self.errors for name in (*WHEN, *MORE))

    def answers(self) -> dict[str, Value | None]:
        """What was answered. What is derived is an answer only where it was changed from what the page showed."""
        return {n: v for n, v in self.values().items() if n not in DERIVED or self._is_changed(n)}

    def _is_changed(self, name: str) -> bool:
        """The page brings back what it showed: by now the diary may say something else."""
        bound = self[name]
        if bound.html_initial_name in self.data:
            return name in self.changed_data
        return name in self.data and bound.field.has_changed(bound.initial, bound.data)

    def circumstances(self, *, zone: tzinfo) -> dict[str, Any]:
        """What the form asks of when and where, by the names of :class:`Circumstances`.

        Without the start where nobody touched it: the page shows it to the minute, by the climber's clock of now.
        """
        start = self.cleaned_data["start_time"]
        day = self.cleaned_data["session_date"]
        where = {"session_date": day, "location_type": self.cleaned_data["location_type"]}
        if self._is_start_as_shown(day, start):
            return where
        return {**where, "started_at": None if start is None else _moment(day, start, zone)}

    def _is_start_as_shown(self, day: date, start: time | None) -> bool:
        return (day, start) == (self.initial.get("session_date"), self.initial.get("start_time"))

    def gym(self) -> KnownGym | GymName | None:
        """The gym that was named: a known one, or one to add."""
        named: KnownGym | GymName | None = self.cleaned_data["gym"]
        return named


def _moment(day: date, start: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, start, tzinfo=zone)
