"""What a session selected, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from swelancer_plugin.attempt import Selected
from swelancer_plugin.money import dollars
from swelancer_plugin.results.summary import summarise


def selection_lines(selected: Sequence[Selected]) -> list[str]:
    """Return how many tasks were selected and what they are worth, per dataset where several."""
    if not selected:
        return []
    summary = summarise(selected, ())
    money = dollars(summary.mean(summary.available_cents))
    text = f"selected {_tasks(summary.total.tasks)}, {money}"
    if summary.attempts > 1:
        text += f", {summary.attempts} attempts each"
    lines = [text]
    if len(summary.datasets) > 1:
        lines += [
            f"  {each.name}: {_tasks(each.tasks)}, {dollars(summary.mean(each.available_cents))}"
            for each in summary.datasets
        ]
    if summary.shared_ids:
        lines.append(f"  {summary.shared_ids:,} task ids are in more than one dataset")
    return lines


def _tasks(count: int) -> str:
    return f"{count:,} task" if count == 1 else f"{count:,} tasks"
