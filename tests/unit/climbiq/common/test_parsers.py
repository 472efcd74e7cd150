"""Bodies: what is read, and what is refused with which words."""

from __future__ import annotations

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError

from climbiq.common.parsers import MAX_DEPTH, StrictJSONParser, parse_object
from climbiq.common.problems import TooLarge


def nested(depth: int) -> bytes:
    """An object whose innermost list is `depth` containers deep."""
    return b'{"a": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(
            b"{", "not JSON: Expecting property name enclosed in double quotes at line 1", id="cut off"
        ),
        pytest.param(b'{"a": 1,}', "not JSON", id="trailing comma"),
        pytest.param(b"[1]", "one JSON object", id="a list"),
        pytest.param(b'"text"', "one JSON object", id="a text"),
        pytest.param(b"null", "one JSON object", id="null"),
        pytest.param(b'\xff\xfe{"a": 1}', "not UTF-8", id="UTF-16"),
        pytest.param('{"a": "é"}'.encode("latin-1"), "not UTF-8", id="Latin-1"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', "not JSON", id="byte order mark"),
        pytest.param(b'{"a": 1, "a": 2}', 'gives "a" twice', id="a key twice"),
        pytest.param(b'{"x": {"b": 1, "b": 1}}', 'gives "b" twice', id="a key twice, inside"),
        pytest.param(b'{"a": NaN}', "NaN", id="NaN"),
        pytest.param(b'{"a": -Infinity}', "-Infinity", id="minus infinity"),
        pytest.param(b'{"a": 1e999}', "too large", id="a float beyond floats"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "too long", id="5000 digits"),
        pytest.param(nested(MAX_DEPTH + 1), "levels deep", id="one level too deep"),
        pytest.param(nested(5000), "levels deep", id="5000 levels deep"),
        pytest.param(b'{"\\ud800": 1}', "field name", id="half a surrogate pair in a name"),
    ],
)
def test_refused(raw: bytes, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_object(raw)
    assert message in str(caught.value.detail)


def test_the_deepest_that_is_read() -> None:
    assert parse_object(nested(MAX_DEPTH))


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        pytest.param(b'{"notes": "a\\u0000b"}', "notes", "NUL", id="NUL"),
        pytest.param(
            b'{"a": {"b": ["x", "\\udc00"]}}', "a.b.1", "broken", id="half a surrogate pair, by its path"
        ),
    ],
)
def test_text_that_cannot_be_stored_is_named(raw: bytes, path: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_object(raw)
    assert list(caught.value.detail) == [path]
    assert message in str(caught.value.detail[path][0])


def test_emoji_and_right_to_left_text_are_text() -> None:
    assert parse_object('{"notes": "🧗‍♀️ שלום"}'.encode()) == {"notes": "🧗‍♀️ שלום"}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.text("abc", max_size=3), json_values, max_size=5))
def test_every_ordinary_object_is_read_as_json_reads_it(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
def test_no_body_crashes(raw: bytes) -> None:
    with suppress(ParseError, ValidationError):
        parse_object(raw)


def test_more_than_is_allowed_is_not_read(settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    stream = io.BytesIO(b'{"a": "' + b"x" * 1000 + b'"}')
    with pytest.raises(TooLarge):
        StrictJSONParser().parse(stream, "application/json")
    assert stream.tell() == 101


def test_another_character_set_is_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        StrictJSONParser().parse(io.BytesIO(b"{}"), "application/json; charset=latin-1")
    assert StrictJSONParser().parse(io.BytesIO(b"{}"), 'application/json; charset="UTF-8"') == {}
