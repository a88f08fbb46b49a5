"""The dollars earned so far, while a run is going on: progress line and verbose words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

import pytest

from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.money import dollars
from swelancer_plugin.outcome import POLICIES, Outcome
from swelancer_plugin.reporting.records import attempt_of, decides
from swelancer_plugin.results.tally import TaskKey, attempts_per_task

AMOUNT_WIDTH: Final = 10
"""Columns for the total in the progress line: enough for $1,000,000."""

Word: TypeAlias = tuple[str, str, tuple[str, dict[str, bool]]]
"""What `pytest_report_teststatus` returns: category, letter, verbose word and its markup."""


class RunningTotal:
    """The payout so far: the mean over a task's attempts, each item counted by its last try.

    Until `expect` is told what was selected, every task is taken to have `attempts`.
    """

    def __init__(self, attempts: int = 1) -> None:
        self._attempts = attempts
        self._counts: Mapping[TaskKey, int] = {}
        self._earned: dict[tuple[str, str, int], tuple[int, int]] = {}
        self._cents = Fraction(0)

    def expect(self, selected: Sequence[Selected]) -> None:
        """Take each task's number of attempts from the selection, once it is known."""
        self._counts = attempts_per_task(selected)
        shares = (self._share(key, cents) for key, (_, cents) in self._earned.items())
        self._cents = sum(shares, Fraction(0))

    def add(self, attempt: Attempt) -> None:
        """Count an attempt; telling the same one twice changes nothing."""
        known = self._earned.get(attempt.key, (0, 0))
        entry = max(known, (attempt.try_number, attempt.earned_cents))
        self._earned[attempt.key] = entry
        self._cents += self._share(attempt.key, entry[1] - known[1])

    def _share(self, key: tuple[str, str, int], cents: int) -> Fraction:
        return Fraction(cents, self._counts.get(key[:2], self._attempts))

    @property
    def started(self) -> bool:
        """Whether any task has ended."""
        return bool(self._earned)

    @property
    def cents(self) -> int:
        """The total in cents, rounded down."""
        return math.floor(self._cents)

    def __str__(self) -> str:
        return dollars(self.cents)


def word(report: pytest.CollectReport | pytest.TestReport, total: RunningTotal) -> Word | None:
    """Return how a task's report is shown, or None to leave it to pytest.

    Reads only, for pytest asks several times per report: call ``total.add`` in
    ``pytest_runtest_logreport(tryfirst=True)``. Void is pytest's own category `error`, and so is,
    by pytest's own words, a teardown that fails. A task that paid nothing is `unearned`, not
    `failed`: pytest writes a block of text for each failure.
    """
    attempt = attempt_of(report)
    if attempt is None or not decides(report):
        return None
    policy = POLICIES[attempt.outcome]
    price = dollars(attempt.price_cents)
    label = attempt.outcome.value.upper().replace("_", " ")
    if attempt.outcome is Outcome.VOID:
        return "error", policy.letter, (f"VOID {price}", {"red": True})
    if attempt.outcome is Outcome.EARNED or attempt.earned_cents:
        return "earned", POLICIES[Outcome.EARNED].letter, _totalled("EARNED", price, total, "green")
    category = "interrupted" if attempt.outcome is Outcome.INTERRUPTED else "unearned"
    return category, policy.letter, _totalled(label, price, total, "yellow")


def _totalled(
    label: str, price: str, total: RunningTotal, colour: str
) -> tuple[str, dict[str, bool]]:
    return f"{label} {price} (total {total})", {colour: True}


def show_total(reporter: pytest.TerminalReporter | None, total: RunningTotal) -> None:
    """Put the dollars so far before the percentage at the end of each progress line.

    There is no public way to; where pytest's private one is missing, or with ``-p no:terminal``,
    nothing changes, and verbose output has the total in its words. Call once, on the controller.
    """
    original: Callable[[], str] | None = getattr(
        reporter, "_get_progress_information_message", None
    )
    width = getattr(reporter, "_screen_width", None)
    if reporter is None or original is None or not isinstance(width, int):
        return

    def message() -> str:
        text = original()
        if not text or not total.started or reporter.showlongtestinfo:
            return text
        return f" {total!s:>{AMOUNT_WIDTH}}{text}"

    vars(reporter)["_get_progress_information_message"] = message
    # pytest breaks the line where its own message would still fit; ours needs more columns.
    vars(reporter)["_screen_width"] = width - AMOUNT_WIDTH - 1
