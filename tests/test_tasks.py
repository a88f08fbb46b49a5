"""The bundled tasks: that they are whole, apply, tell nothing, and stay true to their source."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from swelancer_plugin.datasets.native import load
from swelancer_plugin.task import IcAnswer, Task

TASKS = Path(__file__).parents[1] / "tasks"
ALL = {task.id: task for task in map(load, sorted(TASKS.glob("*/task.toml")))}
IC = [task for task in ALL.values() if task.variant == "ic_swe"]
MANAGER = [task for task in ALL.values() if task.variant == "swe_manager"]
PRICES = {50_00, 125_00, 250_00, 500_00, 1000_00, 2000_00, 4000_00, 8000_00, 32000_00}
"""The official list's."""
IC_ID = re.compile(r"\d+(_\d+)?")
"""The forms that the official lists have."""
SOURCE_PATH = re.compile(r"\b(?:scripts|server|shared|test|web)/[\w/.-]*\.m?js\b")
TELLING = re.compile(r"\b(bug|broken|wrong|intentional\w*|deliberate\w*|todo|fixme|hidden)\b", re.I)


def each(tasks: list[Task]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("task", tasks, ids=[task.id for task in tasks])


def directory(task: Task) -> Path:
    return TASKS / task.id


def answer(task: Task) -> IcAnswer:
    assert isinstance(task.answer, IcAnswer)
    return task.answer


def patches(task: Task) -> tuple[Path, Path]:
    found = answer(task)
    assert found.bug_patch is not None
    assert found.gold_patch is not None
    return found.bug_patch, found.gold_patch


def hidden_tests(task: Task) -> list[Path]:
    return sorted((directory(task) / "hidden_tests").rglob("*.py"))


def rejected(task: Task) -> list[Path]:
    return sorted(directory(task).glob("rejected/*.patch"))


def copy_of_source(task: Task, to: Path) -> Path:
    assert task.repository.source is not None
    installed = shutil.ignore_patterns("node_modules")
    return Path(shutil.copytree(task.repository.source, to, ignore=installed))


def apply(tree: Path, patch: Path) -> None:
    # GIT_DIR: the tree may lie below a repository, whose index is not to be asked.
    command = ["git", "apply", "--whitespace=error", str(patch)]
    environment = {**os.environ, "GIT_DIR": os.devnull}
    applied = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert applied.returncode == 0, f"{patch}: {applied.stderr}"


def contents(tree: Path) -> dict[str, bytes]:
    files = (path for path in tree.rglob("*") if path.is_file())
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in files}


def touched(patch: Path) -> set[str]:
    """Return the paths that a patch adds, changes or deletes."""
    return set(re.findall(r"^diff --git a/(\S+) b/\1$", patch.read_text(), re.M))


