"""One strict converter for forms, the API and files: tables of what is accepted, refused and said."""

from __future__ import annotations

import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbiq.domain.quantities import Variable
from climbiq.domain.values import BadValue, BadValues, format_value, parse_value, parse_values
from climbiq.domain.variables import VARIABLES, in_room, variable

SLEEP, STRESS, CAFFEINE = variable("sleep_hours"), variable("stress_level"), variable("caffeine_mg")
HANG = variable("max_hang_weight_kg")
TYPE, COACH, NOTES = variable("session_type"), variable("has_coach"), variable("sleep_notes")
AIMS, NIGGLES = variable("specific_objectives"), variable("current_niggles")
FAMILY, ENGLAND = "👨‍👩‍👧", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


class Words(str):
    """A text type of somebody else's, such as Django's SafeString."""


@pytest.mark.parametrize("everything", VARIABLES.values(), ids=lambda v: v.name)
@pytest.mark.parametrize("blank", [None, "", "   ", "\t\n", "\u00a0"], ids=repr)
def test_blank_means_not_said(everything: Variable, blank: str | None) -> None:
    assert parse_value(everything, blank) is None


@pytest.mark.parametrize(
    ("which", "raw", "value"),
    [
        pytest.param(SLEEP, "7.5", 7.5, id="text"),
        pytest.param(SLEEP, "  7.5\n", 7.5, id="spaces around"),
        pytest.param(SLEEP, Words("7.5"), 7.5, id="text subclass"),
        pytest.param(SLEEP, "7,5", 7.5, id="decimal comma"),
        pytest.param(SLEEP, "+7.5", 7.5, id="plus sign"),
        pytest.param(SLEEP, "٧.٥", 7.5, id="arabic digits"),
        pytest.param(SLEEP, "7.", 7.0, id="nothing behind the point"),
        pytest.param(SLEEP, ".5", 0.5, id="nothing before the point"),
        pytest.param(SLEEP, "7.50", 7.5, id="trailing zero"),
        pytest.param(SLEEP, 7, 7.0, id="int for a decimal"),
        pytest.param(SLEEP, Decimal("7.3"), 7.3, id="decimal"),
        pytest.param(SLEEP, 7.3, 7.3, id="float"),
        pytest.param(SLEEP, np.float64(7.3), 7.3, id="numpy float"),
        pytest.param(SLEEP, "0", 0.0, id="nought is said"),
        pytest.param(SLEEP, "16", 16.0, id="highest"),
        pytest.param(STRESS, "4", 4, id="whole text"),
        pytest.param(STRESS, "4.0", 4, id="whole with a point"),
        pytest.param(STRESS, 4.0, 4, id="whole float"),
        pytest.param(STRESS, Decimal("4E0"), 4, id="whole decimal"),
        pytest.param(STRESS, np.int64(4), 4, id="numpy int"),
        pytest.param(HANG, "-12.5", -12.5, id="negative"),
        pytest.param(HANG, "−12.5", -12.5, id="typographic minus"),
        pytest.param(HANG, "-0", 0.0, id="minus nought"),
        pytest.param(CAFFEINE, 0, 0, id="no caffeine"),
    ],
)
def test_numbers(which: Variable, raw: object, value: float) -> None:
    parsed = parse_value(which, raw)
    assert parsed == value
    assert type(parsed) is type(value)
    assert str(parsed) == str(value)


