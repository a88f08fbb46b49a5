from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.outcome import Outcome
from swelancer_plugin.results.spend import Spend, spend, usd
from swelancer_plugin.results.summary import summarise
from tests.results.samples import selected, tried

TASK = ("official", "1_1")


def test_all_tries_are_paid_for() -> None:
    item = selected("1_1", 1000)
    tries = [
        tried(item, Outcome.VOID, turns=2, input_tokens=10, output_tokens=1, cost="0.10"),
        tried(item, number=2, turns=3, retries=1, input_tokens=20, cached_tokens=5, cost="0.25"),
    ]
    found = spend(tries, {TASK: 1})
    assert (found.turns, found.retries, found.input_tokens, found.cached_tokens) == (5, 1, 30, 5)
    assert found.cost == Decimal("0.35")
    assert found.mean_cost == Fraction(35, 100)
    earned = summarise([item], tries).total.earned
    assert found.profit(earned) == Fraction(99965, 100)
    assert found.cost_words(earned) == "model cost $0.35, profit $999.65"


def test_attempts_cost_their_mean_as_they_pay_their_mean() -> None:
    items = [selected("1_1", 100, attempt=number) for number in (1, 2)]
    tries = [
        tried(items[0], turns=1, cost="3"),
        tried(items[1], Outcome.UNEARNED, turns=1, cost="1"),
    ]
    summary = summarise(items, tries)
    assert (summary.spend.cost, summary.spend.mean_cost) == (Decimal(4), Fraction(2))
    assert summary.spend.profit(summary.total.earned) == Fraction(48)


def test_an_unknown_price_is_no_zero() -> None:
    item = selected()
    unknown = summarise([item], [tried(item, turns=1, cost=None)])
    assert unknown.spend.profit(unknown.total.earned) is None
    words = unknown.spend.cost_words(unknown.total.earned)
    assert words == "model cost unknown: no price for this model (--price-file)"
    document = unknown.spend.as_dict(unknown.total.earned)
    assert (document["cost_usd"], document["profit_usd"]) == (None, None)
    assert document["tries_of_unknown_cost"] == 1


def test_what_is_known_is_said_as_the_least() -> None:
    items = [selected("1_1"), selected("2_1")]
    tries = [tried(items[0], turns=1, cost=None), tried(items[1], turns=1, cost="1.001")]
    summary = summarise(items, tries)
    words = summary.spend.cost_words(summary.total.earned)
    assert words == "model cost at least $1.01: no price for 1 try (--price-file)"


def test_tries_of_what_was_not_selected_are_left_out() -> None:
    item = selected()
    assert spend([tried(item, turns=9, cost="9")], {}) == Spend()


def test_turns_and_tokens_in_words() -> None:
    found = Spend(1, 2, 1200, 1000, 7, 3)
    assert found.words == "1 turn (2 retries), 1,200 tokens in (1,000 cached), 7 out (3 reasoning)"
    assert Spend(turns=2, input_tokens=1).words == "2 turns, 1 token in, 0 out"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "$0.00"), ("0.0001", "$0.01"), ("-0.5", "-$0.50"), ("1234.5", "$1,234.50")],
)
def test_dollars_for_people(amount: str, shown: str) -> None:
    assert usd(Decimal(amount), ROUND_CEILING) == shown


@given(st.lists(st.decimals(0, 1000, places=6), max_size=20))
def test_costs_add_up_exactly(costs: list[Decimal]) -> None:
    item = selected()
    tries = [tried(item, number=n, turns=1, cost=f"{c:f}") for n, c in enumerate(costs, 1)]
    assert spend(tries, {TASK: 1}).cost == sum(costs, Decimal(0))


@pytest.mark.parametrize("cost", ["", "free", "-1", "NaN", "Infinity", "1e400000000"])
def test_a_record_has_no_odd_cost(cost: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        tried(selected(), cost=cost)
