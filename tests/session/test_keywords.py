"""Comparisons in -k, in real pytest runs: with and without workers, beside ordinary tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from swelancer_plugin.session.keywords import task_keywords
from swelancer_plugin.task import Brief, ManagerAnswer, Repository, Task

ROOT: Final = Path(__file__).parents[2]
CONFTEST: Final = """
import pytest
from swelancer_plugin.session import keywords
from swelancer_plugin.task import Brief, ManagerAnswer, Repository, Task

EVEN_WITHOUT_TASKS = False

class Item(pytest.Function):
    def __init__(self, *, task, **kwargs):
        super().__init__(**kwargs)
        self.task = task
        self.extra_keyword_matches |= keywords.task_keywords(task)

class File(pytest.File):
    def collect(self):
        for line in self.path.read_text().splitlines():
            name, dollars, variant, title, *tags = line.split("|")
            brief = Brief(name, variant, title, "", int(dollars) * 100, "/app")
            task = Task("bills", brief, ManagerAnswer(1), Repository("r", "/app"), None, (*tags,))
            body = (lambda: 1 / 0) if "fails" in tags else (lambda: None)
            yield Item.from_parent(self, name=name, callobj=body, task=task)

def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".jobs":
        return File.from_parent(parent, path=file_path)

@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):
        keywords.validate(session.config)

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config, items):
    before = config.option.keyword
    with keywords.rewrite(config, items, even_without_tasks=EVEN_WITHOUT_TASKS):
        result = yield
    assert config.option.keyword == before
    assert not any("\\U00012000" in word for item in items for word in item.extra_keyword_matches)
    return result
"""
JOBS: Final = """\
low|50|ic_swe|Zip code is lost|ui
mid|250|swe_manager|Pick one|api|fails
top|16000|swe_manager|Pick a price>1000 (or less)|api
"""
Run: TypeAlias = Callable[..., pytest.RunResult]
WORKERS: Final = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["n0", "n2"])


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_plain="def test_one(): pass\n\ndef test_two_low(): pass\n")
    (pytester.path / "bills.jobs").write_text(JOBS)
    return pytester


@pytest.fixture
def run(project: pytest.Pytester) -> Run:
    def start(*args: str) -> pytest.RunResult:
        options = ("-p", "no:swelancer", "-p", "no:asyncio")
        if "-n2" in args:
            return project.runpytest_subprocess(*options, *args)
        return project.runpytest_inprocess(*options, *args)

    return start


def ids(result: pytest.RunResult) -> list[str]:
    return [line.split("::")[1] for line in result.outlines if "::" in line and " " not in line]


def outcomes(result: pytest.RunResult) -> tuple[int, int]:
    counts = result.parseoutcomes()
    return counts.get("passed", 0), counts.get("failed", 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price>1000", "top"),
        ("  price>1000  ", "top"),
        ("price>=250 and variant==swe_manager and not hard", "mid"),
        ("tag==ui or title~'zip code'", "low"),
        ('title~"price>1000 (or"', "top"),
        ("price<100 or test_one", "low test_one"),
        ("not price>1000", "low mid test_one test_two_low"),
        ("(price<100 or low)", "low test_two_low"),
        ("price>1 and low", "low"),
        ("hard", "top"),
        ("manager", "mid top"),
        ("bills and ui", "low"),
        ("", "low mid top test_one test_two_low"),
    ],
)
def test_selects(run: Run, text: str, expected: str) -> None:
    assert ids(run("--collect-only", "-q", "-k", text)) == expected.split()


@WORKERS
def test_runs_what_is_selected(run: Run, workers: tuple[str, ...]) -> None:
    result = run(*workers, "-k", "price>=250 or test_one")
    assert outcomes(result) == (2, 1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@WORKERS
def test_a_single_comparison_with_deselect(run: Run, workers: tuple[str, ...]) -> None:
    result = run(*workers, "-k", "price>=50", "--deselect", "bills.jobs::mid")
    assert outcomes(result) == (2, 0)


def test_collect_only_with_workers(run: Run) -> None:
    assert ids(run("-n2", "--collect-only", "-q", "-k", "price>=250")) == ["mid", "top"]


def test_last_failed(run: Run) -> None:
    assert outcomes(run("-k", "price>1")) == (2, 1)
    assert outcomes(run("--lf", "-k", "price>1")) == (0, 1)
    assert run("--lf", "-k", "price>1000").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_last_failed_that_leaves_only_ordinary_tests(project: pytest.Pytester, run: Run) -> None:
    project.makeconftest(CONFTEST.replace("TASKS = False", "TASKS = True"))
    project.makepyfile(test_plain="def test_one(): assert 0\n\ndef test_two(): pass\n")
    assert outcomes(run("-k", "price<100 or one")) == (1, 1)
    assert outcomes(run("--lf", "-k", "price<100 or one")) == (0, 1)


def test_with_marks_and_node_ids(run: Run) -> None:
    assert ids(run("--collect-only", "-q", "-k", "price>1", "bills.jobs::low")) == ["low"]
    assert ids(run("--collect-only", "-q", "-k", "price>1", "-m", "not slow", "bills.jobs")) == [
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
def test_without_tasks_comparisons_can_be_false(
    project: pytest.Pytester, run: Run, workers: tuple[str, ...]
) -> None:
    project.makeconftest(CONFTEST.replace("TASKS = False", "TASKS = True"))
    result = run(*workers, "test_plain.py", "-k", "price>1000")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert outcomes(run(*workers, "test_plain.py", "-k", "price>1000 or one")) == (1, 0)


def test_words_of_a_task() -> None:
    brief = Brief("t", "ic_swe", "Title", "", 300_01, "/app")
    task = Task("bills", brief, ManagerAnswer(1), Repository("r", "/app"), "diamond", ("ui", ""))
    assert task_keywords(task) == {"ic_swe", "bills", "diamond", "ui", "hard"}
    cheap = Brief("t", "ic_swe", "Title", "", 300_00, "/app")
    plain = Task("bills", cheap, ManagerAnswer(1), Repository("r", "/app"))
    assert task_keywords(plain) == {"ic_swe", "bills"}