@pytest.mark.parametrize(
    ("which", "raw", "message"),
    [
        pytest.param(STRESS, 6, "Stress must be between 1 and 5.", id="too high"),
        pytest.param(STRESS, "0", "Stress must be between 1 and 5.", id="too low"),
        pytest.param(SLEEP, "16.1", "Sleep must be between 0 and 16 h.", id="unit is said"),
        pytest.param(STRESS, 10**5000, "Stress must be between 1 and 5.", id="five thousand digits"),
        pytest.param(SLEEP, Decimal("1E+999999"), "Sleep must be between 0 and 16 h.", id="huge decimal"),
        pytest.param(STRESS, "3.5", "Stress must be a whole number.", id="not whole"),
        pytest.param(
            STRESS, Decimal("3.00000000000000000001"), "Stress must be a whole number.", id="barely not"
        ),
        pytest.param(SLEEP, "7.25", "Sleep can have one decimal at most.", id="two decimals"),
        pytest.param(SLEEP, 0.1 + 0.2, "Sleep can have one decimal at most.", id="float noise"),
        pytest.param(SLEEP, Decimal("1E-999999"), "Sleep can have one decimal at most.", id="tiny decimal"),
        *(
            pytest.param(SLEEP, raw, "Sleep must be a number.", id=f"{type(raw).__name__} {str(raw)[:12]}")
            for raw in (
                *(
                    "seven",
                    "7h",
                    "7 5",
                    "7:30",
                    "1,000",
                    "1,25",
                    "1_0",
                    "1e1",
                    "0x7",
                    "--7",
                    "nan",
                    "inf",
                    "Infinity",
                ),
                *("٧٫٥", "7" * 31, "½", "²", "."),
                *(True, False, float("nan"), float("inf"), -float("inf"), Decimal("NaN"), Decimal("sNaN")),
                *(Decimal("Infinity"), np.float64("nan"), np.True_, 7j, [7], {"value": 7}, b"7", object),
            )
        ),
        pytest.param(SLEEP, "7" * 200_000, "Sleep is too long.", id="flood"),
        pytest.param(SLEEP, Fraction(1, 3), "Sleep can have one decimal at most.", id="a third"),
    ],
)
def test_bad_numbers(which: Variable, raw: object, message: str) -> None:
    with pytest.raises(BadValue) as bad:
        parse_value(which, raw)
    assert (bad.value.name, bad.value.message, str(bad.value)) == (which.name, message, message)


@pytest.mark.parametrize("raw", ["project", " Project ", "PROJECT"])
def test_choices_ignore_case_and_space(raw: str) -> None:
    assert parse_value(TYPE, raw) == "project"


@pytest.mark.parametrize(
    "raw", ["projecting", "proj", 1, True, ["project"], {"project": 1}, ("project",)], ids=repr
)
def test_bad_choices_list_the_good_ones(raw: object) -> None:
    with pytest.raises(
        BadValue, match=r"^Session type must be one of: project, volume, technique, .*recovery\.$"
    ):
        parse_value(TYPE, raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        *((raw, True) for raw in (True, 1, "1", "true", "True", "YES", "y", "t", " on ")),
        *((raw, False) for raw in (False, 0, "0", "false", "No", "n", "f", "off")),
    ],
    ids=repr,
)
def test_flags(raw: object, value: bool) -> None:
    assert parse_value(COACH, raw) is value


