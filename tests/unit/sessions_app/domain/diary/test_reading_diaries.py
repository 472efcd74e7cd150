from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.domain.diary import UnreadableDiary, read_diary

TODAY = date(2026, 5, 10)
BERLIN = ZoneInfo("Europe/Berlin")


def read(text, *, needs_climber=True, zone=UTC, encoding="utf-8"):
    raw = text if isinstance(text, bytes) else text.encode(encoding)
    return read_diary(raw=raw, today=TODAY, zone=zone, needs_climber=needs_climber)


def only_row(text, **kwargs):
    diary = read(text, **kwargs)
    assert diary.problems == ()
    (row,) = diary.rows
    return row


def problems_of(text, **kwargs):
    return [str(problem) for problem in read(text, **kwargs).problems]


def test_a_row_of_every_kind_of_column():
    row = only_row(
        "climber,session_date,started_at,session_quality,sleep_hours,planned_caffeine_mg,actual_caffeine_mg,"
        "deviation_reason,current_niggles,session_goal,sends,notes,location_type,duration_min\n"
        'Ana,2026-05-04,18:30,8.0,7.5,200,0,time,"finger 2; elbow 1: only ""crimps""",fun,6a;6b,windy,outdoor,95\n'
    )
    assert (row.climber, row.session_date, row.line) == ("Ana", date(2026, 5, 4), 2)
    assert row.started_at == datetime(2026, 5, 4, 18, 30, tzinfo=UTC)
    assert row.outcomes == {"session_quality": 8, "sends": ["6a", "6b"]}
    assert row.planned["caffeine_mg"] == 200
    assert row.planned["current_niggles"][1] == {"location": "elbow", "severity": 1, "notes": 'only "crimps"'}
    assert (row.deviated, row.actual) == (True, {"caffeine_mg": 0})
    assert row.words["deviation_reason"] == "time"
    assert row.circumstances == {"location_type": "outdoor", "duration_min": 95}


def test_blank_is_unknown_and_nought_is_nought():
    row = only_row("climber,session_date,session_quality,caffeine_mg,stress_level\nAna,2026-05-04,, 0 ,\n")
    assert row.outcomes == {"session_quality": None}
    assert row.planned == {"caffeine_mg": 0, "stress_level": None}
    assert row.status == "completed"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("climber,session_date,sleep_hours\nAna,2026-05-04,7.5\n", id="plain"),
        pytest.param("\ufeffclimber,session_date,sleep_hours\nAna,2026-05-04,7.5\n", id="byte-order-mark"),
        pytest.param("climber;session_date;sleep_hours\nAna;2026-05-04;7,5\n", id="semicolons-decimal-comma"),
        pytest.param("climber;session_date;sleep_hours\nAna;04.05.2026;7,5\n", id="dotted-day-first"),
        pytest.param("climber;session_date;sleep_hours\nAna;4.5.2026 00:00;7,5\n", id="dotted-short"),
        pytest.param("climber\tsession_date\tsleep_hours\nAna\t2026-05-04\t7.5\n", id="tabs"),
        pytest.param("climber,session_date,sleep_hours\r\nAna,2026-05-04,7.5\r\n", id="crlf"),
        pytest.param("climber,session_date,sleep_hours\rAna,2026-05-04,7.5\r", id="old-mac"),
        pytest.param(
            '"climber","session_date","sleep_hours"\n"Ana","2026-05-04","7.5"',
            id="all-quoted-no-last-line-end",
        ),
        pytest.param(
            "\n\n Climber , SESSION_DATE ,sleep_hours\n\nAna , 2026-05-04 , 7:30 \n,,\n\n",
            id="spaces-and-blank-lines",
        ),
        pytest.param(
            "climber,session_date,sleep_hours\nAna,2026-05-04 00:00:00,7.50\n", id="a-day-with-midnight"
        ),
    ],
)
def test_spellings_of_one_row(text):
    row = only_row(text)
    assert (row.climber, row.session_date, row.planned) == ("Ana", date(2026, 5, 4), {"sleep_hours": 7.5})


@pytest.mark.parametrize(
    ("header", "said"),
    [
        pytest.param("climber,session_date,slep_hours", "slep_hours", id="misspelt"),
        pytest.param("climber,session_date,mood,vibe", "mood", id="unknown"),
        pytest.param("climber,session_date,weight_kg", "belongs to the baseline", id="trait"),
        pytest.param(
            "climber,session_date,caffeine_mg,planned_caffeine_mg",
            "is there twice",
            id="one-column-two-names",
        ),
        pytest.param("climber,session_date,notes,notes", "is there twice", id="one-name-twice"),
        pytest.param("climber,session_date,", "has no name", id="nameless"),
        pytest.param("session_date,sleep_hours", 'no column "climber"', id="no-climber"),
        pytest.param("climber,sleep_hours", 'no column "session_date"', id="no-date"),
        pytest.param("", "no column", id="empty-file"),
        pytest.param("\x00\x01\x02", "no column", id="binary"),
    ],
)
def test_headers_that_are_refused_by_name(header, said):
    with pytest.raises(UnreadableDiary) as caught:
        read(header + "\nAna,2026-05-04\n")
    assert said in str(caught.value)


