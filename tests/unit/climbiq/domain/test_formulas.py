from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.formulas import with_guard, without_guard

# Every character that Unicode says stands for one of the four, and the true minus sign.
LOOK_ALIKES = [
    character
    for character in map(chr, range(0x20, 0x30000))
    if unicodedata.normalize("NFKC", character)[:1] in {"=", "+", "-", "@", "−"}
    and unicodedata.category(character) != "Cs"
]
texts = st.text(alphabet=st.sampled_from("=+-@'\t\r\n a＝﹦﹢﹣﹫⁼₊−\u200b\u20601"), max_size=6) | st.text(
    max_size=10
)


@given(texts)
def test_what_is_guarded_reads_back_and_is_never_run(text):
    guarded = with_guard(text)
    assert without_guard(guarded) == text
    assert guarded[:1] not in {*LOOK_ALIKES, "\t", "\r", "\n"}


def test_the_table_of_look_alikes_holds_the_known_ones():
    assert {
        "=",
        "+",
        "-",
        "@",
        "＝",
        "＋",
        "－",
        "＠",
        "﹦",
        "﹢",
        "﹣",
        "﹫",
        "⁼",
        "₌",
        "⁺",
        "₊",
        "−",
    } <= set(LOOK_ALIKES)


@pytest.mark.parametrize("character", LOOK_ALIKES)
def test_look_alikes_are_guarded(character):
    text = f"{character}1+1"
    assert with_guard(text) == f"'{text}"
    assert without_guard(f"'{text}") == text


@pytest.mark.parametrize(
    ("text", "is_guarded"),
    [
        ("\t=1", True),
        ("\r=1", True),
        ("\n=1", True),
        ("\tplain", True),  # a tab begins a new cell where tabs separate
        (" =1", True),
        ("\u00a0=1", True),
        ("\u200b=1", True),
        ("\ufeff=1", True),
        ("''=1", True),
        ("' =1", True),
        ("", False),
        ("'", False),
        (" plain", False),
        ("'tis", False),
        ("7a-", False),
        ("a=1", False),
        ("–1 (a dash)", False),
        ("≠1", False),
        ("💪 +1", False),
    ],
)
def test_what_may_come_before_it(text, is_guarded):
    assert (with_guard(text) != text) == is_guarded
    assert without_guard(with_guard(text)) == text
