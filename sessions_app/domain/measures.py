"""Measures in pounds and inches, converted on the way in: only kilograms and centimetres are stored."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from climbiq.domain.quantities import Variable
from climbiq.domain.values import BadValue, BadValues, parse_value
from climbiq.domain.variables import variable

__all__ = ["IMPERIAL", "from_metric", "in_metric"]

_KG_PER_LB: Final = Decimal("0.45359237")
_CM_PER_INCH: Final = Decimal("2.54")


def _imperial(metric_name: str, *, name: str, unit: str, factor: Decimal) -> tuple[Variable, str, Decimal]:
    metric = variable(metric_name)
    asked = Variable(
        name=name,
        label=metric.label,
        room="baseline",
        role="trait",
        unit=unit,
        low=float(round(Decimal(metric.low) / factor, 1)),
        high=float(round(Decimal(metric.high) / factor, 1)),
        step=0.5,
    )
    return asked, metric_name, factor


# Name → the variable as it is asked, the registry's variable, and how much of its unit one unit is.
IMPERIAL: Final[Mapping[str, tuple[Variable, str, Decimal]]] = {
    entry[0].name: entry
    for entry in (
        _imperial("weight_kg", name="weight_lb", unit="lb", factor=_KG_PER_LB),
        _imperial("max_hang_weight_kg", name="max_hang_weight_lb", unit="lb", factor=_KG_PER_LB),
        _imperial("height_cm", name="height_in", unit="in", factor=_CM_PER_INCH),
        _imperial("arm_span_cm", name="arm_span_in", unit="in", factor=_CM_PER_INCH),
    )
}


def in_metric(raw: Mapping[str, object]) -> dict[str, object]:
    """Replace `weight_lb`, `height_in` … by their metric columns, rounded to what is stored.

    Raises
    ------
    BadValues
        For a measure that is no number, out of range, or given in both units.

    >>> in_metric({"weight_lb": "154.3", "age": 30})
    {'age': 30, 'weight_kg': 70.0}
    >>> in_metric({"height_in": 70})
    {'height_cm': 177.8}
    """
    values: dict[str, object] = {name: value for name, value in raw.items() if name not in IMPERIAL}
    problems: dict[str, str] = {}
    for name in sorted(raw.keys() & IMPERIAL.keys()):
        asked, metric_name, factor = IMPERIAL[name]
        try:
            measured: Any = parse_value(asked, raw[name])
        except BadValue as bad:
            problems[name] = bad.message
            continue
        if measured is None:
            values.setdefault(metric_name, None)
        elif values.get(metric_name) not in (None, ""):
            problems[name] = (
                f"{asked.label} is given twice, in {asked.unit} and in {variable(metric_name).unit}."
            )
        else:
            values[metric_name] = float(round(Decimal(str(measured)) * factor, 1))
    if problems:
        raise BadValues(problems)
    return values


def from_metric(name: str, stored: Any) -> float | None:
    """Show a stored measure in pounds or inches.

    >>> from_metric("weight_lb", 70.0), from_metric("height_in", None)
    (154.3, None)
    """
    _, _, factor = IMPERIAL[name]
    return None if stored is None else float(round(Decimal(str(stored)) / factor, 1))
