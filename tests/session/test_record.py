from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.session.record import clean

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT, st.integers(2, 200))
def test_cleaned_text_fits_any_transport(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    cleaned.encode("utf-8")
    json.dumps(cleaned)
    assert "\0" not in cleaned
    assert len(cleaned) <= limit + 60


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50))
def test_plain_text_is_left_alone(text: str) -> None:
    assert clean(text, 50) == text


def test_what_is_cut_is_said_and_both_ends_are_kept() -> None:
    cleaned = clean("a" * 100 + "z" * 100, 20)
    assert cleaned == "a" * 10 + "\n... 180 characters left out ...\n" + "z" * 10
