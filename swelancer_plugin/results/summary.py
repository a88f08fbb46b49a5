"""From attempts to numbers: pure, exact, the one object that every report and the gate print.

Prices and payments are integer cents. With ``--attempts N`` a task has N items, and it pays the
mean over those selected, never the best: `Money` keeps sum and mean, both exact.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.results.spend import Spend, spend
from swelancer_plugin.results.tally import (
    Group,
    Item,
    Money,
    OutcomeTotal,
    attempts_per_task,
    deciding_items,
    group,
    groups_by,
    number,
    outcome_totals,
    price_bands,
    prices,
    ratio,
    several,
)

SCHEMA_VERSION: Final = 1
WITHOUT_REPOSITORY: Final = "none"
"""`Attempt.repository` of a task that was worked on over an empty working directory."""


@dataclass(frozen=True, slots=True)
class Summary:
    """All numbers of a run."""

    items: tuple[Item, ...]
    attempts: int
    """How many attempts at a task were selected (of the task with the most); 1 for an empty run."""
    fewest_attempts: int
    """The same of the task with the fewest."""
    total: Group
    variants: tuple[Group, ...]
    bands: tuple[Group, ...]
    datasets: tuple[Group, ...]
    outcomes: tuple[OutcomeTotal, ...]
    """In the order of the outcome table, those that occurred."""
    seconds: tuple[tuple[str, float], ...]
    """Wall seconds by phase, summed over the deciding tries."""
    spend: Spend
    privileged: int
    unsealed: int
    without_repository: int
    shared_ids: int
    """Task ids that more than one dataset has; each counts once for every dataset."""
    collection_errors: int
    agents: tuple[tuple[str, str], ...]
    """Each agent that is not simply its model, with the model it was given."""

    @property
    def uneven(self) -> bool:
        """Whether tasks differ in how many attempts were selected."""
        return self.fewest_attempts != self.attempts

    @property
    def attempts_words(self) -> str:
        """How many attempts a task has, for people: ``2``, or ``1 to 2``."""
        return f"{self.fewest_attempts} to {self.attempts}" if self.uneven else f"{self.attempts}"

    def count(self, *outcomes: Outcome) -> int:
        """Return how many items ended in one of these ways."""
        return sum(each.items for each in self.outcomes if each.outcome in outcomes)

    @property
    def void(self) -> Money:
        """The prices of the void items, in no rate's denominator."""
        return prices(item for item in self.items if item.outcome is Outcome.VOID)

    @property
    def worst_rate(self) -> Fraction | None:
        """The rate if no void item had earned a thing."""
        return ratio(self.total.earned.mean_cents, (self.total.counted + self.void).mean_cents)

    @property
    def best_rate(self) -> Fraction | None:
        """The rate if every void item had earned its price."""
        best = (self.total.earned + self.void).mean_cents
        return ratio(best, (self.total.counted + self.void).mean_cents)

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
        words = [f"agent: {agent} (with --model {model})" for agent, model in self.agents]
        if self.uneven:
            words.append(
                f"tasks have {self.attempts_words} attempts: each pays the mean over its own"
            )
        words += [f"{several(count, noun)} {text}" for count, noun, text in said if count]
        return tuple(words)

    def as_dict(self) -> dict[str, object]:
        """Return plain JSON values with stable keys. Texts with a dollar sign are for people."""
        return {
            "schema": SCHEMA_VERSION,
            "attempts": None if self.uneven else self.attempts,
            "earned": str(self.total.earned),
            "available": str(self.total.available),
            "total": self.total.as_dict(),
            "variants": [group.as_dict() for group in self.variants],
            "price_bands": [group.as_dict() for group in self.bands],
            "datasets": [group.as_dict() for group in self.datasets],
            "outcomes": {each.outcome.value: each.as_dict() for each in self.outcomes},
            "void": self._void_dict(),
            "spend": self.spend.as_dict(self.total.earned),
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
            "price_cents": self.void.sum_cents,
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
    attempts = list(attempts)
    items = deciding_items(selected, attempts)
    done = [item.attempt for item in items if item.attempt is not None]
    counts = {item.attempts for item in items} or {1}
    return Summary(
        items=items,
        attempts=max(counts),
        fewest_attempts=min(counts),
        total=group("all", items),
        variants=groups_by(items, lambda item: item.selected.variant),
        bands=price_bands(items),
        datasets=groups_by(items, lambda item: item.selected.dataset),
        outcomes=outcome_totals(items),
        seconds=_seconds(done),
        spend=spend(attempts, attempts_per_task(selected)),
        privileged=sum(attempt.privileged for attempt in done),
        unsealed=sum(not each.sealed and each.outcome is not Outcome.VOID for each in done),
        without_repository=sum(attempt.repository == WITHOUT_REPOSITORY for attempt in done),
        shared_ids=_shared_ids(items),
        collection_errors=collection_errors,
        agents=tuple(sorted({(a.agent, a.model) for a in done if a.agent != a.model})),
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
