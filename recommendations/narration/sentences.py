"""From pieces of text as they arrive to whole, clean sentences."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator

# Control, format (bidirectional overrides, zero-width), private, surrogate and unassigned characters, and pictures:
# nothing of these belongs into an explanation.
_DROPPED = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "So"})
_KEPT = frozenset("°")
_END_OF_SENTENCE = re.compile(r"[.!?…][\"'”’)\]]*\s")


def clean(text: str) -> str:
    """Drop what a reader cannot see or what would reorder the line; every run of white space is one space.

    Markup is not touched: it is text, and is escaped wherever it is shown.

    >>> clean("Take\\u202e 5\\u200b0\\x00 mg\\n\\n<b>now</b>")
    'Take 50 mg <b>now</b>'
    """
    return re.sub(r"\s+", " ", "".join(filter(_is_kept, text)))


async def whole_sentences(pieces: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Hold text back until a sentence is complete; the last one ends with the text.

    The point of a decimal never ends a sentence, because no white space follows it.
    """
    held = ""
    async for piece in pieces:
        held = clean(held + piece)
        while (end := _END_OF_SENTENCE.search(held)) is not None:
            sentence, held = held[: end.end()].strip(), held[end.end() :]
            if sentence:
                yield sentence
    if held.strip():
        yield held.strip()


def _is_kept(character: str) -> bool:
    return character.isspace() or character in _KEPT or unicodedata.category(character) not in _DROPPED
