"""Fields that several forms of sessions share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from climbiq.common.forms import NigglesField, RegistryField
from climbiq.common.widgets import NigglesAnswer, NigglesWidget
from climbiq.domain.quantities import Variable
from climbiq.domain.values import BadValue, Niggle, Value
from sessions_app.domain.reading import GRADES, MEASURES, read_value
from sessions_app.domain.wording import niggles_in_words

__all__ = [
    "ClockField",
    "DayField",
    "NigglesAgainField",
    "add_problems",
    "bound_fields",
    "read_as_written",
    "say_instead",
]

SAME_AS_LAST = "same"


class DayField(forms.DateField):
    """A day, picked or typed as 2026-05-04."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "error_messages", {"invalid": "Write the day as 2026-05-04.", "required": "A day is needed."}
        )
        super().__init__(input_formats=["%Y-%m-%d", "%d.%m.%Y"], **kwargs)


class ClockField(forms.TimeField):
    """A time of day, typed as 18:30."""

    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"invalid": "Write the time as 18:30."})
        super().__init__(required=False, **kwargs)


class NigglesAgainWidget(NigglesWidget):
    """Niggles with one more answer: the same as last time."""

    def __init__(self, variable: Variable, *, last: list[Niggle]) -> None:
        self.last = last
        super().__init__(variable)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["same_word"] = (
            f"Same as last time: {niggles_in_words([dict(n) for n in self.last])}"
        )
        return context


class NigglesAgainField(NigglesField):
    """What hurts; "the same as last time" is answered by what hurt then."""

    def __init__(self, variable: Variable, *, last: list[Niggle], **kwargs: Any) -> None:
        self.last = last
        super().__init__(variable, widget=NigglesAgainWidget(variable, last=last), required=False, **kwargs)

    def to_python(self, value: Any) -> Value | None:
        """Convert, or refuse in the domain's words."""
        if isinstance(value, NigglesAnswer) and value.state == SAME_AS_LAST:
            return self.last
        return super().to_python(value)


class WrittenField(RegistryField):
    """A measure or a grade, in any way that people write it."""

    def to_python(self, value: Any) -> Value | None:
        """Convert, or refuse in the domain's words."""
        try:
            return read_value(self.variable, value)
        except BadValue as bad:
            raise ValidationError(bad.message, code="invalid") from None


def read_as_written(form: forms.Form) -> None:
    """Let the form's measures and grades be written as people do: 135 lb, 5'8", 7:30, v4-5."""
    for name, field in form.fields.items():
        if isinstance(field, RegistryField) and _is_written(field.variable):
            form.fields[name] = WrittenField(
                field.variable,
                required=field.required,
                label=field.label,
                widget=field.widget,
                help_text=field.help_text,
                error_messages=field.error_messages,
            )


def _is_written(entry: Variable) -> bool:
    return entry.name in GRADES or (entry.kind == "number" and entry.unit in MEASURES)


def add_problems(form: forms.Form, problems: Mapping[str, str]) -> None:
    """Put what a service refused beside the field it is about, or at the top where the form has none."""
    for name, message in problems.items():
        form.add_error(name if name in form.fields else None, ValidationError(message, code="refused"))


def bound_fields(form: forms.Form, names: Iterable[str]) -> list[forms.BoundField]:
    """The form's fields of these names, for one part of a page."""
    return [form[name] for name in names if name in form.fields]


def say_instead(form: forms.Form, name: str, value: str) -> None:
    """Put another value into a hidden field of a form that was posted; what was typed stays."""
    data = cast("QueryDict", form.data).copy()
    data[name] = value
    form.data = data
