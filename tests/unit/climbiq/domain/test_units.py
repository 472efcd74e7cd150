"""Quantities as people write them, against numbers from a converter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbiq.domain.units import (
    UnknownQuantity,
    cm_from_inches,
    format_feet_and_inches,
    format_hours,
    inches_from_cm,
    kg_from_lb,
    lb_from_kg,
    parse_quantity,
)
from climbiq.domain.values import parse_value
from climbiq.domain.variables import VARIABLES, variable


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("61.5", "kg", 61.5),
        ("61,5 kg", "kg", 61.5),
        ("-10", "kg", -10.0),
        ("135 lb", "kg", 61.2),
        ("135lbs", "kg", 61.2),
        ("-22.05 pounds", "kg", -10.0),
        ("9 st 9", "kg", 61.2),
        ("9st 9lb", "kg", 61.2),
        ("10 stone", "kg", 63.5),
        ("172", "cm", 172.0),
        ("172.54 cm", "cm", 172.5),
        ("1.72 m", "cm", 172.0),
        ("1,72m", "cm", 172.0),
        ("5'8\"", "cm", 172.7),
        ("5′8″", "cm", 172.7),
        ("5’8”", "cm", 172.7),
        ("5'8''", "cm", 172.7),
        ("5 ft 8 in", "cm", 172.7),
        ("5ft8", "cm", 172.7),
        ("6'", "cm", 182.9),
        ("5'7½", "cm", 171.5),
        ("68 in", "cm", 172.7),
        ('68"', "cm", 172.7),
        ("7.5", "h", 7.5),
        ("7½", "h", 7.5),
        ("7:30", "h", 7.5),
        ("7:15", "h", 7.3),
        ("7:20", "h", 7.3),
        ("0:06", "h", 0.1),
        ("7h30", "h", 7.5),
        ("7 h 30 min", "h", 7.5),
        ("7 hours 5 minutes", "h", 7.1),
        ("7 h", "h", 7.0),
        ("450 min", "h", 7.5),
        ("90", "min", 90.0),
        ("90 min", "min", 90.0),
        ("1:30", "min", 90.0),
        ("1h30", "min", 90.0),
        ("1 h 5 min", "min", 65.0),
        ("1.5 h", "min", 90.0),
        ("200 mg", "mg", 200.0),
        ("200", "mg", 200.0),
        ("20mm", "mm", 20.0),
        ("3", "", 3.0),
        ("2.5 years", "years", 2.5),
        ("-1", "days", -1.0),
    ],
)
def test_what_is_read(text: str, unit: str, amount: float) -> None:
    assert parse_quantity(text, unit=unit) == amount


@pytest.mark.parametrize(
    ("text", "unit", "hint"),
    [
        *(
            (text, "kg", "61.5, 61.5 kg or 135 lb")
            for text in ("", "heavy", "60 cm", "1,000", "6 1.5", "--5", "1e3", "٦kgx")
        ),
        *(
            (text, "cm", "172, 1.72 m or 5'8\"")
            for text in ("5'8'8", "-172", "5.6'8\"", "tall", "172 kg", "9" * 31)
        ),
        *(
            (text, "h", "7.5, 7:30 or 7 h 30 min")
            for text in ("7:60", "7:3", ":30", "7:30:00", "-7", "7pm", "nan", "inf")
        ),
        *((text, "min", "90, 90 min or 1:30") for text in ("90 s", "1:75", "long")),
        ("200 kg", "mg", "12 mg"),
        ("x", "", "12"),
    ],
)
def test_what_is_not_read(text: str, unit: str, hint: str) -> None:
    with pytest.raises(UnknownQuantity) as unknown:
        parse_quantity(text, unit=unit)
    assert str(unknown.value) == f"Write it as {hint}."


def test_conversions_are_exact_and_undo_each_other() -> None:
    assert kg_from_lb(100) == 45.359237
    assert cm_from_inches(1) == 2.54
    assert lb_from_kg(kg_from_lb(135.5)) == pytest.approx(135.5, abs=1e-12)
    assert inches_from_cm(cm_from_inches(68.5)) == pytest.approx(68.5, abs=1e-12)


@pytest.mark.parametrize(
    ("centimetres", "text"), [(172.7, "5′8″"), (182.8, "6′0″"), (152.4, "5′0″"), (151, "4′11″"), (0, "0′0″")]
)
def test_feet_and_inches(centimetres: float, text: str) -> None:
    assert format_feet_and_inches(centimetres) == text


@given(st.integers(0, 160))
def test_hours_written_as_a_clock_read_back(tenths: int) -> None:
    assert parse_quantity(format_hours(tenths / 10), unit="h") == tenths / 10


@given(st.integers(48, 98))
def test_heights_written_in_feet_read_back(inches: int) -> None:
    stored = parse_quantity(f"{inches // 12}'{inches % 12}\"", unit="cm")
    assert format_feet_and_inches(stored) == f"{inches // 12}′{inches % 12}″"


@settings(deadline=None)
@given(
    st.text(max_size=12) | st.from_regex(r"\d{1,3}[.:,' hcmkglb\"]{1,3}\d{0,2}", fullmatch=True), st.data()
)
def test_anything_is_read_or_refused_and_what_is_read_can_be_stored(text: str, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(["kg", "cm", "h", "min", "mg", "days", ""]))
    try:
        amount = parse_quantity(text, unit=unit)
    except UnknownQuantity:
        return
    assert amount == amount  # not NaN
    assert abs(amount) < 1e30


@pytest.mark.parametrize(
    ("name", "text", "stored"),
    [
        ("weight_kg", "135 lb", 61.2),
        ("height_cm", "5'8\"", 172.7),
        ("sleep_hours", "7:30", 7.5),
        ("caffeine_mg", "80mg", 80),
    ],
)
def test_a_form_reads_a_quantity_and_stores_a_value(name: str, text: str, stored: float) -> None:
    entry = variable(name)
    assert parse_value(entry, parse_quantity(text, unit=entry.unit)) == stored


def test_every_unit_of_the_registry_has_a_plain_form() -> None:
    for entry in VARIABLES.values():
        if entry.kind == "number":
            assert parse_quantity(f"{entry.high:g}", unit=entry.unit) == entry.high
