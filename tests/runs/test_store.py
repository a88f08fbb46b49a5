from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from swelancer_plugin.runs.store import (
    RECORD,
    RunExists,
    allocate_try,
    create_run,
    last_try,
    read_attempts,
    write_attempt,
    write_selection,
)
from tests.results.samples import selected, tried


def test_runs_are_numbered_unless_their_name_was_chosen(tmp_path: Path) -> None:
    names = [create_run(tmp_path / "reports", "run", unique=False).name for _ in range(3)]
    assert names == ["run", "run-2", "run-3"]
    with pytest.raises(RunExists, match="run-2 exists"):
        create_run(tmp_path / "reports", "run-2", unique=True)


def test_tries_are_allocated_once_each_also_by_sixteen_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: allocate_try(tmp_path, "d", "7", 1), range(64)))
    assert sorted(number for number, _ in found) == list(range(1, 65))
    assert len({path for _, path in found}) == 64


def test_what_was_finished_is_read_back_and_what_was_not_is_not(tmp_path: Path) -> None:
    attempt = tried(selected())
    number, directory = allocate_try(tmp_path, attempt.dataset, attempt.task_id, 1)
    allocate_try(tmp_path, "d", "unfinished", 1)
    write_attempt(directory, attempt)
    assert number == 1
    assert read_attempts(tmp_path) == ([attempt], [])
    assert directory == tmp_path / attempt.directory


def test_a_record_that_is_not_ours_is_named_and_the_others_stand(tmp_path: Path) -> None:
    attempt = tried(selected())
    _, directory = allocate_try(tmp_path, "d", "7", 1)
    (directory / RECORD).write_bytes(b'{"dataset": "\xff"}')
    write_attempt(allocate_try(tmp_path, attempt.dataset, attempt.task_id, 1)[1], attempt)
    attempts, (problem,) = read_attempts(tmp_path)
    assert attempts == [attempt]
    assert str(directory / RECORD) in problem


def test_the_last_try_is_found(tmp_path: Path) -> None:
    item = selected()
    assert last_try(tmp_path, item) is None
    for _ in range(2):
        number, path = allocate_try(tmp_path, *item.key)
    assert last_try(tmp_path, item) == (number, path) == (2, path)


def test_a_selection_survives_any_title(tmp_path: Path) -> None:
    write_selection(tmp_path, [selected(title="\u202e <b> \x00 ☃")])
    assert b"\\u202e" in (tmp_path / "selection.json").read_bytes()