def added_lines(patch: Path) -> list[str]:
    lines = patch.read_text().splitlines()
    return [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++")]


def test_there_is_a_job_for_every_price() -> None:
    assert len(IC) >= 12
    assert len(MANAGER) >= 6
    assert {task.price_cents for task in IC} == PRICES
    assert {task.repository for task in ALL.values()} == {IC[0].repository}


def test_features_and_bugs_are_told_apart() -> None:
    kinds = {task.id: {"bug", "feature", "maintenance"}.intersection(task.tags) for task in IC}
    assert all(len(kind) == 1 for kind in kinds.values()), kinds
    assert {"feature"} in kinds.values()
    assert {"maintenance"} in kinds.values()


def test_every_part_of_the_app_has_jobs() -> None:
    parts = {"client-logic", "ui", "server"}
    assert all(parts.intersection(task.tags) for task in IC)
    assert parts <= {tag for task in IC for tag in task.tags}


def test_no_issue_is_two_tasks() -> None:
    issues = [re.split(r"[_-]", task_id)[0] for task_id in ALL]
    assert len(issues) == len(set(issues))


def test_half_fixes_are_kept_for_a_cheap_and_a_dear_task() -> None:
    prices = [task.price_cents for task in IC if rejected(task)]
    assert len(prices) >= 4
    assert min(prices) <= 250_00
    assert max(prices) >= 4000_00


def test_the_repository_can_be_served() -> None:
    app = IC[0].repository.app
    assert app is not None
    assert app.outputs == ("dist",)
    source = IC[0].repository.source
    assert source is not None
    ignored = (source / ".gitignore").read_text().split()
    assert {"node_modules/", *(f"{output}/" for output in app.outputs)} <= set(ignored)
    assert not any((source / output).exists() for output in app.outputs)


def test_the_lock_file_names_no_registry() -> None:
    source = IC[0].repository.source
    assert source is not None
    lock = (source / "package-lock.json").read_text()
    assert '"lockfileVersion": 3' in lock
    assert "://" not in re.sub(r'"(?:url|funding)": "[^"]*"', "", lock)


@each(IC)
def test_the_id_is_of_an_official_form(task: Task) -> None:
    assert IC_ID.fullmatch(task.id)


@each(IC)
def test_the_issue_has_the_title_of_the_task(task: Task) -> None:
    assert task.brief.description.startswith(f"# {task.brief.title}\n")


@each(IC)
def test_the_patches_apply_and_change_files(task: Task, tmp_path: Path) -> None:
    bug, gold = patches(task)
    tree = copy_of_source(task, tmp_path / "tree")
    plain = contents(tree)
    apply(tree, bug)
    handed_out = contents(tree)
    assert handed_out != plain
    apply(tree, gold)
    assert contents(tree) != handed_out
    assert any(path.startswith(("server/", "shared/", "web/")) for path in touched(gold))


@each([task for task in IC if rejected(task)])
def test_half_fixes_apply(task: Task, tmp_path: Path) -> None:
    bug, gold = patches(task)
    for number, patch in enumerate(rejected(task)):
        tree = copy_of_source(task, tmp_path / str(number))
        apply(tree, bug)
        apply(tree, patch)
        assert touched(patch)
        assert patch.read_bytes() != gold.read_bytes()


@each(IC)
def test_what_is_handed_out_tells_nothing(task: Task) -> None:
    bug, _ = patches(task)
    comments = [line for line in added_lines(bug) if line.lstrip().startswith(("//", "/*", "*"))]
    assert [line for line in comments if TELLING.search(line)] == []
    assert all(task.id not in line for line in added_lines(bug))


@each(IC)
def test_the_issue_names_no_place_of_the_solution(task: Task) -> None:
    _, gold = patches(task)
    issue = task.brief.description
    names = {Path(path).name for path in touched(gold)} - {"README.md", "CONTRIBUTING.md"}
    assert [name for name in names if re.search(rf"\b{re.escape(name)}\b", issue)] == []
    assert SOURCE_PATH.findall(issue) == []


@each(IC)
def test_the_issue_says_nothing_of_the_judge(task: Task) -> None:
    issue = task.brief.description
    assert "hidden" not in issue.lower()
    assert "pytest" not in issue.lower()
    for path in hidden_tests(task):
        assert path.stem not in issue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert node.name not in issue


@each(IC)
def test_the_hidden_tests_import_nothing_that_was_submitted(task: Task) -> None:
    files = hidden_tests(task)
    assert files
    assert all(re.fullmatch(r"test_\w+\.py", path.name) for path in files)
    allowed = sys.stdlib_module_names | {"pytest", "playwright", "evenly"}
    for path in files:
        tree = ast.parse(path.read_text(), path.name)
        compile(tree, path.name, "exec")
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                assert node.module is not None
                assert node.module.split(".")[0] in allowed, path
            elif isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= allowed, path


@each(IC)
def test_helpers_are_equal_in_all_files_of_a_task(task: Task) -> None:
    copies: dict[str, set[str]] = {}
    for path in hidden_tests(task):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                copies.setdefault(node.name, set()).add(ast.dump(node))
    assert [name for name, known in copies.items() if len(known) > 1] == []


@each(IC)
def test_every_hidden_test_uses_the_app_in_a_browser_and_none_waits_or_is_skipped(
    task: Task,
) -> None:
    for path in hidden_tests(task):
        text = path.read_text()
        assert "sleep" not in text
        assert "skip" not in re.sub(r"skipped", "", text)
        tests = [
            node
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]
        assert tests
        assert len({test.name for test in tests}) == len(tests)
        browsing = {"page", "evenly", "context"}
        assert all({argument.arg for argument in test.args.args} & browsing for test in tests)


@each(MANAGER)
def test_proposals_talk_about_code_that_is_there(task: Task) -> None:
    source = task.repository.source
    assert source is not None
    texts = [task.brief.description, *(proposal.content for proposal in task.brief.proposals)]
    named = {path for text in texts for path in SOURCE_PATH.findall(text)}
    planned = {"test/draft.test.js"}
    assert [path for path in named - planned if not (source / path).is_file()] == []


def test_the_data_has_the_schema_that_proposals_want_to_migrate() -> None:
    source = IC[0].repository.source
    assert source is not None
    assert "SCHEMA_VERSION = 2;" in (source / "server" / "migrations.js").read_text()