@pytest.mark.parametrize(
    "raw", ["maybe", 2, -1, 0.5, 1.0, [], {}, "oui", 10**5000], ids=lambda r: str(type(r))
)
def test_bad_flags(raw: object) -> None:
    with pytest.raises(BadValue, match=r"^Has a coach must be yes or no\.$"):
        parse_value(COACH, raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param("  slept\r\nbadly ", "slept\nbadly", id="line ends and edges"),
        pytest.param("a\rb\u2028c\x85d", "a\nb\nc\nd", id="rare line ends"),
        pytest.param("a\tb", "a\tb", id="tab stays"),
        pytest.param("be\x07ll\x1b[31m\x7f\x9b", "bell[31m", id="control characters"),
        pytest.param("V5 \u202egpj.exe\u202c", "V5 gpj.exe", id="right-to-left override"),
        pytest.param("\u2066a\u2069", "a", id="isolates"),
        pytest.param("ישנתי טוב", "ישנתי טוב", id="hebrew"),
        pytest.param("نمت\u200f جيداً", "نمت\u200f جيداً", id="arabic with its mark"),
        pytest.param(f"{FAMILY} psyched", f"{FAMILY} psyched", id="joined emoji"),
        pytest.param(ENGLAND, ENGLAND, id="flag of England"),
        pytest.param("hi\U000e0049\U000e0067", "hi", id="words in tag characters"),
        pytest.param("e\u0301", "\u00e9", id="composed"),
        pytest.param("\ufeffstart", "start", id="byte order mark"),
        pytest.param("\u202e\x07", None, id="nothing visible is nothing said"),
        pytest.param("x" * 2000, "x" * 2000, id="longest"),
        pytest.param("😀" * 2000, "😀" * 2000, id="longest in emoji"),
    ],
)
def test_text(raw: str, value: str | None) -> None:
    assert parse_value(NOTES, raw) == value


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("x" * 2001, "Notes on sleep can have 2,000 characters at most; these are 2,001."),
        ("a\x00b", "Notes on sleep must not contain a NUL character."),
        ("\ud800", "Notes on sleep contains a broken character."),
        (7, "Notes on sleep must be text."),
        (["a"], "Notes on sleep must be text."),
        (b"a", "Notes on sleep must be text."),
        (True, "Notes on sleep must be text."),
    ],
    ids=["too long", "NUL", "surrogate", "number", "list", "bytes", "flag"],
)
def test_bad_text(raw: object, message: str) -> None:
    with pytest.raises(BadValue) as bad:
        parse_value(NOTES, raw)
    assert bad.value.message == message


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param([], [], id="empty is not unsaid"),
        pytest.param("[]", [], id="empty JSON"),
        pytest.param(["heel hooks", " slab "], ["heel hooks", "slab"], id="list"),
        pytest.param(("a", "b"), ["a", "b"], id="tuple"),
        pytest.param('["a; b", "c"]', ["a; b", "c"], id="JSON"),
        pytest.param("heel hooks\r\n\r\nslab", ["heel hooks", "slab"], id="lines"),
        pytest.param("heel hooks; slab;", ["heel hooks", "slab"], id="semicolons"),
        pytest.param("[V5] roof", ["[V5] roof"], id="a bracket that is not JSON"),
        pytest.param(["", "  ", "a\nb"], ["a b"], id="blanks dropped, one line each"),
        pytest.param(["x"] * 50, ["x"] * 50, id="as many as fit"),
        pytest.param(["x" * 200], ["x" * 200], id="as long as fits"),
    ],
)
def test_lists(raw: object, value: list[str]) -> None:
    assert parse_value(AIMS, raw) == value


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (["x"] * 51, "Objectives can have 50 items at most; these are 51."),
        (["ok", "x" * 201], "Objectives item 2 can have 200 characters at most; these are 201."),
        (["ok", 3], "Objectives item 2 must be text."),
        (["a\x00"], "Objectives item 1 must not contain a NUL character."),
        ({"a": 1}, "Objectives must be a list."),
        (5, "Objectives must be a list."),
        ({"a"}, "Objectives must be a list."),
    ],
    ids=["too many", "too long", "number inside", "NUL inside", "mapping", "number", "set"],
)
def test_bad_lists(raw: object, message: str) -> None:
    with pytest.raises(BadValue) as bad:
        parse_value(AIMS, raw)
    assert bad.value.message == message


def test_deep_json_is_text_not_a_crash() -> None:
    assert parse_value(AIMS, "[" * 150) == ["[" * 150]


FINGER = {"location": "finger", "severity": 2, "notes": ""}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param([], [], id="none hurt"),
        pytest.param("none", [], id="none in words"),
        pytest.param("[]", [], id="none in JSON"),
        pytest.param([{"location": "finger", "severity": 2}], [FINGER], id="without notes"),
        pytest.param([{"location": "Finger ", "severity": "2", "notes": None}], [FINGER], id="from a form"),
        pytest.param('[{"location": "finger", "severity": 2.0}]', [FINGER], id="JSON"),
        pytest.param("finger 2", [FINGER], id="short"),
        pytest.param(
            "Finger 2; elbow 4: on pull-ups: left",
            [FINGER, {"location": "elbow", "severity": 4, "notes": "on pull-ups: left"}],
            id="short with notes",
        ),
        pytest.param([FINGER, FINGER], [FINGER, FINGER], id="two fingers"),
    ],
)
def test_niggles(raw: object, value: list[dict]) -> None:
    assert parse_value(NIGGLES, raw) == value


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param({"location": "finger", "severity": 2}, "Niggles must be a list.", id="one alone"),
        pytest.param(["finger"], "Niggles item 1 must have a location and a severity.", id="a word"),
        pytest.param([FINGER, None], "Niggles item 2 must have a location and a severity.", id="nothing"),
        pytest.param(
            [{"location": "ear", "severity": 2}], "Niggles item 1 must have a location out of: ", id="ear"
        ),
        pytest.param([{"severity": 2}], "Niggles item 1 must have a location out of: finger, ", id="nowhere"),
        pytest.param(
            [{"location": [], "severity": 2}], "Niggles item 1 must have a location out of: ", id="list"
        ),
        *(
            pytest.param(
                [{"location": "finger", "severity": severity}],
                "Niggles item 1 must have a severity between 1 and 5.",
                id=f"severity {severity}",
            )
            for severity in (None, 0, 6, 2.5, "bad", True, float("nan"), Decimal("sNaN"), [])
        ),
        pytest.param(
            [{**FINGER, "side": "left"}], "Niggles item 1 has an unknown field: side.", id="unknown key"
        ),
        pytest.param([{**FINGER, "notes": 3}], "Niggles item 1 notes must be text.", id="notes not text"),
        pytest.param(
            [{**FINGER, "notes": "x" * 501}], "Niggles item 1 notes can have 500 characters", id="long"
        ),
        pytest.param([FINGER] * 51, "Niggles can have 50 items at most; these are 51.", id="too many"),
        pytest.param("sore finger", 'Niggles must be written as in "finger 2; ', id="prose"),
        pytest.param(True, "Niggles must be a list.", id="flag"),
    ],
)
def test_bad_niggles(raw: object, message: str) -> None:
    with pytest.raises(BadValue) as bad:
        parse_value(NIGGLES, raw)
    assert bad.value.message.startswith(message)


