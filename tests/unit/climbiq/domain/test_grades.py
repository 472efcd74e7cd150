"""Grades as people write them, and what they never turn into."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbiq.domain.grade_tables import LABELS, Discipline, System
from climbiq.domain.grades import UnknownGrade, convert_grade, normalise_grade, parse_grade

EVERY_LABEL = [
    pytest.param(discipline, system, label, id=f"{system} {label.text}")
    for discipline, systems in LABELS.items()
    for system, labels in systems.items()
    for label in labels
]


@pytest.mark.parametrize(("discipline", "system", "label"), EVERY_LABEL)
def test_every_grade_reads_as_itself_in_any_case(discipline: Discipline, system: System, label) -> None:
    for text in (label.text, label.text.lower(), label.text.upper(), f" {label.text} "):
        grade = parse_grade(text, discipline=discipline)
        assert (grade.text, grade.system, grade.low, grade.high) == (
            label.text,
            system,
            label.index,
            label.index,
        )
        assert grade.ircra == label.ircra or not label.usual


@pytest.mark.parametrize(
    ("text", "discipline", "stored", "index"),
    [
        ("6c+", "boulder", "6C+", 5.5),
        ("6c+", "route", "6c+", 16),
        ("6C+", "route", "6c+", 16),
        ("Font 7a", "boulder", "7A", 6),
        ("fb 7A+", "boulder", "7A+", 7),
        ("f6C", "boulder", "6C", 5),
        ("F6c", "route", "6c", 15),
        ("French 8a", "route", "8a", 23),
        ("fr. 8a", "route", None, None),
        ("v 10", "boulder", "V10", 10),
        ("VB", "boulder", "VB", -1),
        ("V4+", "boulder", "V4+", 4 + 1 / 3),
        ("V4-", "boulder", "V4-", 4 - 1 / 3),
        ("v4-5", "boulder", "V4/V5", 4.5),
        ("V4/5", "boulder", "V4/V5", 4.5),
        ("V4–V6", "boulder", "V4/V6", 5),
        ("6b/+", "boulder", "6B/6B+", 4.25),
        ("6b/c", "boulder", "6B/6C", 4.5),
        ("7a-7b", "route", "7a/7b", 18),
        ("6c/c+", "route", "6c/6c+", 15.5),
        ("5.9+", "route", "5.9+", 9 + 1 / 3),
        ("5.9/5.10a", "route", "5.9/5.10a", 9.5),
        ("5.10", "route", "5.10", 11.5),
        ("5.10-", "route", "5.10-", 10.5),
        ("5.10+", "route", "5.10+", 12.5),
        ("5.10a/b", "route", "5.10a/5.10b", 10.5),
        ("5.11c/12a", "route", "5.11c/5.12a", 17),
        ("5.11D", "route", "5.11d", 17),
        ("YDS 5.8", "route", "5.8", 8),
        ("7", "route", "7", 19.5),
        ("7", "boulder", "7", 8),
        ("5.1", "route", "5.1", 1),
    ],
)
def test_spellings(text: str, discipline: Discipline, stored: str | None, index: float | None) -> None:
    if stored is None:
        with pytest.raises(UnknownGrade):
            parse_grade(text, discipline=discipline)
        return
    grade = parse_grade(text, discipline=discipline)
    assert (grade.text, grade.index) == (stored, pytest.approx(index))
    assert normalise_grade(text, discipline) == stored
    assert normalise_grade(stored, discipline) == stored


@pytest.mark.parametrize(
    ("text", "discipline", "note"),
    [
        ("5.11", "route", "Without a letter 5.11 is taken as 5.11a to 5.11d."),
        ("5.11+", "route", "5.11+ is taken as 5.11c to 5.11d."),
        ("7", "boulder", "Without a letter 7 is taken as 7A to 7C+."),
        ("8", "route", "Without a letter 8 is taken as 8a to 8c+."),
        ("5.11a", "route", ""),
        ("5", "route", ""),
    ],
)
def test_what_is_taken_for_granted_is_said(text: str, discipline: Discipline, note: str) -> None:
    assert parse_grade(text, discipline=discipline).note == note


@pytest.mark.parametrize(
    ("text", "discipline", "message"),
    [
        ("V5", "route", "V5 is a boulder grade; a route grade is written as 6c+ or 5.11c."),
        ("vb", "route", "vb is a boulder grade"),
        ("Font 7a", "route", "Font 7a is a boulder grade"),
        ("5.12a", "boulder", "5.12a is a route grade; a boulder grade is written as V4 or 6B+."),
        ("5.12", "boulder", "5.12 is a route grade"),
        ("French 7a", "boulder", "French 7a is a route grade"),
        *(
            (text, "boulder", f"{text} is no boulder grade")
            for text in (
                "V18",
                "V1 0",
                "V-1",
                "V",
                "V4.5",
                "7D",
                "10A",
                "hard",
                "V5/V4",
                "V4/",
                "/V4",
                "V4/6B",
                "9B",
            )
        ),
        *(
            (text, "route", f"{text} is no route grade")
            for text in ("5.16a", "5.0", "5.9a", "9d", "10a", "VII+", "7a++")
        ),
        ("", "boulder", "No grade is given; a boulder grade is written as V4 or 6B+."),
        (" ", "route", "No grade is given; a route grade is written as 6c+ or 5.11c."),
        ("6+", "route", "6+ is no route grade"),
        ("x" * 1000, "boulder", f"{'x' * 40} is no boulder grade"),
        ("\x1b[31m", "boulder", "[31m is no boulder grade"),
        ("(" * 24, "route", f"{'(' * 24} is no route grade"),
    ],
    ids=lambda value: str(value)[:20] or "blank",
)
def test_what_is_no_grade_there(text: str, discipline: Discipline, message: str) -> None:
    with pytest.raises(UnknownGrade) as unknown:
        parse_grade(text, discipline=discipline)
    assert str(unknown.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "discipline", "system", "converted"),
    [
        ("V0", "boulder", "font", "4/4+"),
        ("V1", "boulder", "font", "5"),
        ("V2", "boulder", "font", "5+"),
        ("V3", "boulder", "font", "6A/6A+"),
        ("V4", "boulder", "font", "6B/6B+"),
        ("V5", "boulder", "font", "6C/6C+"),
        ("V6", "boulder", "font", "7A"),
        ("V7", "boulder", "font", "7A+"),
        ("V8", "boulder", "font", "7B/7B+"),
        ("V9", "boulder", "font", "7C"),
        ("V10", "boulder", "font", "7C+"),
        ("V15", "boulder", "font", "8C"),
        ("V17", "boulder", "font", "9A"),
        ("V4/V5", "boulder", "font", "6B/6C+"),
        ("V2-", "boulder", "font", "5"),
        ("6B+", "boulder", "v", "V4"),
        ("7A", "boulder", "v", "V6"),
        ("4B", "boulder", "v", "V0"),
        ("6C/7A", "boulder", "v", "V5/V6"),
        ("VB", "boulder", "font", "3/3+"),
        ("5.10a", "route", "french", "5+"),
        ("5.11a", "route", "french", "6b+"),
        ("5.11", "route", "french", "6b+/7a"),
        ("5.12a", "route", "french", "7a+"),
        ("5.14d", "route", "french", "9a"),
        ("6a", "route", "yds", "5.10b"),
        ("7a", "route", "yds", "5.11d"),
        ("8a", "route", "yds", "5.13b"),
        ("9c", "route", "yds", "5.15d"),
        ("5b", "route", "yds", "5.9"),
        ("6b", "route", "french", "6b"),
    ],
)
def test_conversions(text: str, discipline: Discipline, system: System, converted: str) -> None:
    assert convert_grade(parse_grade(text, discipline=discipline), system).text == converted


@pytest.mark.parametrize(
    ("text", "discipline", "system"), [("V5", "boulder", "yds"), ("6c", "route", "font")]
)
def test_no_conversion_leads_from_boulders_to_routes(
    text: str, discipline: Discipline, system: System
) -> None:
    with pytest.raises(UnknownGrade, match="has no counterpart in that system"):
        convert_grade(parse_grade(text, discipline=discipline), system)


@pytest.mark.parametrize(
    ("text", "discipline", "ircra"),
    [
        ("5.10a", "route", 10),
        ("6a", "route", 11),
        ("9b+", "route", 32),
        ("5.11", "route", 15.5),
        ("V0", "boulder", 12),
        ("V8", "boulder", 22.5),
        ("8C+", "boulder", 32),
        ("V4+", "boulder", 18 + 1 / 3),
        ("VB", "boulder", 9.5),
        ("V17+", "boulder", 33),
    ],
)
def test_the_scale_of_climbing_research(text: str, discipline: Discipline, ircra: float) -> None:
    assert parse_grade(text, discipline=discipline).ircra == pytest.approx(ircra)


@pytest.mark.parametrize("system", ["v", "font", "yds", "french"])
def test_harder_is_higher_on_both_scales(system: System) -> None:
    (labels,) = [systems[system] for systems in LABELS.values() if system in systems]
    for easier, harder in pairwise(labels):
        assert easier.index < harder.index or not (easier.usual and harder.usual)
        assert easier.index <= harder.index
        assert easier.ircra <= harder.ircra


@settings(deadline=None)
@given(
    st.text(max_size=30) | st.text(alphabet="vV56789.abcABC+-/ f", max_size=8),
    st.sampled_from(["boulder", "route"]),
)
def test_anything_is_a_grade_or_refused(text: str, discipline: Discipline) -> None:
    try:
        grade = parse_grade(text, discipline=discipline)
    except UnknownGrade:
        return
    assert grade.low <= grade.high
    assert parse_grade(grade.text, discipline=discipline) == grade
    for system in LABELS[discipline]:
        converted = convert_grade(grade, system)
        assert converted.low <= converted.high
        assert parse_grade(converted.text, discipline=discipline).text == converted.text
