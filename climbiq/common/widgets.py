"""How a registry variable is asked on a page: scales with words, chips, numbers with steppers, niggles.

Every widget keeps "not stated" apart from every answer: nothing is chosen unless a value is there, an answer can
be taken back, and 0, "no" and "nothing hurts" are answers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms

from climbiq.domain.quantities import Variable
from climbiq.domain.values import MAX_ITEMS, BadValue, format_value, parse_value
from climbiq.domain.vocabularies import NIGGLE_SEVERITIES

UNIT_WORDS: Final = {"h": "hours", "min": "minutes"}
SPARE_NIGGLE_ROWS: Final = 3  # for browsers without scripts; a script folds them away

# What "none" and "some" are called; the question differs per list.
NIGGLE_WORDS: Final = {
    "current_niggles": ("Nothing hurts", "Something hurts"),
    "new_niggles": ("Nothing new", "Something new hurts"),
    "injury_history": ("No past injuries", "I have had some"),
}


class ChipsWidget(forms.RadioSelect):
    """Radio buttons for the words of one variable's vocabulary, with a last one that takes the answer back."""

    template_name = "widgets/chips.html"

    def __init__(self, variable: Variable, *, attrs: dict[str, Any] | None = None) -> None:
        self.variable = variable
        super().__init__(attrs=attrs, choices=self._options())

    def _options(self) -> list[tuple[str, str]]:
        return list(self.variable.choices.items())

    def format_value(self, value: Any) -> Any:
        return super().format_value(as_text(self.variable, value))

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["can_clear"] = not self.is_required
        context["widget"]["clear_id"] = f"{context['widget']['attrs'].get('id', name)}_clear"
        context["widget"]["is_cleared"] = value == ""
        return context


class ScaleWidget(ChipsWidget):
    """The points of a scale, each with its word."""

    template_name = "widgets/scale.html"

    def _options(self) -> list[tuple[str, str]]:
        points = range(int(self.variable.low), int(self.variable.high) + 1)
        return [(str(point), self.variable.anchor(point)) for point in points]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        words = [word for _, word in self.choices]
        context["widget"]["points"] = len(words)
        context["widget"]["has_all_words"] = all(words)
        context["widget"]["anchors"] = [(number, word) for number, word in self.choices if word]
        return context


class YesNoWidget(ChipsWidget):
    """Yes, no, or not stated."""

    def _options(self) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]


class NumberWidget(forms.TextInput):
    """A number with its unit and buttons for less and more.

    A text field: browsers empty a number field in which they do not understand what was typed, a decimal comma
    for instance, and then nobody can say what was wrong with it.
    """

    template_name = "widgets/number.html"

    def __init__(self, variable: Variable, *, attrs: dict[str, Any] | None = None) -> None:
        self.variable = variable
        keyboard = "text" if variable.low < 0 else "numeric" if variable.is_whole else "decimal"
        super().__init__(attrs={"inputmode": keyboard, "autocomplete": "off", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        return as_text(self.variable, value)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        v = self.variable
        context["widget"] |= {
            "label": v.label,
            "unit": unit_words(v),
            "has_buttons": v.room != "baseline",
            "low": f"{v.low:g}",
            "high": f"{v.high:g}",
            "step": f"{handy_step(v):g}",
            "start": f"{max(v.low, v.reference):g}",
        }
        return context


class LinesWidget(forms.Textarea):
    """A list, one item a line."""

    def __init__(self, variable: Variable, *, attrs: dict[str, Any] | None = None) -> None:
        self.variable = variable
        super().__init__(attrs={"rows": 2, "cols": None, **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, list) and not any(set(";\r\n") & set(item) for item in value):
            return "\n".join(value)
        return as_text(self.variable, value)


@dataclass(frozen=True, slots=True)
class NigglesAnswer:
    """A niggles form as it came: `state` is "none", "some" or "" (not stated); rows that are not blank."""

    state: str
    rows: list[dict[str, str]]


class NigglesWidget(forms.Widget):
    """Does anything hurt: no, or where and how much; or not stated."""

    template_name = "widgets/niggles.html"
    use_fieldset = True

    def __init__(self, variable: Variable, *, attrs: dict[str, Any] | None = None) -> None:
        self.variable = variable
        super().__init__(attrs=attrs)

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """Collect the rows `name-0-location` …, or take text such as "finger 2" under the plain name."""
        del files
        if name in data:
            return data[name]
        pattern = re.compile(rf"{re.escape(name)}-(\d{{1,4}})-location")
        numbers = sorted(int(match[1]) for key in data if (match := pattern.fullmatch(key)))
        rows = [
            {part: str(data.get(f"{name}-{number}-{part}", "")).strip() for part in _ROW_PARTS}
            for number in numbers[: MAX_ITEMS + SPARE_NIGGLE_ROWS]
        ]
        return NigglesAnswer(
            state=str(data.get(f"{name}-state", "")), rows=[row for row in rows if any(row.values())]
        )

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        del files
        return not any(key == name or key.startswith(f"{name}-") for key in data)

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """The group is named by its legend."""
        del id_, index
        return ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        answer = _answer(self.variable, value)
        blanks = max(SPARE_NIGGLE_ROWS - len(answer.rows), 1)
        none_word, some_word = NIGGLE_WORDS.get(self.variable.name, ("None", "Some"))
        context["widget"] |= {
            "id": context["widget"]["attrs"].get("id", name),
            "state": answer.state,
            "rows": [*answer.rows, *[dict.fromkeys(_ROW_PARTS, "")] * blanks],
            "none_word": none_word,
            "some_word": some_word,
            "sites": list(self.variable.choices.items()),
            "severities": [(str(number), word) for number, word in NIGGLE_SEVERITIES.items()],
            "can_clear": not self.is_required,
        }
        return context


_ROW_PARTS: Final = ("location", "severity", "notes")


def as_text(variable: Variable, value: Any) -> str | None:
    """A stored value as the form writes it; text that somebody typed stays as they typed it."""
    if value is None or isinstance(value, str):
        return value
    return format_value(variable, value)


def unit_words(variable: Variable) -> str:
    """The unit as a person reads it; scales have none."""
    return "" if variable.unit == "points" else UNIT_WORDS.get(variable.unit, variable.unit)


def handy_step(variable: Variable) -> float:
    """How far one press of a stepper goes: about half the usual spread, rounded to 1, 2 or 5 times a power of ten.

    >>> from climbiq.domain.variables import variable
    >>> [handy_step(variable(name)) for name in ("sleep_hours", "caffeine_mg", "warmup_duration_min")]
    [0.5, 50.0, 5.0]
    """
    half = max(variable.spread / 2, variable.step)
    magnitude = 10.0 ** math.floor(math.log10(half))
    nice = min((1, 2, 5, 10), key=lambda factor: abs(math.log(factor * magnitude / half))) * magnitude
    step = max(nice, variable.step)
    return max(step, 5.0) if variable.unit == "min" else float(step)


def _answer(variable: Variable, value: Any) -> NigglesAnswer:
    """Whatever the widget is given to show: a posted form, a stored list, text, or nothing."""
    if isinstance(value, NigglesAnswer):
        return value
    if isinstance(value, str):
        try:
            value = parse_value(variable, value)
        except BadValue:
            value = None
    if value is None:
        return NigglesAnswer(state="", rows=[])
    rows = [{part: str(row.get(part) or "") for part in _ROW_PARTS} for row in value]
    return NigglesAnswer(state="some" if rows else "none", rows=rows)
