"""A project without tasks: pytest behaves as if the plugin were not installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.acceptance.project import Project

pytestmark = pytest.mark.slow

TESTS = """
import signal

def test_one():
    pass

def test_two_task():
    pass

def test_sigterm_has_no_handler():
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""
NAMES = ("task", "model", "agent", "computer", "submission", "grade")
WANTS = "".join(f"def test_wants_{name}({name}):\n    pass\n\n" for name in NAMES)
TASK = '[task]\nname = "x"\nvariant = "none of ours"\n'
REPOSITORY = 'name = "x"\nsource = "git"\n'
DOTENV = b"SWELANCER_FOO=1\nNAME=Jos\xe9\n# SWELANCER_DATASET=x.csv\nSWELANCER_ATTEMPTS=many\n"
OURSELVES = r"swelancer-plugin-[^,]+, |, swelancer-plugin-[^,]+$|'swelancer-plugin': '[^']+', "


@pytest.fixture
def plain(project: Project) -> Project:
    """A project that has nothing to do with us, whatever its files are called."""
    project.pytester.makefile(
        ".ini", pytest="[pytest]\nasyncio_default_fixture_loop_scope=function\n"
    )
    return project


def oddities(folder: Path) -> None:
    """Write what other tools call as we call ours."""
    (folder / "list.csv").write_text("a,b\n1,2\n")
    (folder / ".env").write_bytes(DOTENV)
    for name, text in {"task.toml": TASK, "repository.toml": REPOSITORY}.items():
        other = folder / f"other_{name.partition('.')[0]}"
        other.mkdir()
        (folder / name).write_text(text)
        (other / name).write_text(text)
        (other / f"test_beside_{name.partition('.')[0]}.py").write_text("def test_it(): pass\n")


def told(result: pytest.RunResult) -> tuple[int, list[str], list[str]]:
    """Return all that a run tells, without times and without the name of our distribution."""
    out = [re.sub(r"\b[0-9.]+s\b", "TIME", line) for line in result.outlines]
    return int(result.ret), [re.sub(OURSELVES, "", line) for line in out], result.errlines


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-v",),
        ("-n", "2", "test_plain.py", "other_task"),  # none fails: workers' failures have no order
        ("-k", "task"),
        ("-k", "price>1000"),
        ("-k", "one and ("),
        ("-k", "one(price=1)"),
        ("-k", "nothing"),
        ("-m", "swelancer"),
        ("-n", "2", "-k", "two_task"),
        ("--collect-only", "-q"),
        ("--markers",),
        ("--fixtures",),
        ("list.csv",),
        ("other_task", "other_repository"),
        ("other_task/task.toml",),
        (f"test_plain.py::{'x' * 5000}",),
        ("x" * 5000,),
    ],
    ids=lambda arguments: " ".join(arguments)[:40] or "bare",
)
def test_a_project_without_tasks_is_untouched(plain: Project, arguments: tuple[str, ...]) -> None:
    plain.pytester.makepyfile(test_plain=TESTS, test_wants=WANTS)
    oddities(plain.path)
    stock = plain.run("-p", "no:swelancer", "-p", "no:cacheprovider", *arguments)
    result = plain.run("-p", "no:cacheprovider", *arguments)
    assert told(result) == told(stock)
    assert not [line for line in result.outlines if line.startswith("swelancer")]
    assert not (plain.path / "reports").exists()


def test_the_comparison_would_notice(project: Project) -> None:
    project.task("native", 100)
    result = project.run("--collect-only")
    assert told(result) != told(project.run("--collect-only", "-p", "no:swelancer"))
    assert [line for line in result.outlines if line.startswith("swelancer")]


@pytest.mark.parametrize("workers", [0, 2])
def test_what_tests_see_is_untouched(plain: Project, workers: int) -> None:
    plain.pytester.makepyfile(test_plain=TESTS, test_wants=WANTS)
    result = plain.run("-n", workers)
    result.assert_outcomes(passed=3, errors=len(NAMES))
    for name in NAMES:
        result.stdout.fnmatch_lines([f"*fixture '{name}' not found*"])


def test_a_list_elsewhere_that_is_none_of_ours_moves_the_root_as_ever(plain: Project) -> None:
    outside = plain.path.parent / "elsewhere.csv"
    outside.write_text("a,b\n1,2\n")
    stock = plain.run("-p", "no:swelancer", outside)
    assert told(plain.run(outside)) == told(stock)
