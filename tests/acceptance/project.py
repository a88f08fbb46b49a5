"""A project with tasks, for black-box tests."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

INI = """\
[pytest]
testpaths = tasks
asyncio_default_fixture_loop_scope = function
"""

APP = 'name = "app"\nsource = "source"\nworkdir = "/app/app"\n'


class Project:
    """Writes tasks and lists into a folder of pytester and runs pytest there, as a process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        pytester.makefile(".ini", pytest=INI)

    def task(self, task_id: str, price: object = 100, correct: int = 2, **more: object) -> Path:
        """Write a bundled manager task whose proposals are 1 (short), 2, and 5 (the longest)."""
        self._repository()
        folder = self.path / "tasks" / task_id
        (folder / "proposals").mkdir(parents=True)
        keys = {
            "variant": "swe_manager",
            "title": f"Issue {task_id}",
            "price": price,
            "repository": "../app",
            "correct_proposal": correct,
            "tags": ["ui"],
            **more,
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        (folder / "task.toml").write_text("\n".join(lines) + "\n")
        (folder / "issue.md").write_text("It is broken.\n")
        for number, text in {1: "short", 2: "the right one", 5: "the longest of them all"}.items():
            (folder / "proposals" / f"{number}.md").write_text(text + "\n")
        return folder

    def tasks(self, prices: Mapping[str, int]) -> None:
        """Write a task for each id and price in dollars."""
        for task_id, price in prices.items():
            self.task(task_id, price)

    def repository(self, *lines: str) -> Path:
        """Write the repository's file anew, with these lines after its own; return its source."""
        self._repository()
        path = self.path / "tasks" / "app" / "repository.toml"
        path.write_text("\n".join((APP, *lines)) + "\n")
        return path.parent / "source"

    def _repository(self) -> None:
        source = self.path / "tasks" / "app" / "source"
        if not source.exists():
            source.mkdir(parents=True)
            (source / "app.js").write_text("console.log(1)\n")
            (source.parent / "repository.toml").write_text(APP)

    def official(self, name: str, rows: Iterable[Mapping[str, object]]) -> Path:
        """Write a second-generation list; a row's missing cells are those of a manager task."""
        path = self.path / name
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(official_row("x")))
            writer.writeheader()
            for row in rows:
                writer.writerow({**official_row(str(row["question_id"])), **row})
        return path

    def run(self, *arguments: object, timeout: float = 120) -> pytest.RunResult:
        """Run pytest as a user does, in a process of its own."""
        return self.pytester.runpytest_subprocess(*map(str, arguments), timeout=timeout)

    @property
    def latest(self) -> Path:
        """The directory of the last run."""
        return (self.path / "reports" / "latest").resolve()

    def summary(self) -> dict[str, Any]:
        """The last run's numbers, and the gate's verdict."""
        document = json.loads((self.latest / "summary.json").read_text())
        return {**document["summary"], "gate": document["gate"]}

    def records(self) -> list[dict[str, Any]]:
        """All records of the last run."""
        paths = sorted(self.latest.glob("tasks/*/*/*/*/attempt.json"))
        return [json.loads(path.read_text()) for path in paths]

    def directory(self, record: Mapping[str, Any]) -> Path:
        """The directory of a record's try."""
        attempt = f"attempt-{record['attempt']}/try-{record['try_number']}"
        return self.latest / "tasks" / str(record["dataset"]) / str(record["task_id"]) / attempt

    def transcript(self, record: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The events of a record's transcript."""
        text = (self.directory(record) / record["files"]["transcript"]).read_text()
        return [json.loads(line) for line in text.splitlines()]

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the last run's pytest-html page."""
        page = (self.latest / "report.html").read_text()
        found = re.search(r'data-jsonblob="([^"]*)"', page)
        assert found is not None
        import html

        tests = json.loads(html.unescape(found[1]))["tests"]
        return [row for rows in tests.values() for row in rows]


def official_row(task_id: str) -> dict[str, object]:
    """Return the cells of a manager task whose right proposal is 3."""
    proposals = [
        {"id": number, "content": text, "explanation": "secret", "source_url": ""}
        for number, text in {0: "short", 3: "the right one", 4: "the longest of them all"}.items()
    ]
    game = {
        "all_formal_proposals": proposals,
        "correct_proposal": {"id": 3, "explanation": "secret", "approval_comment_url": None},
    }
    return {
        "question_id": task_id,
        "variant": "swe_manager",
        "price": "1000.0",
        "price_limit": "2000000.0",
        "manager_data": repr({"game": game, "title": "t", "html_description": "d"}),
        "manager_commit": "a" * 40,
        "acceptable_folders": "[]",
        "cwd": "/app/expensify",
        "set": "diamond",
        "title": f"Issue {task_id}",
        "description": "It is broken.\\nVery.",
        "proposals": "",
    }
