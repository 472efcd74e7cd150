from __future__ import annotations

import pytest

from climbiq.domain.values import BadValues
from sessions_app.domain.gyms import GymName, alike, read_gym


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"name": " Boulder  Bar "}, GymName(name="Boulder Bar"), id="name-alone"),
        pytest.param({"name": "Bar, Wien"}, GymName(name="Bar", city="Wien"), id="one-line"),
        pytest.param({"name": "A, B, C"}, GymName(name="A, B", city="C"), id="comma-in-the-name"),
        pytest.param({"name": "A, B", "city": ""}, GymName(name="A, B"), id="comma-and-no-city"),
        pytest.param({"name": "Bar,"}, GymName(name="Bar"), id="comma-at-the-end"),
        pytest.param({"name": ", Bar"}, GymName(name="Bar"), id="comma-at-the-start"),
        pytest.param({"name": "Bar", "city": " Wien\n"}, GymName(name="Bar", city="Wien"), id="two-parts"),
        pytest.param({"name": "בר 🧗, תל אביב"}, GymName(name="בר 🧗", city="תל אביב"), id="hebrew"),
        pytest.param({"name": "Bar\u202e, Wi\u0308en"}, GymName(name="Bar", city="Wïen"), id="unseen"),
    ],
)
def test_a_gym_is_read(given, expected):
    assert read_gym(**given) == expected
    assert read_gym(name=expected.label).label == expected.label


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"name": "  "}, {"name"}),
        ({"name": ","}, {"name"}),
        ({"name": "\u202e"}, {"name"}),
        ({"name": "x" * 81}, {"name"}),
        *[
            ({"name": unseen}, {"name"})
            for unseen in ("\u200b", "\u3164", "\u2800", "\xad", "\u200e", "\u034f", "\uffa0")
        ],
        ({"name": ",", "city": ""}, {"name"}),
        ({"name": "\u3164, Vienna"}, {"name"}),
        ({"name": "Bar", "city": "\u200b"}, {"city"}),
        ({"name": "A\x00B"}, {"name"}),
        ({"name": "Bar", "city": "a, b"}, {"city"}),
        ({"name": "", "city": "y" * 81}, {"name", "city"}),
    ],
)
def test_what_is_no_gym_is_refused_by_its_part(given, fields):
    with pytest.raises(BadValues) as caught:
        read_gym(**given)
    assert set(caught.value.problems) == fields


def test_a_slip_is_guessed_and_something_else_is_not():
    known = ["Boulder Bar, Vienna", "Kletterhalle, Graz"]
    assert alike(label="boulder bar, viena", among=known) == "Boulder Bar, Vienna"
    assert alike(label="Rock Inn, Prague", among=known) is None
    assert alike(label="Rock Inn", among=[]) is None