def test_parse_values_by_name_or_alias() -> None:
    raw = {"planned_caffeine_mg": "200", "stress_level": "", "current_niggles": []}
    assert parse_values(in_room("pre_session"), raw) == {
        "caffeine_mg": 200,
        "stress_level": None,
        "current_niggles": [],
    }


def test_parse_values_tells_every_fault() -> None:
    raw = {
        "stress_level": 9,
        "sleep_hours": "x",
        "mood\x1b" * 20: 1,
        "caffeine_mg": 1,
        "planned_caffeine_mg": 2,
    }
    with pytest.raises(BadValues) as bad:
        parse_values(in_room("pre_session"), raw)
    assert bad.value.problems == {
        "stress_level": "Stress must be between 1 and 5.",
        "sleep_hours": "Sleep must be a number.",
        "mood\x1b" * 20: "There is no moodmoodmoodmoodmoodmoodmoodmood here.",
        "planned_caffeine_mg": "Caffeine is given twice.",
    }


def test_parse_values_knows_only_the_given_variables() -> None:
    with pytest.raises(BadValues, match=r"^There is no age here\.$"):
        parse_values(in_room("pre_session"), {"age": 30})


@pytest.mark.parametrize("error", [BadValue("age", "Too old."), BadValues({"age": "Too old."})], ids=repr)
def test_errors_survive_a_worker_boundary(error: Exception) -> None:
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


def values_of(which: Variable) -> st.SearchStrategy[object]:
    """Canonical values: what parse_value gives back."""
    texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
    match which.kind:
        case "number" if which.is_whole:
            return st.integers(int(which.low), int(which.high))
        case "number":
            return st.integers(int(which.low * 10), int(which.high * 10)).map(lambda tenths: tenths / 10)
        case "choice":
            return st.sampled_from(list(which.choices))
        case "flag":
            return st.booleans()
        case "list":
            return st.lists(texts, max_size=5)
        case "niggles":
            niggle = st.fixed_dictionaries(
                {
                    "location": st.sampled_from(list(which.choices)),
                    "severity": st.integers(1, 5),
                    "notes": texts,
                }
            )
            return st.lists(niggle, max_size=3)
        case _:
            return texts


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(list(VARIABLES.values())).flatmap(lambda v: st.tuples(st.just(v), values_of(v))))
def test_what_is_written_reads_back(case: tuple[Variable, object]) -> None:
    which, raw = case
    value = parse_value(which, raw)
    assert parse_value(which, value) == value
    assert parse_value(which, format_value(which, value)) == value


KEYS = st.text(max_size=8) | st.integers() | st.sampled_from(["location", "severity", "notes"])
SOUP = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(list(VARIABLES.values())), SOUP)
def test_anything_parses_or_is_refused_in_a_sentence(which: Variable, raw: object) -> None:
    try:
        value = parse_value(which, raw)
    except BadValue as refused:
        bad = refused
    else:
        assert value is None or parse_value(which, value) == value
        return
    assert bad.name == which.name
    assert bad.message.startswith(which.label)
    assert bad.message.endswith(".")
