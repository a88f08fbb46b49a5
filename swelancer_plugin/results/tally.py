"""The parts of a summary: what decides on an item, and sums over groups of items. Pure, exact."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.money import dollars
from swelancer_plugin.outcome import POLICIES, Outcome, Policy

BANDS: Final = (250_00, 500_00, 1000_00, 2000_00, 4000_00, 8000_00)
"""Upper bounds of the price bands, in cents; a last band takes what is above them all."""


TaskKey: TypeAlias = tuple[str, str]
"""Dataset and task id."""


def attempts_per_task(selected: Iterable[Selected]) -> Counter[TaskKey]:
    """Return how many attempts at each task were selected: what its payout is the mean over.

    The count, not the highest attempt number: ``--attempts 2 ...::b@2`` selects one of two.
    """
    return Counter((dataset, task_id) for dataset, task_id, _ in {each.key for each in selected})


@dataclass(frozen=True, slots=True)
class Money:
    """The cents of some items: their plain sum, and the payout they make."""

    sum_cents: int
    mean_cents: Fraction
    """Summed over tasks, of each the mean over its own selected attempts: exact."""

    @property
    def cents(self) -> int:
        """The payout in whole cents, rounded down: no cent unearned is shown."""
        return math.floor(self.mean_cents)

    def __str__(self) -> str:
        return dollars(self.cents)

    def __add__(self, other: Money) -> Money:
        return Money(self.sum_cents + other.sum_cents, self.mean_cents + other.mean_cents)


@dataclass(frozen=True, slots=True)
class Item:
    """One selected item, and the try that decides on it: the last one, or None if never run."""

    selected: Selected
    attempt: Attempt | None
    attempts: int = 1
    """How many attempts at its task were selected."""

    @property
    def outcome(self) -> Outcome:
        """How it ended; `not_run` without an attempt."""
        return Outcome.NOT_RUN if self.attempt is None else self.attempt.outcome

    @property
    def policy(self) -> Policy:
        """What the outcome means for the money."""
        return POLICIES[self.outcome]

    @property
    def price_cents(self) -> int:
        """What the item could pay."""
        return self.selected.price_cents

    @property
    def earned_cents(self) -> int:
        """What it paid."""
        return 0 if self.attempt is None else self.attempt.earned_cents

    @property
    def won(self) -> bool:
        """Whether the task was solved (a free task can be, too)."""
        return self.outcome is Outcome.EARNED or self.earned_cents > 0

    @property
    def reason(self) -> str:
        """Why it ended so, for people."""
        return self.policy.meaning if self.attempt is None else self.attempt.reason


@dataclass(frozen=True, slots=True)
class Group:
    """The sums of some items: all, or those of a variant, a price band, a dataset.

    `available` is every selected item's price. `counted` is the denominator of `rate`: the prices
    of the items whose outcome always counts, so without void (proven not the agent's doing),
    interrupted and not run.
    """

    name: str
    tasks: int
    items: int
    won: int
    earned: Money
    available: Money
    counted_items: int
    counted: Money

    @property
    def rate(self) -> Fraction | None:
        """Dollars earned over dollars counted; None where nothing counts."""
        return ratio(self.earned.mean_cents, self.counted.mean_cents)

    @property
    def solve_rate(self) -> Fraction | None:
        """Items solved over items counted; None where nothing counts."""
        return ratio(Fraction(self.won), Fraction(self.counted_items))

    def as_dict(self) -> dict[str, object]:
        """Return plain JSON values; `*_cents` are sums over all attempts, those of `mean` are not.

        Where all tasks have as many attempts, a mean is its sum over that number.
        """
        money = {"earned": self.earned, "available": self.available, "counted": self.counted}
        return {
            "name": self.name,
            "tasks": self.tasks,
            "items": self.items,
            "won": self.won,
            "counted_items": self.counted_items,
            **{f"{name}_cents": each.sum_cents for name, each in money.items()},
            "mean": {f"{name}_cents": number(each.mean_cents) for name, each in money.items()},
            "rate": number(self.rate),
            "solve_rate": number(self.solve_rate),
        }


@dataclass(frozen=True, slots=True)
class OutcomeTotal:
    """How many items ended in one way, and the money in them."""

    outcome: Outcome
    items: int
    price: Money
    earned: Money

    def as_dict(self) -> dict[str, int]:
        """Return plain JSON values; cents are sums over all attempts."""
        return {
            "items": self.items,
            "price_cents": self.price.sum_cents,
            "earned_cents": self.earned.sum_cents,
        }


def deciding_items(selected: Sequence[Selected], attempts: Iterable[Attempt]) -> tuple[Item, ...]:
    """Return each selected item with its last try, in the order of selection."""
    last: dict[tuple[str, str, int], Attempt] = {}
    for attempt in attempts:
        known = last.get(attempt.key)
        if known is None or attempt.try_number > known.try_number:
            last[attempt.key] = attempt
    unique = {each.key: each for each in selected}
    counts = attempts_per_task(selected)
    return tuple(Item(each, last.get(key), counts[key[:2]]) for key, each in unique.items())


def prices(items: Iterable[Item]) -> Money:
    """Return what some items could pay."""
    return _money((item.attempts, item.price_cents) for item in items)


def earnings(items: Iterable[Item]) -> Money:
    """Return what some items paid."""
    return _money((item.attempts, item.earned_cents) for item in items)


def _money(parts: Iterable[tuple[int, int]]) -> Money:
    sums: Counter[int] = Counter()  # by the number of attempts: fractions are slow to add up
    for attempts, cents in parts:
        sums[attempts] += cents
    mean = sum((Fraction(cents, attempts) for attempts, cents in sums.items()), Fraction(0))
    return Money(sums.total(), mean)


def group(name: str, items: Sequence[Item]) -> Group:
    """Return the sums of some items under a name."""
    counted = [item for item in items if item.policy.counted == "always"]
    return Group(
        name=name,
        tasks=len({item.selected.key[:2] for item in items}),
        items=len(items),
        won=sum(item.won for item in items),
        earned=earnings(items),
        available=prices(items),
        counted_items=len(counted),
        counted=prices(counted),
    )


def groups_by(items: Sequence[Item], name: Callable[[Item], str]) -> tuple[Group, ...]:
    """Return one group for each name that `name` gives, sorted by it."""
    members: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        members[name(item)].append(item)
    return tuple(group(key, members[key]) for key in sorted(members))


def price_bands(items: Sequence[Item]) -> tuple[Group, ...]:
    """Return the price bands that have items, the cheapest first."""
    members: defaultdict[int, list[Item]] = defaultdict(list)
    for item in items:
        members[sum(item.price_cents > bound for bound in BANDS)].append(item)
    names = [f"up to {dollars(bound)}" for bound in BANDS] + [f"above {dollars(BANDS[-1])}"]
    return tuple(group(names[band], members[band]) for band in sorted(members))


def outcome_totals(items: Sequence[Item]) -> tuple[OutcomeTotal, ...]:
    """Return the outcomes that occurred, in the order of the table."""
    members: defaultdict[Outcome, list[Item]] = defaultdict(list)
    for item in items:
        members[item.outcome].append(item)
    return tuple(
        OutcomeTotal(
            outcome,
            len(members[outcome]),
            prices(members[outcome]),
            earnings(members[outcome]),
        )
        for outcome in Outcome
        if outcome in members
    )


def percent(rate: Fraction | None) -> str:
    """Return a rate for people, rounded down to a tenth of a percent; a dash where there is none.

    Down, so that no display shows a threshold as reached that was not.
    """
    return "-" if rate is None else f"{math.floor(rate * 1000) / 10:.1f}%"


def ratio(part: Fraction, whole: Fraction) -> Fraction | None:
    """Return a rate, exact; None over nothing."""
    return part / whole if whole else None


def number(value: Fraction | None) -> int | float | None:
    """Return a number as JSON has it: a whole one as it is, any other to six places."""
    if value is None or value.denominator == 1:
        return None if value is None else int(value)
    return round(float(value), 6)


def several(count: int, noun: str) -> str:
    """Return a count with its noun, for people: ``1 task``, ``1,200 tasks``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
