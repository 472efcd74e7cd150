"""Forms made from the registry of variables.

A page that asks for variables writes::

    class ReadinessForm(RegistryForm):
        variables = ("sleep_hours", "stress_level", "current_niggles")
        required_variables = frozenset({"sleep_hours"})

and in its template ``{{ form }}`` (error summary, then every field), or for a layout of its own
``{% include "forms/error_summary.html" %}`` and ``{{ form.sleep_hours.as_field_group }}`` field by field.
``form.values()`` holds what `climbiq.domain.values.parse_value` made of the input: None is "not stated" and never
0, False or an empty list. A form that also asks for something else declares it as an ordinary Django field.

Initial values are stored values (``{"sleep_hours": 7.5, "current_niggles": []}``); a missing or None one shows an
unanswered question. Posted names are the variables' names; niggles come as ``current_niggles-state`` ("none",
"some" or "") with ``current_niggles-0-location``, ``-0-severity``, ``-0-notes`` …, or as text under the plain name.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from climbiq.common import widgets
from climbiq.domain.quantities import Variable
from climbiq.domain.values import MAX_TEXT_CHARS, BadValue, Value, parse_value
from climbiq.domain.variables import variable as look_up

__all__ = ["RegistryField", "RegistryForm", "field_for"]


class RegistryField(forms.Field):
    """One variable: asked by the widget that suits its kind, converted and refused by the domain."""

    empty_values = [None]  # an empty list is the answer "none"

    def __init__(self, variable: Variable, **kwargs: Any) -> None:
        self.variable = variable
        self.unit_words = widgets.unit_words(variable)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Value | None:
        """Convert, or refuse in the domain's words."""
        try:
            return parse_value(self.variable, value)
        except BadValue as bad:
            raise ValidationError(bad.message, code="invalid") from None


class NigglesField(RegistryField):
    """What hurts, from rows; "nothing hurts" is an answer, an empty form is none."""

    def to_python(self, value: Any) -> Value | None:
        """Take the rows of the form, or text as elsewhere."""
        if not isinstance(value, widgets.NigglesAnswer):
            return super().to_python(value)
        if value.state == "none":
            return []
        if value.rows:
            return super().to_python(value.rows)
        if value.state == "some":
            none_word, _ = widgets.NIGGLE_WORDS.get(self.variable.name, ("None", ""))
            raise ValidationError(f"Say where and how much, or choose “{none_word}”.", code="incomplete")
        return None


def field_for(variable: Variable, *, required: bool = False, planned: bool = True) -> RegistryField:
    """Make the form field that asks for one variable.

    Parameters
    ----------
    variable : Variable
        From the registry; its kind, scale and words choose the widget.
    required : bool
        Refuse "not stated". "Nothing hurts", 0 and "no" are stated.
    planned : bool
        False where the question is what really happened: the label says so instead of asking ahead.
    """
    field_class = NigglesField if variable.kind == "niggles" else RegistryField
    return field_class(
        variable,
        required=required,
        label=_label(variable, planned=planned),
        widget=_widget(variable),
        error_messages={"required": f"{variable.label} is needed."},
        help_text="One a line." if variable.kind == "list" else "",
    )


class RegistryForm(forms.Form):
    """A form that asks for `variables`, by name, in their order."""

    variables: ClassVar[tuple[str, ...]] = ()
    required_variables: ClassVar[frozenset[str]] = frozenset()
    planned: ClassVar[bool] = True

    use_required_attribute = False  # the browser's own bubbles hide behind chips and differ from our words
    marks_required = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.variables:
            self.fields[name] = field_for(
                look_up(name), required=name in self.required_variables, planned=self.planned
            )
        self.order_fields(self.field_order)

    def values(self) -> dict[str, Value | None]:
        """Return the value or None of every variable asked, once the form is valid."""
        return {name: self.cleaned_data[name] for name in self.variables}


def _label(variable: Variable, *, planned: bool) -> str:
    if planned or variable.room == "post_session":
        return variable.question or variable.label
    return f"{variable.label}, as it was"


def _widget(variable: Variable) -> forms.Widget:
    match variable.kind:
        case "number" if variable.unit == "points":
            return widgets.ScaleWidget(variable)
        case "number":
            return widgets.NumberWidget(variable)
        case "choice":
            return widgets.ChipsWidget(variable)
        case "flag":
            return widgets.YesNoWidget(variable)
        case "niggles":
            return widgets.NigglesWidget(variable)
        case "list":
            return widgets.LinesWidget(variable)
        case _:
            if variable.name.endswith("notes"):
                return forms.Textarea(attrs={"rows": 2, "maxlength": MAX_TEXT_CHARS})
            return forms.TextInput(attrs={"autocomplete": "off", "maxlength": 200, "class": "short"})
