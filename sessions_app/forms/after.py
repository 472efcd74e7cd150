from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Any, ClassVar, Final

from django import forms

from climbiq.common.forms import RegistryForm, field_for
from climbiq.domain.quantities import Variable
from climbiq.domain.variables import TREATMENTS
from climbiq.domain.vocabularies import DEVIATION_REASONS
from climbiq.domain.zones import exists, skipped
from sessions_app.domain.columns import ACTUAL_COLUMNS, OUTCOME_COLUMNS
from sessions_app.domain.days import clock_of
from sessions_app.domain.extras import EXTRAS
from sessions_app.domain.records import SessionRecord
from sessions_app.forms.parts import ClockField, bound_fields, read_as_written

AS_PLANNED: Final = Variable(
    name="as_planned",
    label="As planned",
    room="post_session",
    role="context",
    kind="flag",
    question="Did it go as planned?",
)
EXPLANATION: Final = Variable(
    name="explanation",
    label="In your words",
    room="post_session",
    role="context",
    kind="text",
    question="In your words",
)
OUTCOMES: Final = (
    "energy_post",
    "skin_condition",
    "psyched_level",
    "sends",
    "attempts_on_projects",
    "new_grades_tried",
    "actual_duration_min",
)
WORDS: Final = ("what_went_well", "what_could_improve", "notes")


class AfterForm(RegistryForm):
    """How it went: two taps when it went as planned, else only the lines that changed."""

    variables: ClassVar[tuple[str, ...]] = ("session_quality", *TREATMENTS, "new_niggles", *OUTCOMES)
    required_variables: ClassVar[frozenset[str]] = frozenset({"session_quality"})
    planned: ClassVar[bool] = False

    version = forms.CharField(widget=forms.HiddenInput, required=False)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, session: SessionRecord, today: date, zone: tzinfo, **kwargs: Any) -> None:
        self.session, self.zone = session, zone
        self.has_plan = any(session.planned.get(name) is not None for name in TREATMENTS)
        kwargs["initial"] = _initial(session, zone=zone) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        if self.has_plan:
            self.fields[AS_PLANNED.name] = field_for(AS_PLANNED, required=True)
            self.fields[AS_PLANNED.name].error_messages["required"] = "Say whether it went as planned."
        read_as_written(self)
        self.fields["deviation_reason"] = field_for(_reasons(session))
        self.fields[EXPLANATION.name] = field_for(EXPLANATION)
        if session.started_at is not None:  # an end needs a start
            is_now = session.status != "completed" and session.session_date == today
            self.fields["end_time"] = ClockField(
                label="End",
                help_text="Leave it empty if you have just finished." if is_now else "",
                show_hidden_initial=True,  # the same form sent twice does not take back what the first one told
            )
        for name in WORDS:
            self.fields[name] = field_for(EXTRAS[name])
            self.fields[name].widget = forms.Textarea(attrs={"rows": 2})
        self.order_fields((AS_PLANNED.name, *TREATMENTS))

    def parts(self) -> dict[str, list[forms.BoundField]]:
        """The fields of each part of the page."""
        reasons = ("deviation_reason", EXPLANATION.name) if self.has_plan else ()
        parts = {
            "core": (AS_PLANNED.name,),
            "changes": (*TREATMENTS, *reasons),
            "quality": ("session_quality", "new_niggles"),
            "more": (*OUTCOMES, "end_time", *WORDS),
        }
        return {part: bound_fields(self, names) for part, names in parts.items()}

    def has_more(self) -> bool:
        """Whether the folded part must be open: something in it is wrong, or filled in already."""
        names = (*OUTCOMES, *WORDS)
        return "end_time" in self.errors or any(
            name in self.errors or self.initial.get(name) is not None for name in names
        )

    def answers(self) -> dict[str, object]:
        """What was answered, under the names that the service takes."""
        said = self.cleaned_data
        answers: dict[str, object] = {name: said[name] for name in (*OUTCOME_COLUMNS, *WORDS)}
        if self.has_plan and said[AS_PLANNED.name]:
            return answers | {"deviated_from_plan": False}
        answers |= {column: said[name] for name, column in ACTUAL_COLUMNS.items()}
        if self.has_plan:
            explanation = said[EXPLANATION.name]
            answers["deviated_from_plan"] = True
            answers["deviation_reason"] = said["deviation_reason"]
            answers["deviation_details"] = {"explanation": explanation} if explanation else None
        return answers

    def clean(self) -> dict[str, Any]:
        """Tell an end that the clocks skip."""
        cleaned = super().clean() or self.cleaned_data
        end = None if "end_time" in self.errors else self.moves().get("ended_at")
        if end is not None and not exists(end):
            self.add_error("end_time", skipped(end.time()))
        return cleaned

    def moves(self) -> dict[str, datetime | None]:
        """The end, where another one was typed than the form came with; past midnight it is on the next day."""
        start, end = self.session.started_at, self.cleaned_data.get("end_time")
        if start is None or "end_time" not in self.changed_data:
            return {}
        if end is None:
            return {"ended_at": None}
        on_the_day = datetime.combine(start.astimezone(self.zone).date(), end, tzinfo=self.zone)
        return {"ended_at": on_the_day if on_the_day >= start else on_the_day + timedelta(days=1)}


def _initial(session: SessionRecord, *, zone: tzinfo) -> dict[str, Any]:
    """What is stored; the treatments as they were, which is the plan until something else is said."""
    details = session.notes.get("deviation_details")
    return {
        **session.outcomes,
        **{name: session.as_treated.get(name) for name in TREATMENTS},
        **{name: session.notes.get(name) for name in (*WORDS, "deviation_reason")},
        EXPLANATION.name: details.get("explanation") if isinstance(details, dict) else None,
        AS_PLANNED.name: not session.deviated if session.has_post else None,
        "end_time": clock_of(session.ended_at, zone=zone),
        "version": session.version,
    }


def _reasons(session: SessionRecord) -> Variable:
    """The list of reasons, with the one that an app stored in words of its own."""
    stored = session.notes.get("deviation_reason")
    own = {stored: stored} if stored and stored not in DEVIATION_REASONS else {}
    reason = EXTRAS["deviation_reason"]
    return Variable(
        name=reason.name,
        label=reason.label,
        room=reason.room,
        role=reason.role,
        kind="choice",
        choices={**DEVIATION_REASONS, **own},
        question=reason.question,
    )
