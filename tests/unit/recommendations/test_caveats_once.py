"""A caveat that several tips share is said once, below them."""

from __future__ import annotations

import pytest

from recommendations.templatetags.recommendation_words import own_caveats, shared_caveats


@pytest.mark.parametrize(
    ("caveats", "own", "shared"),
    [
        ([], [], []),
        ([["a"]], [["a"]], []),
        ([["a", "b"], ["a"]], [["b"], []], ["a"]),
        ([["a"], ["b"]], [["a"], ["b"]], []),
        ([["b", "a"], ["a", "b"], []], [[], [], []], ["b", "a"]),
    ],
    ids=["no tip", "one tip", "one shared", "none shared", "all shared, in order"],
)
def test_each_caveat_is_said_once(caveats, own, shared):
    tips = [{"caveats": each} for each in caveats]
    assert [own_caveats(tip, tips) for tip in tips] == own
    assert shared_caveats(tips) == shared
