"""What other tools read: summary.json, results.csv, and the link to the latest run."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from swelancer_plugin.attempt import Attempt, Selected
from swelancer_plugin.files import atomic_write
from swelancer_plugin.reporting.records import plain
from swelancer_plugin.results.gate import Verdict
from swelancer_plugin.results.summary import Summary
from swelancer_plugin.results.tally import Item, deciding_items

COLUMNS: Final = (
    "dataset",
    "task_id",
    "variant",
    "title",
    "price_usd",
    "attempt",
    "outcome",
    "earned_usd",
    "reason",
    "seconds",
    "model",
    "agent",
    "sealed",
    "try",
    "turns",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_usd",
    "profit_usd",
)
LATEST: Final = "latest"
FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for a formula's beginning, fullwidth forms too."""


def write_summary_json(
    path: Path, summary: Summary, verdict: Verdict | None, facts: Mapping[str, object]
) -> None:
    """Write summary, gate verdict (null without a gate) and facts of the run (model, run id...).

    `facts` must be plain JSON values. Raises OSError; an older file is replaced in one step.
    """
    document = {
        "run": dict(facts),
        "summary": summary.as_dict(),
        "gate": None if verdict is None else verdict.as_dict(),
    }
    atomic_write(path, (json.dumps(document, indent=2, allow_nan=False) + "\n").encode())


def write_results_csv(
    path: Path, selected: Sequence[Selected], attempts: Iterable[Attempt]
) -> None:
    """Write one row per selected item, those that never ran too, with its deciding try.

    Money is dollars with two decimals. No cell is a formula to a spreadsheet. Raises OSError.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    writer.writerows(_row(item) for item in deciding_items(selected, attempts))
    atomic_write(path, buffer.getvalue().encode())


def point_latest(reports: Path, run: Path) -> None:
    """Let `reports`/latest lead to the run's directory.

    Where it can't be a link (no right to make one, or a real directory has the name) the run's
    path is written to `reports`/latest.txt. Raises OSError if that can't be written either.
    """
    target = os.path.relpath(run.absolute(), reports.absolute())
    temporary = reports / f".tmp-{secrets.token_hex(8)}"
    note = reports / f"{LATEST}.txt"
    try:
        temporary.symlink_to(target, target_is_directory=True)
        temporary.replace(reports / LATEST)
    except OSError:
        temporary.unlink(missing_ok=True)
        atomic_write(note, (target + "\n").encode(errors="surrogateescape"))
    else:
        note.unlink(missing_ok=True)


def _row(item: Item) -> list[str]:
    selected, attempt = item.selected, item.attempt
    return [*_decided(item, selected, attempt), *_spent(item, attempt)]


def _spent(item: Item, attempt: Attempt | None) -> list[str]:
    """Return what the deciding try took; cost and profit are empty where the price is unknown."""
    if attempt is None:
        return [""] * 7
    cost = attempt.dollars_spent
    return [
        str(attempt.turns),
        str(attempt.input_tokens),
        str(attempt.cached_tokens),
        str(attempt.output_tokens),
        str(attempt.reasoning_tokens),
        "" if cost is None else f"{cost:f}",
        "" if cost is None else f"{Decimal(item.earned_cents) / 100 - cost:f}",
    ]


def _decided(item: Item, selected: Selected, attempt: Attempt | None) -> list[str]:
    return [
        _cell(selected.dataset),
        _cell(selected.task_id),
        selected.variant,
        _cell(selected.title),
        _usd(item.price_cents),
        str(selected.attempt),
        item.outcome.value,
        _usd(item.earned_cents),
        _cell(item.reason),
        "" if attempt is None else f"{attempt.duration:.3f}",
        "" if attempt is None else _cell(attempt.model),
        "" if attempt is None else _cell(attempt.agent),
        "" if attempt is None else str(attempt.sealed).lower(),
        "" if attempt is None else str(attempt.try_number),
    ]


def _usd(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _cell(text: str) -> str:
    """Return a text on one line that a spreadsheet takes as text and no terminal obeys."""
    line = plain(text)
    return f"'{line}" if line.startswith(FORMULA) else line
