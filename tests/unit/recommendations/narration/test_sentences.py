from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.domain.numbers import unsupported_numbers
from recommendations.narration.sentences import clean, whole_sentences


async def pieces_of(pieces: list[str]) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


def split(*pieces: str) -> list[str]:
    async def collect() -> list[str]:
        return [sentence async for sentence in whole_sentences(pieces_of(list(pieces)))]

    return asyncio.run(collect())


@pytest.mark.parametrize(
    ("pieces", "sentences"),
    [
        pytest.param((), [], id="nothing"),
        pytest.param(("  ", "\n"), [], id="white space"),
        pytest.param(("No stop at the end",), ["No stop at the end"], id="unfinished"),
        pytest.param(
            ("One. Two! Three? Four… Five",), ["One.", "Two!", "Three?", "Four…", "Five"], id="ends"
        ),
        pytest.param(("It is 6", ".", "4 points. So."), ["It is 6.4 points.", "So."], id="decimal in pieces"),
        pytest.param(("He said “rest.” Then",), ["He said “rest.”", "Then"], id="closing quote"),
        pytest.param(("One.\n\nTwo.",), ["One.", "Two."], id="paragraphs"),
        pytest.param(("On", "e. T", "wo."), ["One.", "Two."], id="cut anywhere"),
    ],
)
def test_sentences_are_whole(pieces: tuple[str, ...], sentences: list[str]) -> None:
    assert split(*pieces) == sentences


def test_a_sentence_is_out_as_soon_as_it_is_whole() -> None:
    async def first() -> str:
        async def endless() -> AsyncIterator[str]:
            yield "One. T"
            raise AssertionError("asked for more than needed")

        return await anext(whole_sentences(endless()))

    assert asyncio.run(first()) == "One."


@settings(deadline=None, derandomize=True)
@given(text=st.text(max_size=120), cuts=st.lists(st.integers(0, 120), max_size=6))
def test_how_the_text_is_cut_does_not_matter(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(min(c, len(text)) for c in cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges)]
    assert split(*pieces) == split(text)
    assert " ".join(split(text)) == clean(text).strip()


BITS = [
    *(
        "5",
        "12",
        "0.5",
        "7:30",
        "3/4",
        "1,200",
        "two",
        "hundred",
        "and",
        "half",
        "a",
        "third",
        "XII",
        "½",
        "minus",
    ),
    *(
        "between",
        "point",
        "to",
        "percent",
        "%",
        "-",
        "−",
        "–",
        ".",
        ". ",
        "! ",
        "? ",
        '." ',
        "… ",
        " ",
        "\n",
        "k",
        ",",
    ),
]


@settings(deadline=None, derandomize=True)
@given(bits=st.lists(st.sampled_from(BITS), max_size=14))
def test_no_numeral_reaches_over_the_end_of_a_sentence(bits: list[str]) -> None:
    text = clean("".join(bits)).strip()
    one_by_one = [n for sentence in split(text) for n in unsupported_numbers(text=sentence, payloads=[])]
    assert sorted(one_by_one) == sorted(unsupported_numbers(text=text, payloads=[]))
    payload = [{"gain": 5, "dose": 12, "half": 0.5, "percent": 12, "label": "7:30 two"}]
    passes = [not unsupported_numbers(text=sentence, payloads=payload) for sentence in split(text)]
    assert all(passes) == (not unsupported_numbers(text=text, payloads=payload))


@settings(deadline=None, derandomize=True)
@given(text=st.text(max_size=120))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not set(once) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u200b\ufeff\x00\x1b\n\r")
