"""What the grammar accepts and refuses of actions, with the path and the sentence."""

from __future__ import annotations

import pytest

from experts.domain.rules.faults import InvalidRule
from experts.domain.rules.grammar import parse_actions

REST = {"type": "override", "recommendation": "rest_day", "message": "High anxiety + stress requires rest"}


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        *(
            pytest.param(raw, "actions", "Must be a list of at least one action.", id=f"not a list: {raw!r}")
            for raw in (None, [], {}, REST, "rest")
        ),
        pytest.param([REST] * 21, "actions", "Has 21 actions; 20 are the most.", id="too many"),
        pytest.param(
            ["rest"], "actions[0]", 'Must be an action with a "type" out of: override,', id="a word"
        ),
        pytest.param([{}], "actions[0].type", "There is no None. Known: override, suppress,", id="no type"),
        pytest.param([{"type": "sing"}], "actions[0].type", "There is no sing.", id="unknown type"),
        pytest.param(
            [{"type": ["override"]}], "actions[0].type", "There is no ['override'].", id="type list"
        ),
        pytest.param([{**REST, "loud": 1}], "actions[0]", "Unknown key: loud.", id="unknown key"),
        pytest.param(
            [{**REST, "recommendation": "nap"}],
            "actions[0].recommendation",
            "Must be one of: rest_day,",
            id="word",
        ),
        pytest.param(
            [{**REST, "message": " "}], "actions[0].message", "Needs a text for the climber.", id="silent"
        ),
        pytest.param(
            [{**REST, "message": 3}], "actions[0].message", "Needs a text for the climber.", id="number"
        ),
        pytest.param(
            [{**REST, "message": "x" * 501}], "actions[0].message", "Can have 500 characters", id="long"
        ),
        pytest.param(
            [{**REST, "message": "\x00"}], "actions[0].message", "The text must not contain a NUL", id="NUL"
        ),
        *(
            pytest.param(
                [{"type": "message", "message": text}],
                "actions[0].message",
                "Is shown as it is written",
                id=text,
            )
            for text in ("Hi {name}", "{{ user.email }}", "{% debug %}", "}")
        ),
        pytest.param(
            [{"type": "suppress", "target": "sleep_recommendation"}],
            "actions[0].target",
            "There is no sleep_recommendation. Known: caffeine_recommendation, warmup_recommendation,",
            id="not a treatment",
        ),
        pytest.param([{"type": "suppress"}], "actions[0].target", "There is no None.", id="no target"),
        pytest.param(
            [{"type": "modify_coefficient", "target": "age", "multiplier": 1}],
            "actions[0].target",
            "There is no coefficient of age. Known: sleep_hours,",
            id="no coefficient",
        ),
        *(
            pytest.param(
                [{"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": factor}],
                "actions[0].multiplier",
                "Must be a number between 0 and 3.",
                id=f"multiplier {str(factor)[:6]}",
            )
            for factor in (-0.1, 3.1, "0.5", True, None, float("nan"), float("inf"), 10**400)
        ),
        pytest.param(
            [REST, {**REST, "message": "Or not"}], "actions[1]", "An earlier action does this", id="two"
        ),
        pytest.param(
            [
                {"type": "suppress", "target": name}
                for name in ("warmup_recommendation", "planned_warmup_min_recommendation")
            ],
            "actions[1]",
            "An earlier action does this already.",
            id="same treatment twice",
        ),
    ],
)
def test_refused_actions(raw: object, path: str, message: str) -> None:
    with pytest.raises(InvalidRule) as invalid:
        parse_actions(raw)
    (fault,) = invalid.value.faults
    assert (fault.path, fault.message[: len(message)]) == (path, message)


@pytest.mark.parametrize(
    ("spelling", "stored"),
    [
        ("caffeine_recommendation", "caffeine_recommendation"),
        ("caffeine_mg_recommendation", "caffeine_recommendation"),
        ("planned_caffeine_mg_recommendation", "caffeine_recommendation"),
        ("warmup_duration_min_recommendation", "warmup_recommendation"),
        ("session_type_recommendation", "session_type_recommendation"),
        ("planned_intensity_recommendation", "session_intensity_recommendation"),
    ],
)
def test_spellings_of_treatments(spelling: str, stored: str) -> None:
    (action,) = parse_actions([{"type": "suppress", "target": spelling}])
    assert action.to_json() == {"type": "suppress", "target": stored}
