from __future__ import annotations

from swelancer_plugin.outcome import POLICIES, Outcome


def test_every_outcome_has_one_policy() -> None:
    assert set(POLICIES) == set(Outcome)


def test_only_a_proven_outside_cause_is_tried_again_and_left_out_of_the_rate() -> None:
    assert [outcome for outcome in Outcome if POLICIES[outcome].retried] == [Outcome.VOID]
    never = [outcome for outcome in Outcome if POLICIES[outcome].counted == "never"]
    assert never == [Outcome.VOID]


def test_only_earned_and_limit_can_pay() -> None:
    paying = [outcome for outcome in Outcome if POLICIES[outcome].pays != "nothing"]
    assert paying == [Outcome.EARNED, Outcome.LIMIT]


def test_letters_fit_one_column() -> None:
    assert all(len(policy.letter) == 1 for policy in POLICIES.values())
