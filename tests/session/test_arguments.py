"""What the command line asks for, in configurations that pytest has parsed but not started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swelancer_plugin.session import arguments

HEADER = "question_id,variant,price\n"


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (b'variant = "swe_manager"\n', True),
        (b'"variant" = 1\n', True),
        (b'title = "x"\nvariant = "swe_manager\n', True),
        (b' variant = "ic_swe"\nbroken\n', True),
        (b'variant = "\xe9"\n', True),
        (b"variant = " + b"[" * 5000, True),
        (b'variant = "ic_swe"\n' + b"#" * arguments.SNIFFED, True),
        (b'[task]\nname = "x"\n', False),
        (b'[task]\nvariant = "x"\n', False),
        (b'name = "variant"\n', False),
        (b'name = "variant\n', False),
        (b"variants = [\n", False),
        (b"# variant\nbroken\n", False),
        (b"\xff\xfe\0", False),
        (b"", False),
    ],
)
def test_a_task_file_is_told_by_its_variant(tmp_path: Path, text: bytes, ours: bool) -> None:
    path = tmp_path / "task.toml"
    path.write_bytes(text)
    assert arguments.is_task_file(path) is ours
    assert not arguments.is_task_file(path.rename(tmp_path / "other.toml"))


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ('name = "a"\nsource = "s"\nworkdir = "/app"\n', True),
        ('source = "s\nworkdir = "/app"\n', True),
        ('source = "s"\n', False),
        ('source = "workdir"\n', False),
        ('[repository]\nsource = "s"\nworkdir = "/app"\n', False),
    ],
)
def test_a_repository_file_is_told_by_its_keys(tmp_path: Path, text: str, ours: bool) -> None:
    path = tmp_path / "repository.toml"
    path.write_text(text)
    assert arguments.is_repository_file(path) is ours


def test_what_is_no_readable_file_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "task.toml").mkdir()
    os.mkfifo(tmp_path / "repository.toml")
    assert not arguments.is_task_file(tmp_path / "task.toml")
    assert not arguments.is_task_file(tmp_path / "none" / "task.toml")
    assert not arguments.is_repository_file(tmp_path / "repository.toml")
    assert not arguments.is_task_file(Path("x" * 5000, "task.toml"))


@pytest.mark.parametrize(
    ("files", "argument", "held"),
    [
        ({"a/b/task.toml": "variant = 1"}, ".", True),
        ({"a/b/task.toml": "variant = 1"}, "a/b/task.toml::b", True),
        ({"a/b/task.toml": "variant = 1"}, "a/c", False),
        ({"a/task.toml": "[task]", "a/b/task.toml": "variant = 1"}, "a", True),
        ({"a/task.toml": "[task]"}, ".", False),
        ({"a/task.toml": "[task]"}, "a/task.toml", False),
        ({".git/task.toml": "variant = 1"}, ".", False),
        (
            {"app/repository.toml": "source=1\nworkdir=1", "app/x/task.toml": "variant=1"},
            ".",
            False,
        ),
        ({"a.csv": HEADER}, "a.csv::7", True),
        ({"a.csv": HEADER}, ".", False),
        ({"a.csv": "a,b\n"}, "a.csv", False),
        ({}, "x" * 5000, False),
    ],
)
def test_a_session_has_tasks_where_it_would_collect_one(
    pytester: pytest.Pytester, files: dict[str, str], argument: str, held: bool
) -> None:
    write(pytester.path, files)
    config = pytester.parseconfig()
    config.args = [argument]
    assert arguments.has_tasks(config) is held


@pytest.fixture
def restarts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str | None]]:
    """With which arguments, and with which PYTEST_ADDOPTS, pytest was run again."""
    runs: list[tuple[list[str], str | None]] = []

    def main(given: list[str], plugins: object) -> int:
        runs.append((given, os.environ.get("PYTEST_ADDOPTS")))
        return 0

    monkeypatch.setattr(pytest, "main", main)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return runs


@pytest.mark.parametrize(
    ("given", "stable"),
    [
        ("--model longest", None),
        ("--model=first --dataset=../out/list.csv", None),
        ("--dataset none.csv --run-id x tests", None),
        ("list.csv", None),
        ("../out/plain.csv", None),
        ("../out/test_x.py", None),
        ("--model first", "--model=first"),
        ("--dataset list.csv::7 -q", "--dataset=list.csv::7 -q"),
        ("--model longest --repository ../out", "--model longest --repository=../out"),
        ("tests ../out/list.csv::7", "tests --dataset=../out/list.csv::7"),
    ],
)
def test_pytest_starts_anew_only_where_a_path_would_move_its_root(
    pytester: pytest.Pytester,
    restarts: list[tuple[list[str], str | None]],
    given: str,
    stable: str | None,
) -> None:
    lists = {"list.csv": HEADER, "../out/list.csv": HEADER, "../out/plain.csv": "a,b\n"}
    write(pytester.path, {**lists, "../out/test_x.py": "", "first/x": "", "tests/x": ""})
    again = arguments.restart_with_stable_root(pytester.parseconfig(*given.split()))
    used = [[each for each in run if not each.startswith("--basetemp=")] for run, _ in restarts]
    assert (again, used) == ((None, []) if stable is None else (0, [stable.split()]))
    assert "PYTEST_ADDOPTS" not in os.environ


def test_addopts_of_the_environment_are_put_back_as_they_were(
    pytester: pytest.Pytester,
    restarts: list[tuple[list[str], str | None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(pytester.path, {"a b.csv": HEADER})
    original = "-q   --dataset 'a b.csv'"
    monkeypatch.setenv("PYTEST_ADDOPTS", original)
    assert arguments.restart_with_stable_root(pytester.parseconfig("-s")) == 0
    assert [addopts for _, addopts in restarts] == ["-q '--dataset=a b.csv'"]
    assert os.environ["PYTEST_ADDOPTS"] == original


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
