"""The gate: whether a run paid enough, decided with whole numbers, said in one sentence."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Final

from swelancer_plugin.money import dollars
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.results.summary import Summary
from swelancer_plugin.results.tally import percent, ratio, several
from swelancer_plugin.settings import Settings, Threshold

HOLDS: Final = 0
MISSED: Final = 1
TOO_MANY_VOID: Final = 10
NOTHING_COLLECTED: Final = 5
"""pytest's own status for a run that selected no test."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a run."""

    exit_status: int
    """0 it holds, 1 it does not, 10 too many tasks ended void to tell."""
    holds: bool
    sentence: str
    """For people, with the margin."""

    def as_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return asdict(self)


def decide(summary: Summary, settings: Settings, collection_errors: int = 0) -> Verdict | None:
    """Return the gate's verdict, or None where no gate was asked for.

    Void, interrupted and not-run tasks are in the denominator and count as $0, so a gate that
    holds would hold whatever a void task might have earned.
    """
    if not settings.gated:
        return None
    too_many = _too_many_void(summary, settings.max_infra_errors or 0)
    if too_many is not None:
        return Verdict(TOO_MANY_VOID, False, too_many)
    obstacle = _obstacle(summary, settings, max(collection_errors, summary.collection_errors))
    if obstacle is not None:
        return Verdict(MISSED, False, f"Gate does not hold: {obstacle}.")
    if settings.min_payout is None:
        return _infrastructure_alone(summary)
    return _payout(summary, settings.min_payout)


def exit_status(original: int, verdict: Verdict | None, other_failures: int = 0) -> int:
    """Return the session's exit status: pytest's own, unless a gate decides on it.

    Only 0, 1 and 5 (nothing collected, on which no gate holds) are rewritten; an interrupted run
    and errors of use or of pytest keep theirs. `other_failures` counts failed tests that are no
    tasks: a gate on money does not hide them.
    """
    if verdict is None or original not in (HOLDS, MISSED, NOTHING_COLLECTED):
        return original
    if verdict.holds and (original == NOTHING_COLLECTED or other_failures):
        return MISSED
    return verdict.exit_status


def _too_many_void(summary: Summary, allowed: int) -> str | None:
    void = summary.count(Outcome.VOID)
    if void <= allowed:
        return None
    return (
        f"Gate can't decide: {several(void, 'task')} ended void, {allowed:,} allowed"
        f" (--max-infra-errors); they are worth {summary.void}."
    )


def _obstacle(summary: Summary, settings: Settings, collection_errors: int) -> str | None:
    """Return why no number could make the gate hold, or None."""
    if collection_errors:  # first: with -n nothing is selected then
        errors = several(collection_errors, "collection error")
        return f"{errors}, so not every task was selected"
    if not summary.items:
        return "no task was selected"
    if summary.uneven and settings.min_payout is not None:
        return (
            f"tasks have {summary.attempts_words} attempts,"
            " and a payout is compared only where all tasks were tried equally often"
        )
    if settings.allow_untrusted_gate:
        return None
    refused = "which a gate takes only with --allow-untrusted-gate"
    if settings.privileged or summary.privileged:
        return f"gold saw the answers, {refused}"
    if summary.unsealed:
        return f"the run is unsealed ({summary.unsealed:,} of {len(summary.items):,}), {refused}"
    return None


def _infrastructure_alone(summary: Summary) -> Verdict:
    """Decide a gate on void tasks alone: of a task that never ran nothing is known."""
    unknown = summary.count(Outcome.NOT_RUN, Outcome.INTERRUPTED)
    if unknown:
        sentence = (
            f"Gate does not hold: {unknown:,} of {len(summary.items):,} did not run to the end."
        )
        return Verdict(MISSED, False, sentence)
    void = summary.count(Outcome.VOID)
    return Verdict(HOLDS, True, f"Gate holds: {void:,} of {len(summary.items):,} ended void.")


def _payout(summary: Summary, threshold: Threshold) -> Verdict:
    required = _required(summary, threshold)
    margin = summary.total.earned.mean_cents - required
    earned = f"earned {summary.total.earned} of {summary.total.available}"
    wanted = f"the required {_describe(summary, threshold, required)}"
    apart = _apart(margin)
    if margin >= 0:
        words = f"{apart} above {wanted}" if margin else f"exactly {wanted}"
        return Verdict(HOLDS, True, f"Gate holds: {earned}, {words}.")
    sentence = f"Gate missed: {earned}, {apart} below {wanted}"
    if margin + summary.void.mean_cents >= 0:
        sentence += f"; void tasks worth {summary.void} could have tipped it"
    return Verdict(MISSED, False, f"{sentence}.")


def _required(summary: Summary, threshold: Threshold) -> Fraction:
    """Return the payout in cents that the gate asks for: exact."""
    # Through the float's shortest decimal, which is what was typed: 47.1, not 47.10000000000000142.
    value = Fraction(str(threshold.value))
    if threshold.kind == "cents":
        return value
    return value / 100 * summary.total.available.mean_cents


def _describe(summary: Summary, threshold: Threshold, required: Fraction) -> str:
    if threshold.kind == "cents":
        return str(threshold)
    total = summary.total
    rate = percent(ratio(total.earned.mean_cents, total.available.mean_cents))
    return f"{threshold} ({dollars(math.ceil(required))}; {rate} was earned)"


def _apart(margin: Fraction) -> str:
    """Return the distance to the threshold; a shortfall is never rounded to nothing."""
    cents = abs(margin)
    if cents < 1:
        return "less than a cent"
    return dollars(math.floor(cents) if margin > 0 else math.ceil(cents))
