"""Gates: the exit status says whether they held."""

from __future__ import annotations

import pytest

from tests.acceptance.project import Project

WORKERS = pytest.mark.parametrize("workers", [0, 2])
UNTRUSTED = ("--allow-untrusted-gate", "--computer=local")


@WORKERS
@pytest.mark.parametrize(
    ("gate", "status", "sentence"),
    [
        ("--min-payout=100", 0, "*Gate holds*$100*"),
        ("--min-payout=$100.01", 1, "*Gate missed*"),
        ("--min-payout=40%", 0, "*Gate holds*"),
        ("--min-payout=40.1%", 1, "*Gate missed*"),
        ("--max-infra-errors=0", 0, "*Gate holds*"),
    ],
)
def test_a_gate_decides_on_the_exit_status(
    project: Project, workers: int, gate: str, status: int, sentence: str
) -> None:
    project.task("won", 100, correct=5)
    project.task("lost", 150, correct=1)
    result = project.run("--model=longest", gate, "-n", workers, *UNTRUSTED)
    assert result.ret == status
    result.stdout.fnmatch_lines([sentence])
    assert project.summary()["gate"]["exit_status"] == status


def test_gold_and_unsealed_runs_hold_no_gate_unless_asked(project: Project) -> None:
    project.task("one", 100)
    for arguments in (("--model=gold",), ("--model=first", "--computer=local")):
        result = project.run(*arguments, "--min-payout=0")
        assert result.ret == 1
        assert "only with --allow-untrusted-gate" in " ".join(map(str.strip, result.outlines))


@WORKERS
def test_too_many_void_tasks_are_ten_before_one(project: Project, workers: int) -> None:
    project.task("one", 100)
    project.task("two", 100)
    project.pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def computer(task):
            raise ConnectionError("the cloud is down")
        """
    )
    run = ("--model=first", "-n", workers, *UNTRUSTED)
    assert project.run(*run, "--min-payout=200").ret == 10
    assert project.run(*run, "--min-payout=200", "--max-infra-errors=2").ret == 1
    assert project.run(*run, "--max-infra-errors=1").ret == 10
    assert project.run(*run, "--max-infra-errors=2").ret == 0
    assert project.run(*run).ret == 1


def test_tasks_that_were_not_run_count_as_nothing(project: Project) -> None:
    project.task("a", 100, correct=5)
    project.task("b", 100, correct=1)
    project.task("c", 100, correct=5)
    result = project.run("--model=longest", "-x", "--min-payout=40%", *UNTRUSTED)
    outcomes = project.summary()["outcomes"]
    assert {name: each["items"] for name, each in outcomes.items()} == {
        "earned": 1,
        "unearned": 1,
        "not_run": 1,
    }
    assert result.ret != 0


def test_a_gate_holds_on_nothing_never(project: Project) -> None:
    project.task("a", 100)
    result = project.run("--model=longest", "-k", "price>1000", "--min-payout=0", *UNTRUSTED)
    assert result.ret == 1


def test_ordinary_failures_are_not_hidden_by_a_gate_that_holds(project: Project) -> None:
    project.task("a", 100, correct=5)
    project.pytester.makepyfile(test_plain="def test_plain(): assert 0")
    result = project.run("tasks", "test_plain.py", "--model=longest", "--min-payout=1", *UNTRUSTED)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*Gate holds*"])