def test_every_unknown_column_is_named_at_once():
    with pytest.raises(UnreadableDiary) as caught:
        read("climber,session_date,mood,vibe,=cmd|'/c calc'!A1\n")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param("Ana,1890-01-01,5,", "line 2, session_date: Date must not be before 1950", id="1890"),
        pytest.param(
            "Ana,2026-05-11,5,", "line 2, session_date: Date must not be in the future", id="tomorrow"
        ),
        pytest.param("Ana,04/05/2026,5,", "line 2, session_date: Write the date as", id="ambiguous-date"),
        pytest.param(
            "Ana,05.13.2026,5,",
            "line 2, session_date: Write the date as 2026-05-04 or 04.05.2026.",
            id="month-first",
        ),
        pytest.param("Ana,04.05.26,5,", "line 2, session_date: Write the date as", id="two-digit-year"),
        pytest.param("Ana,2026-02-30,5,", "line 2, session_date: Write the date as", id="no-such-day"),
        pytest.param("Ana,20260504,5,", "line 2, session_date: Write the date as", id="undashed"),
        pytest.param("Ana,,5,", "line 2, session_date: A date is needed", id="no-date"),
        pytest.param(",2026-05-04,5,", "line 2, climber: A name is needed", id="no-name"),
        pytest.param(f"{'x' * 81},2026-05-04,5,", "line 2, climber: A name has", id="long-name"),
        pytest.param(
            "Ana,2026-05-04,11,",
            "line 2, session_quality: Session quality must be between",
            id="off-the-scale",
        ),
        pytest.param(
            "Ana,2026-05-04,7.5,", "line 2, session_quality: Session quality must be a whole", id="half-point"
        ),
        pytest.param(
            "Ana,2026-05-04,nan,", "line 2, session_quality: Session quality must be a number", id="nan"
        ),
        pytest.param("Ana,2026-05-04,5,a lot", "line 2, sleep_hours: Sleep must be a number", id="no-number"),
        pytest.param("Ana,2026-05-04,5", "line 2: 3 values for 4 columns", id="too-short"),
        pytest.param("Ana,2026-05-04,5,7,9", "line 2: 5 values for 4 columns", id="too-long"),
    ],
)
def test_bad_rows_by_line_and_column(row, said):
    (problem,) = problems_of(f"climber,session_date,session_quality,sleep_hours\n{row}\n")
    assert said in problem


def test_all_faults_of_a_row_and_the_good_rows_beside_it():
    diary = read(
        "climber,session_date,session_quality,sleep_hours\nAna,2026-05-04,0,99\n\nAna,2026-05-05,5,7\n"
    )
    assert [(p.line, p.column) for p in diary.problems] == [(2, "session_quality"), (2, "sleep_hours")]
    assert [row.line for row in diary.rows] == [4]


def test_line_numbers_count_lines_inside_quotes():
    diary = read(
        'climber,session_date,notes,stress_level\nAna,2026-05-04,"one\ntwo\nthree",1\nAna,2026-05-05,x,9\n'
    )
    assert diary.rows[0].words["notes"] == "one\ntwo\nthree"
    assert [p.line for p in diary.problems] == [5]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('climber,session_date\n"Ana,2026-05-04\n', id="quote-that-never-ends"),
        pytest.param('climber,session_date\n"Ana"x,2026-05-04\n', id="text-after-a-quote"),
        pytest.param(f"climber,session_date\n{'x' * 200_000},2026-05-04\n", id="field-without-end"),
    ],
)
def test_broken_quotes_name_the_line(text):
    with pytest.raises(UnreadableDiary) as caught:
        read(text)
    assert caught.value.problems[0].line == 2


def test_another_encoding_is_said_and_not_guessed():
    with pytest.raises(UnreadableDiary) as caught:
        read("climber,session_date\nAna,2026-05-04\nJürgen,2026-05-04\n".encode("latin-1"))
    assert "line 3" in str(caught.value)
    assert "UTF-8" in str(caught.value)


def test_the_same_occasion_twice():
    header = "climber,session_date,started_at,session_quality\n"
    diary = read(
        header
        + "Ana,2026-05-04,,5\nana,2026-05-04,,5\nAna,2026-05-04,,5\nAna,2026-05-04,09:00,6\nAna,2026-05-04,18:00,7\n"
        + "Ana,2026-05-04,2026-05-04T11:00+02:00,8\n"
    )
    assert [(p.line, "line 2" in p.message or "line 5" in p.message) for p in diary.problems] == [
        (4, True),
        (7, True),
    ]
    assert [row.line for row in diary.rows] == [2, 3, 5, 6]
    assert diary.climbers == ("Ana", "ana")


