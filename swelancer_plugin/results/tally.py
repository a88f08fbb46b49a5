"""The parts of a summary: what decides on an item, and sums over groups of items. Pure, exact."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Final

from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.money import dollars
from swelancer_plugin.outcome import POLICIES, Outcome, Policy

BANDS: Final = (250_00, 500_00, 1000_00, 2000_00, 4000_00, 8000_00)
"""Upper bounds of the price bands, in cents; a last band takes what is above them all."""


@dataclass(frozen=True, slots=True)
class Item:
    """One selected item, and the try that decides on it: the last one, or None if never run."""

    selected: Selected
    attempt: Attempt | None

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

    `available_cents` is every selected item's price. `counted_cents` is the denominator of `rate`:
    the prices of the items whose outcome always counts, so without void (proven not the agent's
    doing), interrupted and not run.
    """

    name: str
    tasks: int
    items: int
    won: int
    earned_cents: int
    available_cents: int
    counted_items: int
    counted_cents: int

    @property
    def rate(self) -> Fraction | None:
        """Dollars earned over dollars counted; None where nothing counts."""
        return ratio(self.earned_cents, self.counted_cents)

    @property
    def solve_rate(self) -> Fraction | None:
        """Items solved over items counted; None where nothing counts."""
        return ratio(self.won, self.counted_items)

    def as_dict(self) -> dict[str, object]:
        """Return plain JSON values; `*_cents` are sums over all attempts."""
        return {**asdict(self), "rate": number(self.rate), "solve_rate": number(self.solve_rate)}


@dataclass(frozen=True, slots=True)
class OutcomeTotal:
    """How many items ended in one way, and the money in them."""

    outcome: Outcome
    items: int
    price_cents: int
    earned_cents: int

    def as_dict(self) -> dict[str, int]:
        """Return plain JSON values."""
        return {
            "items": self.items,
            "price_cents": self.price_cents,
            "earned_cents": self.earned_cents,
        }


def deciding_items(selected: Sequence[Selected], attempts: Iterable[Attempt]) -> tuple[Item, ...]:
    """Return each selected item with its last try, in the order of selection."""
    last: dict[tuple[str, str, int], Attempt] = {}
    for attempt in attempts:
        known = last.get(attempt.key)
        if known is None or attempt.try_number > known.try_number:
            last[attempt.key] = attempt
    unique = {each.key: each for each in selected}
    return tuple(Item(each, last.get(key)) for key, each in unique.items())


def group(name: str, items: Sequence[Item]) -> Group:
    """Return the sums of some items under a name."""
    counted = [item for item in items if item.policy.counted == "always"]
    return Group(
        name=name,
        tasks=len({item.selected.key[:2] for item in items}),
        items=len(items),
        won=sum(item.won for item in items),
        earned_cents=sum(item.earned_cents for item in items),
        available_cents=sum(item.price_cents for item in items),
        counted_items=len(counted),
        counted_cents=sum(item.price_cents for item in counted),
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
            sum(item.price_cents for item in members[outcome]),
            sum(item.earned_cents for item in members[outcome]),
        )
        for outcome in Outcome
        if outcome in members
    )


def percent(rate: Fraction | None) -> str:
    """Return a rate for people, rounded down to a tenth of a percent; a dash where there is none.

    Down, so that no display shows a threshold as reached that was not.
    """
    return "-" if rate is None else f"{math.floor(rate * 1000) / 10:.1f}%"


def ratio(part: int, whole: int) -> Fraction | None:
    """Return a rate, exact; None over nothing."""
    return Fraction(part, whole) if whole else None


def number(rate: Fraction | None) -> float | None:
    """Return a rate as JSON has it, to six places."""
    return None if rate is None else round(float(rate), 6)
