"""What a session selected, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from swelancer_plugin.attempt import Selected
from swelancer_plugin.results.summary import summarise
from swelancer_plugin.results.tally import several


def selection_lines(selected: Sequence[Selected]) -> list[str]:
    """Return how many tasks were selected and what they are worth, per dataset where several."""
    if not selected:
        return []
    summary = summarise(selected, ())
    text = f"selected {several(summary.total.tasks, 'task')}, {summary.total.available}"
    if summary.attempts > 1:
        text += f", {summary.attempts_words} attempts each"
    lines = [text]
    if len(summary.datasets) > 1:
        lines += [
            f"  {each.name}: {several(each.tasks, 'task')}, {each.available}"
            for each in summary.datasets
        ]
    if summary.shared_ids:
        lines.append(f"  {several(summary.shared_ids, 'task id')} in more than one dataset")
    return lines
