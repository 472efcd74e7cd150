from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.formulas import with_guard, without_guard

texts = st.text(alphabet=st.sampled_from("=+-@'\t a＝1"), max_size=6) | st.text(max_size=10)


@given(texts)
def test_what_is_guarded_reads_back_and_is_never_run(text):
    guarded = with_guard(text)
    assert without_guard(guarded) == text
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
