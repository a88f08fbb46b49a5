"""The official list, through pytest, computers and judge: dollars that were computed before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.acceptance.project import Project

DATA = os.environ.get("SWELANCER_DATA_DIR")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA, reason="SWELANCER_DATA_DIR names no folder of official lists"),
]
LIST = Path(DATA or ".") / "all_swelancer_tasks.csv"
OLD_LIST = Path(DATA or ".") / "swelancer_tasks_2025-02.csv"
MANAGERS = ("--without-repository", "-k", "variant==swe_manager")


BASELINES = pytest.mark.parametrize(
    ("model", "earned", "won"),
    [("longest", 124_500, 102), ("first", 58_500, 81), ("gold", 264_500, 265), ("nop", 0, 0)],
)


@BASELINES
def test_what_baselines_earn_with_265_manager_tasks(
    project: Project, model: str, earned: int, won: int
) -> None:
    arguments = (f"--dataset={LIST}", f"--model={model}", *MANAGERS, "--computer=local", "-n2")
    result = project.run(*arguments, timeout=300)
    assert result.ret == (0 if model == "gold" else 1)
    total = project.summary()["total"]
    assert (total["earned_cents"], total["available_cents"]) == (earned * 100, 264_500_00)
    assert (total["won"], total["tasks"]) == (won, 265)
    result.stdout.fnmatch_lines([f"*Earned ${earned:,} of $264,500 *: {won} of 265 tasks*"])


@BASELINES
@pytest.mark.soak
def test_the_same_dollars_in_265_containers(
    project: Project, model: str, earned: int, won: int
) -> None:
    arguments = (f"--dataset={LIST}", f"--model={model}", *MANAGERS, "-n4")
    result = project.run(*arguments, timeout=900)
    result.stdout.fnmatch_lines([f"*Earned ${earned:,} of $264,500 *: {won} of 265 tasks*"])
    assert {record["sealed"] for record in project.records()} == {True}


def test_expensive_tasks_in_containers(project: Project) -> None:
    arguments = (f"--dataset={LIST}", "--model=longest", "--without-repository", "-n4")
    result = project.run(*arguments, "-k", "price>1000 and swe_manager", timeout=300)
    result.stdout.fnmatch_lines(["*Earned $66,000 of $110,000 (60.0%): 9 of 21 tasks*"])
    assert {record["sealed"] for record in project.records()} == {True}


@pytest.mark.parametrize("workers", [0, 2])
def test_expensive_tasks_are_43_of_220_000_dollars(project: Project, workers: int) -> None:
    arguments = (f"--dataset={LIST}", "--model=longest", "--without-repository", "-k", "price>1000")
    result = project.run(*arguments, "--computer=local", "-n", workers, timeout=300)
    result.stdout.fnmatch_lines(["*selected 43 tasks, $220,000*"])
    assert project.summary()["total"]["available_cents"] == 220_000_00


def test_both_lists_and_bundled_tasks_in_one_run(project: Project) -> None:
    project.task("mine", 50, correct=5)
    lists = (f"--dataset={LIST}", f"--dataset={OLD_LIST}")
    arguments = ("tasks", *lists, "--model=longest", "--without-repository", "-n2")
    result = project.run(*arguments, "-k", "swe_manager", "--computer=local", timeout=300)
    result.stdout.fnmatch_lines(["*Earned $124,550 of $264,550*"])
    result = project.run("tasks", *lists, "--collect-only", timeout=300)
    result.stdout.fnmatch_lines(
        [
            "selected 570 tasks, $489,150",
            "  all_swelancer_tasks: 463 tasks, $453,800",
            "  swelancer_tasks_2025-02: 106 tasks, $35,300",
            "  tasks: 1 task, $50",
            "  89 task ids in more than one dataset",
        ]
    )
