from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.money import MAX_CENTS, dollars, parse_dollars


@pytest.mark.parametrize(
    ("text", "cents"),
    [("1000.0", 100000), ("$1,000.50", 100050), (" 250 ", 25000), (".5", 50), ("0", 0)],
)
def test_amounts(text: str, cents: int) -> None:
    assert parse_dollars(text) == cents


@pytest.mark.parametrize(
    "text", ["", "-1", "nan", "inf", "1e9", "0.001", "1.2.3", "twelve", "٣", "1" * 5000]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_dollars(text)


@given(st.integers(0, MAX_CENTS))
def test_what_is_shown_is_read_back(cents: int) -> None:
    assert parse_dollars(dollars(cents)) == cents


def test_negative_amounts_are_shown_with_their_sign_first() -> None:
    assert dollars(-1_234_56) == "-$1,234.56"
