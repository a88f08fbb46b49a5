from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.outcome import Outcome
from swelancer_plugin.results.gate import Verdict, decide, exit_status
from swelancer_plugin.results.summary import summarise
from swelancer_plugin.settings import Settings, Threshold
from tests.results.samples import run, selected, tried

EARNED, UNEARNED, VOID, NOT_RUN = (
    Outcome.EARNED,
    Outcome.UNEARNED,
    Outcome.VOID,
    Outcome.NOT_RUN,
)


def gate(*outcomes: Outcome, errors: int = 0, price: int = 1000, **settings: object) -> Verdict:
    verdict = decide(
        summarise(*run(*outcomes, price=price)), Settings(**dict[str, Any](settings)), errors
    )
    assert verdict is not None
    assert verdict.holds == (verdict.exit_status == 0)
    return verdict


def usd(dollars: float) -> Threshold:
    return Threshold("cents", dollars * 100)


def share(percent: float) -> Threshold:
    return Threshold("percent", percent)


def test_no_gate_no_verdict() -> None:
    assert decide(summarise(*run(EARNED)), Settings()) is None


def test_a_gate_in_dollars_says_the_margin() -> None:
    above = gate(EARNED, EARNED, UNEARNED, min_payout=usd(1500))
    assert above.exit_status == 0
    assert above.sentence == (
        "Gate holds: earned $2,000 of $3,000, $500 above the required $1,500."
    )
    missed = gate(EARNED, UNEARNED, UNEARNED, min_payout=usd(1500))
    assert missed.exit_status == 1
    assert missed.sentence == (
        "Gate missed: earned $1,000 of $3,000, $500 below the required $1,500."
    )
    assert "exactly the required $1,000" in gate(EARNED, min_payout=usd(1000)).sentence


def test_a_percentage_is_what_was_typed_and_not_its_float() -> None:
    # As floats, 0.471 * 1000 is 470.99999999999994 and 0.07 * 100 is 7.000000000000001.
    ends = [EARNED] * 471 + [UNEARNED] * 529
    assert gate(*ends, min_payout=share(47.1)).holds
    assert not gate(*ends[1:], UNEARNED, min_payout=share(47.1)).holds
    assert gate(*[EARNED] * 7, *[UNEARNED] * 93, min_payout=share(7)).holds
    assert gate(EARNED, *[UNEARNED] * 2, min_payout=share(33.3)).holds
    assert not gate(EARNED, *[UNEARNED] * 2, min_payout=share(33.34)).holds


def test_a_percentage_gate_says_dollars_too() -> None:
    verdict = gate(EARNED, UNEARNED, UNEARNED, min_payout=share(33.34))
    assert verdict.sentence == (
        "Gate missed: earned $1,000 of $3,000, $0.20 below"
        " the required 33.34% ($1,000.20; 33.3% was earned)."
    )


def test_void_and_not_run_are_in_the_denominator_as_nothing() -> None:
    assert not gate(EARNED, NOT_RUN, min_payout=share(51)).holds
    assert gate(EARNED, NOT_RUN, min_payout=share(50)).holds
    assert not gate(EARNED, VOID, min_payout=share(51), max_infra_errors=1).holds
    assert gate(EARNED, VOID, min_payout=share(50), max_infra_errors=1).holds


def test_attempts_are_compared_by_their_sum() -> None:
    items = [selected(price=100, attempt=number) for number in (1, 2, 3)]
    summary = summarise(items, [tried(items[0]), tried(items[1]), tried(items[2], UNEARNED)])
    missed = decide(summary, Settings(attempts=3, min_payout=Threshold("cents", 66_67)))
    holds = decide(summary, Settings(attempts=3, min_payout=Threshold("cents", 66_66)))
    assert missed is not None
    assert not missed.holds
    assert "less than a cent below" in missed.sentence
    assert holds is not None
    assert holds.holds


def test_one_selected_attempt_of_two_is_paid_whole() -> None:
    second = selected(price=100, attempt=2)
    verdict = decide(
        summarise([second], [tried(second)]), Settings(attempts=2, min_payout=usd(100))
    )
    assert verdict is not None
    assert verdict.sentence == "Gate holds: earned $100 of $100, exactly the required $100."


def test_a_payout_gate_never_holds_on_an_uneven_selection() -> None:
    items = [selected("a", attempt=1), selected("a", attempt=2), selected("b", attempt=2)]
    summary = summarise(items, [tried(item) for item in items])
    for threshold in (usd(1), share(0)):
        verdict = decide(summary, Settings(min_payout=threshold, allow_untrusted_gate=True))
        assert verdict == Verdict(
            1,
            False,
            "Gate does not hold: tasks have 1 to 2 attempts, and a payout is compared only where"
            " all tasks were tried equally often.",
        )
    on_void_alone = decide(summary, Settings(max_infra_errors=0))
    assert on_void_alone is not None
    assert on_void_alone.holds


