"""Selected items and attempts, made short for the tests of results and reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import Variant


def selected(
    task_id: str = "1_1",
    price: int = 1000,
    *,
    attempt: int = 1,
    dataset: str = "official",
    variant: Variant = "swe_manager",
    title: str = "A title",
) -> Selected:
    """Return a selected item; the price is in whole dollars."""
    suffix = "" if attempt == 1 else f"@{attempt}"
    nodeid = f"{dataset}.csv::{task_id}{suffix}"
    return Selected(dataset, task_id, variant, title, price * 100, attempt, nodeid)


def tried(
    item: Selected, outcome: Outcome = Outcome.EARNED, *, number: int = 1, **changes: object
) -> Attempt:
    """Return an attempt at an item that ended in `outcome`."""
    values: dict[str, Any] = {
        "dataset": item.dataset,
        "task_id": item.task_id,
        "variant": item.variant,
        "title": item.title,
        "price_cents": item.price_cents,
        "attempt": item.attempt,
        "try_number": number,
        "nodeid": item.nodeid,
        "model": "longest",
        "agent": "longest",
        "outcome": outcome,
        "earned_cents": item.price_cents if outcome is Outcome.EARNED else 0,
        "reason": f"because it is {outcome.value}",
        "started_at": "2025-01-01T00:00:00Z",
        "seconds": {"provision": 0.5, "agent": 1.0},
        "computer": "docker",
        "sealed": True,
    }
    return Attempt(**{**values, **changes})


def run(*outcomes: Outcome, price: int = 1000) -> tuple[Sequence[Selected], list[Attempt]]:
    """Return one item per outcome, all of one price, `not_run` ones without an attempt."""
    items = [selected(f"{number}_1", price) for number in range(1, len(outcomes) + 1)]
    attempts = [
        tried(item, outcome)
        for item, outcome in zip(items, outcomes, strict=True)
        if outcome is not Outcome.NOT_RUN
    ]
    return items, attempts