@pytest.mark.parametrize(
    ("details", "words"),
    [
        pytest.param('{"a": NaN}', "holds NaN", id="NaN"),
        pytest.param('{"a": [-Infinity]}', "holds -Infinity", id="infinity"),
        pytest.param('{"a": 1e999}', "too large", id="a float beyond floats"),
        pytest.param('{"a": ' + "9" * 5000 + "}", "too long", id="5000 digits"),
        pytest.param('{"a": 1, "a": 2}', "twice", id="a key twice"),
        pytest.param('{"a": "\\u0000"}', "NUL", id="NUL"),
        pytest.param('{"a": "\\ud800"}', "broken character", id="half a surrogate pair"),
        pytest.param('{"a": ' + "[" * 50 + "]" * 50 + "}", "levels deep", id="deep"),
        pytest.param('{"a": ' + "[" * 4000 + "]" * 4000 + "}", "levels deep", id="very deep"),
        pytest.param("[1]", "one JSON object", id="a list"),
        pytest.param("late", "is not JSON", id="words"),
        pytest.param('{"a": "' + "x" * 10_000 + '"}', "10,000 characters", id="long"),
    ],
)
def test_details_are_read_as_strictly_as_by_the_api(details, words):
    quoted = details.replace('"', '""')
    text = f'session_date,session_quality,deviation_details\n2026-05-04,7,"{quoted}"\n'
    (problem,) = problems_of(text, needs_climber=False)
    assert words in problem


def test_times_are_of_the_climbers_zone():
    text = "session_date,started_at,ended_at\n2026-05-04,00:30,2026-05-04T02:00\n"
    row = only_row(text, needs_climber=False, zone=BERLIN)
    assert row.started_at == datetime(2026, 5, 3, 22, 30, tzinfo=UTC)
    assert row.ended_at == datetime(2026, 5, 4, 0, 0, tzinfo=UTC)
    assert (
        "not on the day"
        in problems_of("session_date,started_at\n2026-05-04,2026-05-03T22:30:00Z\n", needs_climber=False)[0]
    )
    for moment in ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "25:00", "noon"):
        assert problems_of(f"session_date,started_at\n2026-05-04,{moment}\n", needs_climber=False)


def test_deviations_are_settled_as_everywhere():
    header = "session_date,caffeine_mg,actual_caffeine_mg,deviated_from_plan,deviation_reason\n"
    diary = read(
        header
        + "2026-05-01,200,200,,\n2026-05-02,200,0,yes,time\n2026-05-03,,80,,\n2026-05-04,200,100,no,\n2026-05-05,200,,no,time\n",
        needs_climber=False,
    )
    assert [(r.deviated, r.actual) for r in diary.rows] == [
        (False, {}),
        (True, {"caffeine_mg": 0}),
        (True, {"caffeine_mg": 80}),
    ]
    assert [(p.line, p.column) for p in diary.problems] == [
        (5, "actual_caffeine_mg"),
        (6, "deviation_reason"),
    ]


def test_a_planned_session_has_no_outcome():
    header = "session_date,status,session_quality\n"
    diary = read(
        header + "2026-05-20,planned,\n2026-05-04,skipped,\n2026-05-05,planned,7\n", needs_climber=False
    )
    assert [row.status for row in diary.rows] == ["planned", "skipped"]
    assert [(p.line, p.column) for p in diary.problems] == [(4, "status")]


def test_a_climbers_own_diary_has_one_climber():
    diary = read(
        "climber,session_date\nAna,2026-05-04\nBob,2026-05-05\nAna,2026-05-06\n", needs_climber=False
    )
    assert [(p.line, p.column) for p in diary.problems] == [(3, "climber")]
    assert len(read("session_date\n2026-05-04\n2026-05-05\n", needs_climber=False).rows) == 2


def test_a_guard_against_formulas_is_taken_off():
    row = only_row("climber,session_date,notes\n'=Ana,2026-05-04,'=1+1\n")
    assert (row.climber, row.words["notes"]) == ("=Ana", "=1+1")


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(raw):
    for file in (raw, b"climber,session_date,notes,current_niggles,deviation_details\n" + raw):
        with contextlib.suppress(UnreadableDiary):
            read(file)


@given(
    st.text(max_size=80), st.sampled_from(["climber", "started_at", "session_id", "status", "notes", "sends"])
)
def test_no_text_does_more_than_be_refused(text, column):
    quoted = '"' + text.replace('"', '""') + '"'
    cells = {"climber": "Ana", "session_date": "2026-05-04", column: quoted}
    file = f"{','.join(cells)}\n{','.join(cells.values())}\n".encode(errors="replace")
    diary = read(file)
    assert len(diary.rows) == 1 or diary.problems
