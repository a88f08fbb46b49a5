"""The real lists, against figures that were counted apart from this code."""

from __future__ import annotations

import ast
import csv
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from swelancer_plugin.datasets.official import is_official, read
from swelancer_plugin.task import IcAnswer, ManagerAnswer, Proposal, Task

VARIABLE = "SWELANCER_DATA_DIR"
FOLDER = os.environ.get(VARIABLE)
pytestmark = pytest.mark.skipif(
    not FOLDER, reason=f"{VARIABLE} names no folder with the official lists"
)

DIAMOND = Path(FOLDER or ".", "all_swelancer_tasks.csv")
EARLY = Path(FOLDER or ".", "swelancer_tasks_2025-02.csv")


def load(path: Path) -> list[Task]:
    found = read(path)
    tasks = [item for item in found if isinstance(item, Task)]
    assert [str(item) for item in found if not isinstance(item, Task)] == []
    return tasks


@pytest.fixture(scope="module")
def diamond() -> list[Task]:
    return load(DIAMOND)


@pytest.fixture(scope="module")
def early() -> list[Task]:
    return load(EARLY)


def raw(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["question_id"]: row for row in csv.DictReader(file)}


def total(tasks: Iterable[Task]) -> tuple[int, int]:
    prices = [task.price_cents for task in tasks]
    return len(prices), sum(prices) // 100


def of(tasks: list[Task], variant: str) -> list[Task]:
    return [task for task in tasks if task.variant == variant]


def test_both_lists_are_told_by_their_headers() -> None:
    assert is_official(DIAMOND)
    assert is_official(EARLY)


def test_counts_and_sums(diamond: list[Task], early: list[Task]) -> None:
    assert total(diamond) == (463, 453_800)
    assert total(of(diamond, "ic_swe")) == (198, 189_300)
    assert total(of(diamond, "swe_manager")) == (265, 264_500)
    assert {task.split for task in diamond} == {"diamond"}
    assert total(early) == total(of(early, "ic_swe")) == (106, 35_300)
    assert {task.split for task in early} == {None}


def test_price_selections(diamond: list[Task]) -> None:
    dear = [task for task in diamond if task.price_cents > 1000_00]
    assert total(dear) == (43, 220_000)
    assert (len(of(dear, "ic_swe")), len(of(dear, "swe_manager"))) == (22, 21)
    managers = of(diamond, "swe_manager")
    assert sum(task.price_cents >= 250_00 for task in managers) == 263
    assert sum(task.price_cents <= 1000_00 for task in managers) == 244
    assert sum(task.hard for task in diamond) == 323


@pytest.mark.parametrize(
    ("choice", "right", "earned"),
    [
        (lambda proposals: proposals[0], 81, 58_500),
        (lambda proposals: max(proposals, key=lambda one: len(one.content)), 102, 124_500),
    ],
    ids=["first", "longest"],
)
def test_what_blind_choices_earn(
    diamond: list[Task],
    choice: Callable[[tuple[Proposal, ...]], Proposal],
    right: int,
    earned: int,
) -> None:
    managers = of(diamond, "swe_manager")
    paid = [t for t in managers if t.answer == ManagerAnswer(choice(t.brief.proposals).id)]
    assert total(paid) == (right, earned)


def test_ids_that_the_lists_share(diamond: list[Task], early: list[Task]) -> None:
    shared = {task.id for task in diamond} & {task.id for task in early}
    assert len(shared) == 89


def test_issues_shared_by_the_lists_read_the_same(diamond: list[Task], early: list[Task]) -> None:
    by_id = {task.id: task.brief for task in diamond}
    both = [(task.brief, by_id[task.id]) for task in early if task.id in by_id]
    for old, new in both:
        assert old.title.strip() == new.title.strip()
        assert old.description.replace("\r\n", "\n").strip() == new.description.strip()
    assert sum(old.title == new.title for old, new in both) == 86


def test_early_titles_and_texts(early: list[Task]) -> None:
    for task in early:
        assert f"[${task.price_cents // 100}]" in task.brief.title
        assert "\n" not in task.brief.title
        assert "The reward for the correct fix" not in task.brief.description
        assert len(task.brief.description) > 200


def test_hidden_test_folders(diamond: list[Task], early: list[Task]) -> None:
    folders = [(t, t.answer.tests) for t in early if isinstance(t.answer, IcAnswer)]
    assert sum(task.id not in tests for task, tests in folders) == 10
    assert {len(tests) for _, tests in folders} >= {1, 11}
    answers = [(task.id, task.answer) for task in of(diamond, "ic_swe")]
    foreign = [(i, a.tests) for i, a in answers if isinstance(a, IcAnswer) and i not in a.tests]
    assert foreign == [("50357_1124", ("50357_1095",))]


def test_ids_with_gaps_and_a_wrong_id_given_twice(diamond: list[Task]) -> None:
    ids = {task.id: [p.id for p in task.brief.proposals] for task in of(diamond, "swe_manager")}
    assert sum(found != list(range(len(found))) for found in ids.values()) == 6
    twice = {task_id for task_id, found in ids.items() if len(set(found)) < len(found)}
    assert twice == {"29812-manager-0"}


def test_the_column_names_the_price_that_the_data_lacks(diamond: list[Task]) -> None:
    [task] = [task for task in diamond if task.id == "6883-manager-0"]
    assert task.price_cents == 32_000_00


def test_nothing_is_decoded_twice(diamond: list[Task]) -> None:
    rows = raw(DIAMOND)
    for task in diamond:
        row = rows[task.id]
        assert task.brief.title == row["title"].replace("\\n", "\n")
        assert task.brief.description == row["description"].replace("\\n", "\n")
        assert "\\n" not in task.brief.description


def test_no_brief_holds_its_answers_reason(diamond: list[Task]) -> None:
    rows = raw(DIAMOND)
    for task in of(diamond, "swe_manager"):
        data = ast.literal_eval(rows[task.id]["manager_data"])
        formal = data["game"]["all_formal_proposals"]
        assert [one["content"] for one in formal] == [p.content for p in task.brief.proposals]
        seen = "\0".join(
            [task.brief.title, task.brief.description, *(p.content for p in task.brief.proposals)]
        )
        secrets = [one.get("explanation") for one in formal]
        secrets.append(data["game"]["correct_proposal"]["explanation"])
        assert not [secret for secret in secrets if secret and secret in seen]
