"""What the models of a run took: turns, tokens, dollars; and what is left of the earnings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Final

from swelancer_plugin.attempt import Attempt
from swelancer_plugin.results.tally import Money, TaskKey, number, several

_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Spend:
    """Sums over all tries of a run, those that were tried again too: they were paid for.

    A price that is not known is no 0: `cost` then is what is known, and `unknown` says of how many
    tries it is not.
    """

    turns: int = 0
    retries: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost: Decimal = Decimal(0)
    """Dollars, over all attempts."""
    mean_cost: Fraction = Fraction(0)
    """Dollars: summed over tasks, of each the mean over its attempts, as `Money` has it."""
    unknown: int = 0

    @property
    def asked(self) -> bool:
        """Whether any model was asked."""
        return self.turns > 0

    def profit(self, earned: Money) -> Fraction | None:
        """Return what was earned less what that cost, in dollars; None where a price is unknown."""
        return None if self.unknown else earned.mean_cents / 100 - self.mean_cost

    @property
    def words(self) -> str:
        """Turns and tokens, for people."""
        cached = f" ({self.cached_tokens:,} cached)" if self.cached_tokens else ""
        thought = f" ({self.reasoning_tokens:,} reasoning)" if self.reasoning_tokens else ""
        retries = f" ({several(self.retries, 'retry').replace('retrys', 'retries')})"
        return (
            f"{several(self.turns, 'turn')}{retries if self.retries else ''}, "
            f"{several(self.input_tokens, 'token')} in{cached}, {self.output_tokens:,} out{thought}"
        )

    def cost_words(self, earned: Money) -> str:
        """Cost and profit, for people; costs rounded up to a cent, profits down."""
        if self.unknown and not self.cost:
            return "model cost unknown: no price for this model (--price-file)"
        cost = usd(self.cost, ROUND_CEILING)
        if self.unknown:
            return (
                f"model cost at least {cost}: no price for {several(self.unknown, 'try')}"
                " (--price-file)"
            ).replace("trys", "tries")
        profit = self.profit(earned)
        assert profit is not None
        left = usd(Decimal(profit.numerator) / Decimal(profit.denominator), ROUND_FLOOR)
        return f"model cost {cost}, profit {left}"

    def as_dict(self, earned: Money) -> dict[str, object]:
        """Return plain JSON values; dollars as decimal text, null where a price is unknown."""
        profit = self.profit(earned)
        return {
            "turns": self.turns,
            "retries": self.retries,
            "input_tokens": self.input_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "cost_usd": None if self.unknown else str(self.cost),
            "known_cost_usd": str(self.cost),
            "tries_of_unknown_cost": self.unknown,
            "profit_usd": number(profit),
        }


def spend(attempts: Iterable[Attempt], counts: Mapping[TaskKey, int]) -> Spend:
    """Return what some tries took; `counts` holds the selected attempts of each task.

    Tries at tasks that were not selected are left out.
    """
    tries = [each for each in attempts if each.key[:2] in counts]
    costs = [(each, each.dollars_spent) for each in tries]
    known = [(each, cost) for each, cost in costs if cost is not None]
    return Spend(
        turns=sum(each.turns for each in tries),
        retries=sum(each.retries for each in tries),
        input_tokens=sum(each.input_tokens for each in tries),
        cached_tokens=sum(each.cached_tokens for each in tries),
        output_tokens=sum(each.output_tokens for each in tries),
        reasoning_tokens=sum(each.reasoning_tokens for each in tries),
        cost=sum((cost for _, cost in known), Decimal(0)),
        mean_cost=sum(
            (Fraction(cost) / counts[each.key[:2]] for each, cost in known if cost), Fraction(0)
        ),
        unknown=len(costs) - len(known),
    )


def usd(amount: Decimal, rounding: str) -> str:
    """Return dollars and cents for people: ``$1,234.56``, ``-$0.50``."""
    cents = amount.quantize(_CENT, rounding)
    return f"{'-' if cents < 0 else ''}${abs(cents):,.2f}"
