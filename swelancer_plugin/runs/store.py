"""A run's directory: the journal. One directory per try, its record written last and atomically.

Nothing here is ever deleted or overwritten, so a run can be cut off at any byte.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from swelancer_plugin.attempt import Attempt, Selected, attempt_directory
from swelancer_plugin.files import atomic_write

RECORD = "attempt.json"
SELECTION = "selection.json"


class RunExists(Exception):
    """Another run owns that directory."""


def create_run(reports: Path, name: str, *, unique: bool) -> Path:
    """Make and return the directory of a new run.

    With `unique`, a name that is taken is refused with RunExists; otherwise it is numbered.
    """
    reports.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        path = reports / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            if unique:
                raise RunExists(f"{path} exists; give the run another name") from None
            number += 1
        else:
            return path


def allocate_try(run: Path, dataset: str, task_id: str, attempt: int) -> tuple[int, Path]:
    """Make a directory for the next try of an attempt; return its number (from 1) and path."""
    number = 1
    while True:
        path = run / attempt_directory(dataset, task_id, attempt, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return number, path


def last_try(run: Path, selected: Selected) -> tuple[int, Path] | None:
    """Return number and path of an attempt's last try, or None before the first."""
    number = 1
    found = None
    while (path := run / attempt_directory(*selected.key, number)).is_dir():
        found = (number, path)
        number += 1
    return found


def write_attempt(directory: Path, attempt: Attempt) -> None:
    """Write a try's record, once."""
    atomic_write(directory / RECORD, attempt.to_json().encode("ascii"))


def read_attempts(run: Path) -> tuple[list[Attempt], list[str]]:
    """Return every finished try of a run, in a stable order, and what is wrong with the records
    that can't be read: one line each, naming the file. The others stand.
    """
    attempts, problems = [], []
    for path in sorted(run.glob(f"tasks/*/*/attempt-*/try-*/{RECORD}")):
        try:
            attempts.append(Attempt.from_json(path.read_bytes()))
        except (ValueError, OSError) as error:
            problems.append(f"unreadable record {path}: {' '.join(str(error).split())[:300]}")
    return attempts, problems


def write_selection(run: Path, selected: Sequence[Selected]) -> None:
    """Write what the run promised to work on."""
    rows = [asdict(each) for each in selected]
    atomic_write(run / SELECTION, json.dumps(rows, indent=1).encode("ascii"))
