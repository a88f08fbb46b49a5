"""The house: a room imports only from floors below it, and no file outgrows a reader."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import swelancer_plugin

SOURCE = Path(swelancer_plugin.__file__).parent
ROOT = SOURCE.parent
FLOORS = [
    ["__init__", "money", "files"],
    ["task", "outcome", "attempt", "settings"],
    ["datasets"],
    ["models"],
    ["computers"],
    ["results"],
    ["runs"],
    ["grading"],
    ["agents"],
    ["reporting"],
    ["session"],
    ["newhooks", "plugin", "cli"],
]
HEIGHT = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
# The ground floor's values build on one another in this order; rooms may use their own files.
ORDER = {name: place for place, name in enumerate(HEIGHT)}


def room_of(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            names = [str(node.module)]
            if node.module == "swelancer_plugin":
                names = [f"swelancer_plugin.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "swelancer_plugin" and len(parts) > 1:
                room = parts[1]
                yield node.lineno, "__init__" if room == "__version__" else room


def upward_imports(path: Path) -> list[str]:
    here = room_of(path)
    return [
        f"{path.relative_to(ROOT)}:{line} imports {room}"
        for line, room in imported_rooms(path)
        if room != here and (HEIGHT[room] > HEIGHT[here] or ORDER[room] > ORDER[here])
    ]


SOURCES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_only_from_floors_below(path: Path) -> None:
    assert upward_imports(path) == []


def test_an_upward_import_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_architecture.SOURCE", tmp_path)
    monkeypatch.setattr("tests.test_architecture.ROOT", tmp_path)
    low = tmp_path / "results" / "summary.py"
    low.parent.mkdir()
    low.write_text("def f():\n    from swelancer_plugin.session.run import Run\n")
    assert upward_imports(low) == ["results/summary.py:2 imports session"]


def ours() -> Iterator[Path]:
    yield ROOT / "conftest.py"
    for folder in ("swelancer_plugin", "tests", "bench"):
        yield from sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", list(ours()), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 450
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"
