"""From attempts to numbers: pure, exact, the one object that every report and the gate print.

Money is integer cents, summed over items. With ``--attempts N`` a task has N items, so what a run
paid is the sum over N, the mean and never the best: `Summary.mean` does that division, for display.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.money import dollars
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.results.tally import (
    Group,
    Item,
    OutcomeTotal,
    deciding_items,
    group,
    groups_by,
    number,
    outcome_totals,
    price_bands,
    ratio,
)

SCHEMA_VERSION: Final = 1
WITHOUT_REPOSITORY: Final = "none"
"""`Attempt.repository` of a task that was worked on over an empty working directory."""


@dataclass(frozen=True, slots=True)
class Summary:
    """All numbers of a run. Cents are sums over items, of which a task has `attempts`."""

    items: tuple[Item, ...]
    attempts: int
    """The highest attempt number selected; 1 for an empty run."""
    total: Group
    variants: tuple[Group, ...]
    bands: tuple[Group, ...]
    datasets: tuple[Group, ...]
    outcomes: tuple[OutcomeTotal, ...]
    """In the order of the outcome table, those that occurred."""
    seconds: tuple[tuple[str, float], ...]
    """Wall seconds by phase, summed over the deciding tries."""
    privileged: int
    unsealed: int
    without_repository: int
    shared_ids: int
    """Task ids that more than one dataset has; each counts once for every dataset."""
    collection_errors: int

    @property
    def earned_cents(self) -> int:
        """The sum of what all items paid."""
        return self.total.earned_cents

    @property
    def available_cents(self) -> int:
        """The sum of all items' prices, whatever became of them."""
        return self.total.available_cents

    @property
    def rate(self) -> Fraction | None:
        """Dollars earned over dollars counted (see `Group`); None where nothing counts."""
        return self.total.rate

    def mean(self, cents: int) -> int:
        """Return the mean per attempt in whole cents, rounded down: no cent unearned is shown."""
        return cents // self.attempts

    def count(self, *outcomes: Outcome) -> int:
        """Return how many items ended in one of these ways."""
        return sum(each.items for each in self.outcomes if each.outcome in outcomes)

    @property
    def void_cents(self) -> int:
        """The prices of the void items, in no rate's denominator."""
        return sum(each.price_cents for each in self.outcomes if each.outcome is Outcome.VOID)

    @property
    def worst_rate(self) -> Fraction | None:
        """The rate if no void item had earned a thing."""
        return ratio(self.earned_cents, self.total.counted_cents + self.void_cents)

    @property
    def best_rate(self) -> Fraction | None:
        """The rate if every void item had earned its price."""
        best = self.earned_cents + self.void_cents
        return ratio(best, self.total.counted_cents + self.void_cents)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before believing the numbers, one sentence each."""
        item = "task" if self.attempts == 1 else "attempt"
        said = (
            (self.privileged, item, "privileged: gold saw the answers, which proves nothing"),
            (self.unsealed, item, "UNSEALED: the work could be changed after the agent had ended"),
            (self.without_repository, item, "without repository, over an empty working directory"),
            (self.shared_ids, "task id", "shared by several datasets, counted in each"),
            (self.count(Outcome.NOT_RUN), item, "not run: $0, and in no rate"),
            (self.count(Outcome.INTERRUPTED), item, "interrupted: $0, and in no rate"),
            (self.collection_errors, "collection error", "so not every task was selected"),
        )
        return tuple(
            f"{count:,} {noun}{'' if count == 1 else 's'} {text}"
            for count, noun, text in said
            if count
        )

    def as_dict(self) -> dict[str, object]:
        """Return plain JSON values with stable keys. Texts with a dollar sign are for people."""
        return {
            "schema": SCHEMA_VERSION,
            "attempts": self.attempts,
            "earned": dollars(self.mean(self.earned_cents)),
            "available": dollars(self.mean(self.available_cents)),
            "total": self.total.as_dict(),
            "variants": [group.as_dict() for group in self.variants],
            "price_bands": [group.as_dict() for group in self.bands],
            "datasets": [group.as_dict() for group in self.datasets],
            "outcomes": {each.outcome.value: each.as_dict() for each in self.outcomes},
            "void": self._void_dict(),
            "privileged": self.privileged,
            "unsealed": self.unsealed,
            "without_repository": self.without_repository,
            "shared_ids": self.shared_ids,
            "not_run": self.count(Outcome.NOT_RUN),
            "interrupted": self.count(Outcome.INTERRUPTED),
            "collection_errors": self.collection_errors,
            "seconds": {phase: round(spent, 3) for phase, spent in self.seconds},
            "notes": list(self.notes),
        }

    def _void_dict(self) -> dict[str, object]:
        void = [item for item in self.items if item.outcome is Outcome.VOID]
        return {
            "items": len(void),
            "price_cents": self.void_cents,
            "worst_rate": number(self.worst_rate),
            "best_rate": number(self.best_rate),
            "reasons": [
                {
                    "dataset": item.selected.dataset,
                    "task_id": item.selected.task_id,
                    "attempt": item.selected.attempt,
                    "reason": item.reason,
                }
                for item in void
            ],
        }


def summarise(
    selected: Sequence[Selected], attempts: Iterable[Attempt], collection_errors: int = 0
) -> Summary:
    """Return the numbers of a run: what was selected, and what became of it.

    An item selected twice counts once; attempts at what was not selected are left out.
    """
    items = deciding_items(selected, attempts)
    done = [item.attempt for item in items if item.attempt is not None]
    return Summary(
        items=items,
        attempts=max((item.selected.attempt for item in items), default=1),
        total=group("all", items),
        variants=groups_by(items, lambda item: item.selected.variant),
        bands=price_bands(items),
        datasets=groups_by(items, lambda item: item.selected.dataset),
        outcomes=outcome_totals(items),
        seconds=_seconds(done),
        privileged=sum(attempt.privileged for attempt in done),
        unsealed=sum(not each.sealed and each.outcome is not Outcome.VOID for each in done),
        without_repository=sum(attempt.repository == WITHOUT_REPOSITORY for attempt in done),
        shared_ids=_shared_ids(items),
        collection_errors=collection_errors,
    )


def _seconds(attempts: Sequence[Attempt]) -> tuple[tuple[str, float], ...]:
    phases: defaultdict[str, float] = defaultdict(float)
    for attempt in attempts:
        for phase, spent in attempt.seconds.items():
            phases[phase] += spent
    return tuple(phases.items())


def _shared_ids(items: Sequence[Item]) -> int:
    tasks = {(item.selected.dataset, item.selected.task_id) for item in items}
    return sum(count > 1 for count in Counter(task_id for _, task_id in tasks).values())
