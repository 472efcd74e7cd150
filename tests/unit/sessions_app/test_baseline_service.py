from __future__ import annotations

from datetime import UTC, datetime

import pytest

from climbiq.domain.values import BadValues
from sessions_app.models import BaselineAssessment
from sessions_app.selectors import current_baseline
from sessions_app.services.baselines import record_baseline
from sessions_app.services.guards import ChangedElsewhere

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 10, 16, tzinfo=UTC)


def test_a_new_version_retires_the_old_one(alice):
    assert current_baseline(user_id=alice.pk) is None
    first = record_baseline(by=alice, values={"age": "31", "weight_kg": 70, "has_coach": "no"}, now=NOW)
    assert (first.values["age"], first.values["weight_kg"], first.values["has_coach"]) == (31, 70.0, False)
    assert first.values["has_hangboard"] is None
    second = record_baseline(by=alice, values={"age": 32}, now=NOW)
    assert (second.values["age"], second.values["weight_kg"]) == (32, None)
    rows = BaselineAssessment.objects.order_by("created_at").values_list("age", "is_current")
    assert sorted(rows) == [(31, False), (32, True)]


def test_the_same_answers_write_nothing(alice):
    values = {"age": 31, "weight_kg": 70.3, "injury_history": "finger 2"}
    first = record_baseline(by=alice, values=values, now=NOW)
    assert record_baseline(by=alice, values=values, now=NOW).id == first.id
    assert BaselineAssessment.objects.count() == 1


def test_an_assessment_begun_before_another_one_is_refused(alice):
    first = record_baseline(by=alice, values={"age": 31}, now=NOW, replaces=None, check_replaced=True)
    record_baseline(by=alice, values={"age": 32}, now=NOW, replaces=first.id, check_replaced=True)
    with pytest.raises(ChangedElsewhere):
        record_baseline(by=alice, values={"age": 33}, now=NOW, replaces=first.id, check_replaced=True)


def test_every_fault_is_told_at_once(alice):
    with pytest.raises(BadValues) as caught:
        record_baseline(by=alice, values={"age": 7, "sex": "m", "shoe_size": 42}, now=NOW)
    assert set(caught.value.problems) == {"age", "sex", "shoe_size"}
    with pytest.raises(BadValues) as caught:
        record_baseline(by=alice, values={"current_route_grade": "V5", "peak_boulder_grade": "hard"}, now=NOW)
    assert set(caught.value.problems) == {"current_route_grade", "peak_boulder_grade"}


def test_grades_are_stored_in_one_spelling(alice):
    values = record_baseline(
        by=alice, values={"current_route_grade": "6C+", "peak_boulder_grade": "v4-5"}, now=NOW
    ).values
    assert (values["current_route_grade"], values["peak_boulder_grade"]) == ("6c+", "V4/V5")
