"""Comparisons in -k, in real pytest runs: with and without workers, beside ordinary tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, TypeAlias

import pytest

from swelancer_plugin.datasets import official
from swelancer_plugin.session import active, controller
from swelancer_plugin.session.keywords import task_keywords
from swelancer_plugin.task import Brief, ManagerAnswer, Repository, Task
from tests.acceptance.project import Project

# Runs in this process drop the modules that they were first to import, yet packages keep them as
# attributes: the next run would mix two copies of ours.
KEPT: Final = (official, active, controller)

INI: Final = """
[pytest]
testpaths = bills.csv test_plain.py
asyncio_default_fixture_loop_scope = function
swelancer_computer = local
swelancer_without_repository = 1
"""
LEFT_CLEAN: Final = """
import pytest

KEYWORDS = []

def pytest_configure(config):
    KEYWORDS.append(config.option.keyword)

def pytest_collection_finish(session):
    assert session.config.option.keyword == KEYWORDS[0]
    words = {word for item in session.items for word in item.extra_keyword_matches}
    assert all(word.isascii() for word in words), words
"""
TASKS: Final = (
    {"question_id": "low", "price": 50, "variant": "ic_swe", "title": "Zip code is lost"},
    {"question_id": "mid", "price": 250, "title": "Pick one", "set": "other"},
    {"question_id": "top", "price": 16000, "title": "Pick a price>1000 (or less)"},
)
Run: TypeAlias = Callable[..., pytest.RunResult]
WORKERS: Final = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["n0", "n2"])


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    for name in [name for name in os.environ if name.startswith("SWELANCER_")]:
        monkeypatch.delenv(name)
    Project(pytester).official("bills.csv", TASKS)
    pytester.makefile(".ini", pytest=INI)
    pytester.makeconftest(LEFT_CLEAN)
    pytester.makepyfile(test_plain="def test_one(): pass\n\ndef test_two_low(): pass\n")
    return pytester


@pytest.fixture
def run(project: pytest.Pytester) -> Run:
    def start(*args: str) -> pytest.RunResult:
        if "-n2" in args:
            return project.runpytest_subprocess(*args)
        return project.runpytest_inprocess(*args)

    return start


def ids(result: pytest.RunResult) -> list[str]:
    return [line.split("::")[1] for line in result.outlines if "::" in line and " " not in line]


def outcomes(result: pytest.RunResult) -> tuple[int, int, int]:
    """Count the ordinary tests that passed, and the tasks that were earned and that were not."""
    counts = result.parseoutcomes()
    return counts.get("passed", 0), counts.get("earned", 0), counts.get("unearned", 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price>1000", "top"),
        ("  price>1000  ", "top"),
        ("price>=250 and variant==swe_manager and not hard", "mid"),
        ("tag==ui or title~'zip code'", "low"),
        ("split==other or set==other", "mid"),
        ('title~"price>1000 (or"', "top"),
        ("price<100 or test_one", "low test_one"),
        ("not price>1000", "low mid test_one test_two_low"),
        ("(price<100 or low)", "low test_two_low"),
        ("price>1 and low", "low"),
        ("hard", "top"),
        ("manager", "mid top"),
        ("bills and diamond", "low top"),
        ("", "low mid top test_one test_two_low"),
    ],
)
def test_selects(run: Run, text: str, expected: str) -> None:
    assert ids(run("--collect-only", "-q", "-k", text)) == expected.split()


@WORKERS
def test_runs_what_is_selected(run: Run, workers: tuple[str, ...]) -> None:
    result = run(*workers, "--model=gold", "-k", "price>=250 or test_one")
    assert outcomes(result) == (1, 2, 0)
    assert result.ret == pytest.ExitCode.OK


@WORKERS
def test_a_single_comparison_with_deselect(run: Run, workers: tuple[str, ...]) -> None:
    result = run(*workers, "--model=nop", "-k", "price>=250", "--deselect", "bills.csv::mid")
    assert outcomes(result) == (0, 0, 1)


def test_collect_only_with_workers(run: Run) -> None:
    assert ids(run("-n2", "--collect-only", "-q", "-k", "price>=250")) == ["mid", "top"]


def test_last_failed(run: Run) -> None:
    assert outcomes(run("--model=gold", "-k", "price==250 or one")) == (1, 1, 0)
    assert outcomes(run("--model=nop", "-k", "price>1000")) == (0, 0, 1)
    assert outcomes(run("--model=nop", "--lf", "-k", "price>1")) == (0, 0, 1)
    assert run("--model=nop", "--lf", "-k", "price<1").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_last_failed_that_leaves_only_ordinary_tests(project: pytest.Pytester, run: Run) -> None:
    project.makepyfile(test_plain="def test_one(): assert 0\n\ndef test_two(): pass\n")
    base = ("--model=gold", "-k", "price==250 or one")
    assert outcomes(run(*base)) == (0, 1, 0)
    result = run("--lf", *base)
    assert outcomes(result) == (0, 0, 0)
    result.assert_outcomes(failed=1)


def test_with_marks_and_node_ids(run: Run) -> None:
    assert ids(run("--collect-only", "-q", "-k", "price>1", "bills.csv::low")) == ["low"]
    assert ids(run("--collect-only", "-q", "-k", "price>1", "-m", "not slow", "bills.csv")) == [
        "low",
        "mid",
        "top",
    ]


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("-k", "prize>250", "prize>250: at column 1: unknown task field 'prize' (did you mean *"),
        ("-k", "ui and price=5", "ui and price=5: at column 13: '=' is no comparison: use '=='"),
        ("-k", "price>1000 and (", "price>1000 and (: at column 17: expected *; got end of input"),
        ("-k", " id~a @", "id~a @: at column 6: unexpected character *@*"),
        ("-k", "ui(price>1)", "ui(price>1): at column 11: expected =; got right parenthesis"),
        ("-k", "ui(price=250)", "ui(price=250): at column 1: there are no call parameters in -k*"),
        ("-k", "ui and and", "ui and and: at column 8: expected *"),
        ("-m", "slow and (", "slow and (: at column 11: expected *"),
    ],
)
def test_broken_expressions_are_one_usage_error(
    run: Run, option: str, text: str, message: str
) -> None:
    check_refusal(run(option, text), option, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prize>250", "prize>250: at column 1: unknown task field 'prize' *"),
        ("price>1000 and (", "price>1000 and (: at column 17: expected *"),
        ("ui(price=250)", "ui(price=250): at column 1: there are no call parameters *"),
    ],
)
def test_broken_expressions_start_no_worker(run: Run, text: str, message: str) -> None:
    result = run("-n2", "-k", text)
    check_refusal(result, "-k", message)
    assert "worker" not in result.stdout.str()


def check_refusal(result: pytest.RunResult, option: str, message: str) -> None:
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: Wrong expression passed to '{option}': {message}"])
    assert len([line for line in result.errlines if line]) == 1


def test_unknown_markers_are_refused_before_workers_start(run: Run) -> None:
    result = run("-n2", "--strict-markers", "-m", "nonsense", "-k", "price>1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: Unknown marker(s) in '-m' expression: nonsense.*"])


def test_without_tasks_pytest_answers_by_itself(run: Run) -> None:
    result = run("test_plain.py", "-k", "price>1000")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'-k': price>1000: at column 6: unexpected character*"])
    assert ids(run("test_plain.py", "--collect-only", "-q", "-k", "two")) == ["test_two_low"]


@WORKERS
def test_where_no_task_is_left_all_comparisons_are_false(
    project: pytest.Pytester, run: Run, workers: tuple[str, ...]
) -> None:
    Project(project).task("native")
    project.makefile(".ini", pytest=INI)
    base = (*workers, "tasks", "test_plain.py", "--model=nop", "--split=none")
    assert run(*base, "-k", "price>1").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert outcomes(run(*base, "-k", "price>1 or one")) == (1, 0, 0)


def test_words_of_a_task() -> None:
    brief = Brief("t", "ic_swe", "Title", "", 300_01, "/app")
    task = Task("bills", brief, ManagerAnswer(1), Repository("r", "/app"), "diamond", ("ui", ""))
    assert task_keywords(task) == {"ic_swe", "bills", "diamond", "ui", "hard"}
    cheap = Brief("t", "ic_swe", "Title", "", 300_00, "/app")
    plain = Task("bills", cheap, ManagerAnswer(1), Repository("r", "/app"))
    assert task_keywords(plain) == {"ic_swe", "bills"}
