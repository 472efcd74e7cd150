from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from modeling.domain.diary import read_diary
from modeling.domain.diary_file import read_diary_file
from sessions_app.domain.diary import UnreadableDiary

HEAD = "climber,session_date,session_quality"


def file(*lines: str, encoding: str = "utf-8"):
    return read_diary_file(raw="\n".join(lines).encode(encoding))


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        pytest.param([HEAD, "ann,2026-05-04,6.25"], [6.25], id="three-columns-and-decimals"),
        pytest.param(["\ufeff" + HEAD, "ann,2026-05-04,6"], [6.0], id="byte-order-mark"),
        pytest.param(
            ["climber;session_date;session_quality", "ann;2026-05-04;6,5"], [6.5], id="semicolons-and-commas"
        ),
        pytest.param(["climber\tsession_date\tsession_quality", "ann\t2026-05-04\t6"], [6.0], id="tabs"),
        pytest.param(
            ["", HEAD, "", "ann,2026-05-04,6", " , , ", "ann,2026-05-05,7", ""], [6, 7], id="blank-lines"
        ),
        pytest.param([HEAD.upper(), '"ann","2026-05-04","6"'], [6.0], id="quotes-and-capitals"),
        pytest.param([HEAD, "ann,2026-05-04,6,,"], [6.0], id="empty-cells-at-the-end"),
        pytest.param([HEAD, "ann,2026-05-04T18:30,6"], [6.0], id="a-time-with-the-date"),
        pytest.param([HEAD, "ann,2026-05-04,NA", "ann,2026-05-05,6"], [np.nan, 6.0], id="not-available"),
    ],
)
def test_what_people_write_is_read(lines: list[str], want: list[float]) -> None:
    found = file(*lines)
    assert found.problems == ()
    np.testing.assert_array_equal(found.frame["session_quality"].to_numpy(dtype=float), want)


@pytest.mark.parametrize("day", ["04.05.2026", "4.5.2026", "2026-05-04", "04.05.2026 18:30"])
def test_dotted_days_have_the_day_first(day: str) -> None:
    found = file(HEAD, f"ann,{day},6")
    assert found.problems == ()
    assert found.frame["session_date"].tolist() == [date(2026, 5, 4).toordinal()]


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        pytest.param([HEAD, "ann,2026-05-04,good"], "line 2, session_quality: good is no number", id="word"),
        pytest.param([HEAD, "ann,04/05/2026,6"], "line 2, session_date: 04/05/2026 is no date", id="date"),
        pytest.param(
            [HEAD, "ann,31.02.2026,6"], "line 2, session_date: 31.02.2026 is no date", id="no-dotted-day"
        ),
        pytest.param(
            [HEAD, "ann,05.13.2026,6"],
            "line 2, session_date: 05.13.2026 is no date: write it as 2026-05-04 or 04.05.2026.",
            id="month-first",
        ),
        pytest.param([HEAD, "ann,2026-02-30,6"], "line 2, session_date", id="no-such-day"),
        pytest.param([HEAD, "", "ann,2026-05-04"], "line 3: 2 values for 3 columns", id="short-row"),
        pytest.param([HEAD, "ann,2026-05-04,6,7"], "line 2: 4 values for 3 columns", id="long-row"),
        pytest.param(
            [HEAD, "ann,2026-05-04,inf"], "line 2, session_quality: inf is no number", id="infinite"
        ),
        pytest.param(
            [HEAD + ",sleep_hours", 'ann,2026-05-04,6,"a\nb"', "ann,2026-05-05,6,lots"],
            "line 4, sleep_hours: lots is no number",
            id="after-a-cell-of-two-lines",
        ),
    ],
)
def test_what_cannot_be_read_is_named(lines: list[str], where: str) -> None:
    assert any(str(problem).startswith(where) for problem in file(*lines).problems)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        pytest.param(b"", "line 1: There is no column climber", id="empty"),
        pytest.param(b"climber,session_date\nann,2026-05-04\n", "no column session_quality", id="unrated"),
        pytest.param((HEAD + ",climber").encode(), "climber is there twice", id="twice"),
        pytest.param(
            HEAD.encode() + b"\n\xff\xfe,2026-05-04,6\n", "line 2: The file is not UTF-8", id="latin"
        ),
        pytest.param((HEAD + "\n").encode("utf-16"), "not UTF-8", id="utf-16"),
        pytest.param((HEAD + '\n"ann,2026-05-04,6\n').encode(), "line 2: The quotes", id="open-quote"),
    ],
)
def test_files_that_are_no_diary_are_refused(raw: bytes, words: str) -> None:
    with pytest.raises(UnreadableDiary, match=words):
        read_diary_file(raw=raw)


def test_treatments_as_they_really_were() -> None:
    found = file(
        HEAD + ",planned_caffeine_mg,actual_caffeine_mg,deviated_from_plan",
        "ann,2026-05-04,6,200,0,yes",
        "ann,2026-05-05,6,200,,",
        "ann,2026-05-06,6,200,0,no",
        "ann,2026-05-07,6,,50,",
    )
    assert found.frame["caffeine_mg"].tolist() == [0.0, 200.0, 200.0, 50.0]


def test_the_registered_name_stands_before_an_alias() -> None:
    found = file(HEAD + ",planned_caffeine_mg,caffeine_mg", "ann,2026-05-04,6,200,100")
    assert found.frame["caffeine_mg"].tolist() == [100.0]


def test_columns_that_nobody_knows_are_said() -> None:
    found = file(HEAD + ",mood,Wetter,notes", "ann,2026-05-04,6,1,2,fine")
    assert found.notes == ("columns not used: mood, Wetter",)
    assert found.frame.columns.tolist() == ["climber", "session_date", "session_quality"]


def test_kinds_of_sessions_become_columns() -> None:
    found = file(
        HEAD + ",session_type,session_intensity",
        "ann,2026-05-04,6,Project,max",
        "ann,2026-05-05,7,,",
        "ann,2026-05-06,7,juggling,low",
    )
    diary = read_diary(frame=found.frame)
    assert diary.names[1:] == (
        *("type:project", "type:project×stress_level", "type:project×sleep_hours"),
        *("intensity:max", "intensity:low"),
    )
    assert diary.data.design[:, 1].tolist() == [1.0, 0.0, 0.0]
    assert diary.notes == ("1 sessions with a session_type that is no known word: taken as not said",)
    assert diary.priors.names == diary.names
    assert diary.priors.individual_sd[1:].tolist() == [0.0] * 5


def test_the_same_diary_whatever_the_order_of_its_rows() -> None:
    rows = [f"{who},2026-05-{day:02d},{5 + day % 3},{6 + day % 4}" for who in "ab" for day in range(1, 9)]
    straight, shuffled = (
        read_diary(frame=file(HEAD + ",sleep_hours", *lines).frame)
        for lines in (rows, [rows[i] for i in np.random.default_rng(0).permutation(len(rows))])
    )
    np.testing.assert_array_equal(straight.data.design, shuffled.data.design)
    np.testing.assert_array_equal(straight.data.day, shuffled.data.day)
    assert shuffled.data.order.tolist() != straight.data.order.tolist()