def test_too_many_void_comes_before_a_missed_payout() -> None:
    assert gate(VOID, UNEARNED, min_payout=usd(1)).exit_status == 10
    assert gate(VOID, UNEARNED, max_infra_errors=0).exit_status == 10
    assert gate(VOID, VOID, UNEARNED, min_payout=usd(1), max_infra_errors=1).exit_status == 10
    assert gate(VOID, UNEARNED, min_payout=usd(1), errors=1).exit_status == 10
    assert gate(VOID, UNEARNED, min_payout=usd(1), max_infra_errors=1).exit_status == 1


def test_a_gate_that_void_tasks_could_tip_does_not_claim_to_hold_and_says_so() -> None:
    verdict = gate(EARNED, VOID, min_payout=usd(1500), max_infra_errors=1)
    assert verdict.exit_status == 1
    assert "void tasks worth $1,000 could have tipped it" in verdict.sentence
    hopeless = gate(EARNED, VOID, min_payout=usd(2500), max_infra_errors=1)
    assert "tipped" not in hopeless.sentence


def test_a_gate_on_void_alone() -> None:
    assert gate(UNEARNED, VOID, max_infra_errors=1).holds
    assert gate(UNEARNED, max_infra_errors=0).holds
    unknown = gate(UNEARNED, NOT_RUN, max_infra_errors=0)
    assert unknown.exit_status == 1
    assert "1 of 2 did not run to the end" in unknown.sentence


def test_collection_errors_and_an_empty_run_never_hold() -> None:
    verdict = gate(EARNED, min_payout=usd(1), errors=2)
    assert verdict.exit_status == 1
    assert "2 collection errors" in verdict.sentence
    summary = summarise(*run(EARNED), collection_errors=1)
    known = decide(summary, Settings(min_payout=usd(1)))
    assert known is not None
    assert not known.holds
    assert gate(min_payout=share(0)).sentence == "Gate does not hold: no task was selected."
    # With -n nothing is selected when the collection fails.
    assert gate(min_payout=share(0), errors=1).sentence == (
        "Gate does not hold: 1 collection error, so not every task was selected."
    )


@pytest.mark.parametrize(
    ("changes", "settings", "said"),
    [
        ({"privileged": True}, {}, "gold saw the answers"),
        ({}, {"model": "gold"}, "gold saw the answers"),
        ({"sealed": False}, {}, "unsealed (1 of 1)"),
    ],
)
def test_a_run_that_proves_nothing_is_refused_unless_asked(
    changes: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    item = selected()
    summary = summarise([item], [tried(item, **changes)])
    for asked in ({"min_payout": usd(1)}, {"max_infra_errors": 0}):
        refused = decide(summary, Settings(**settings, **asked))
        assert refused is not None
        assert refused.exit_status == 1
        assert said in refused.sentence
        assert "--allow-untrusted-gate" in refused.sentence
        allowed = decide(summary, Settings(**settings, **asked, allow_untrusted_gate=True))
        assert allowed is not None
        assert allowed.holds


@pytest.mark.parametrize(
    ("original", "verdict", "expected"),
    [
        (0, 0, 0), (1, 0, 0), (5, 0, 1),
        (0, 1, 1), (1, 1, 1), (5, 1, 1),
        (0, 10, 10), (1, 10, 10), (5, 10, 10),
        (2, 0, 2), (2, 1, 2), (3, 0, 3), (4, 10, 4), (6, 1, 6),
    ],
)  # fmt: skip
def test_exit_status(original: int, verdict: int, expected: int) -> None:
    assert exit_status(original, Verdict(verdict, verdict == 0, "")) == expected
    assert exit_status(original, None) == original


def test_a_gate_on_money_does_not_hide_an_ordinary_failed_test() -> None:
    holds, void = Verdict(0, True, ""), Verdict(10, False, "")
    assert exit_status(1, holds, other_failures=1) == 1
    assert exit_status(1, void, other_failures=1) == 10


ENDS = st.lists(st.sampled_from([EARNED, UNEARNED, VOID, NOT_RUN]), min_size=1, max_size=12)


@given(ENDS, st.integers(0, 12_000), st.integers(0, 12))
def test_a_gate_that_holds_holds_whatever_the_void_tasks_would_have_done(
    ends: list[Outcome], dollars: int, allowed: int
) -> None:
    verdict = gate(*ends, min_payout=usd(dollars), max_infra_errors=allowed)
    if verdict.holds:
        worst = [UNEARNED if end is VOID else end for end in ends]
        best = [EARNED if end is VOID else end for end in ends]
        assert gate(*worst, min_payout=usd(dollars)).holds
        assert gate(*best, min_payout=usd(dollars)).holds


@given(ENDS, st.integers(0, 1000))
def test_percent_and_its_dollars_agree(ends: list[Outcome], tenths: int) -> None:
    percent = tenths / 10
    cents = len(ends) * tenths * 100  # $1,000 each: exact
    by_share = gate(*ends, min_payout=share(percent), max_infra_errors=12)
    by_cents = gate(*ends, min_payout=Threshold("cents", cents), max_infra_errors=12)
    assert by_share.exit_status == by_cents.exit_status
