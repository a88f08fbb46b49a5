from __future__ import annotations

import asyncio
import io
import os
import re
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from swelancer_plugin.computers.interface import Changes, CommandResult, EngineError, FrozenFile
from swelancer_plugin.grading.hidden_tests import pack, prepare
from swelancer_plugin.grading.stage import LIMIT, Packed
from swelancer_plugin.task import Brief, IcAnswer, Repository, Task


def a_task(*directories: Path) -> Task:
    return Task(
        "d",
        Brief("t-1", "ic_swe", "t", "d", 100, "/app/x"),
        IcAnswer(tuple(map(str, directories))),
        Repository("x", "/app/x"),
    )


def members(archive: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {member.name: member for member in opened}


def test_regular_files_alone_are_packed(tmp_path: Path) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "deep" / "x.json").write_text("{}")
    (tmp_path / "test_a.py").write_text("x")
    (tmp_path / "conftest.py").write_text("")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "test_a.pyc").write_text("")
    (tmp_path / "__pycache__" / "link").symlink_to("test_a.pyc")
    packed = members(pack(a_task(tmp_path)).archive)
    assert sorted(packed) == [
        "browser.py",
        "conftest.py",
        "replay.py",
        "tests/conftest.py",
        "tests/data/deep/x.json",
        "tests/test_a.py",
    ]
    assert all(member.isreg() and member.mode == 0o644 for member in packed.values())


@pytest.mark.parametrize("target", ["/etc/passwd", "test_a.py", "..", "nowhere", None])
def test_links_and_pipes_are_refused(tmp_path: Path, target: str | None) -> None:
    (tmp_path / "test_a.py").write_text("x")
    odd = tmp_path / "odd"
    if target is None:
        os.mkfifo(odd)
    else:
        odd.symlink_to(target)
    wanted = f"t-1 can't be had: {re.escape(str(odd))} is a link or no file"
    with pytest.raises(EngineError, match=wanted):
        pack(a_task(tmp_path))


class Lists:
    """A judge's computer whose hidden tests have these names."""

    def __init__(self, names: CommandResult) -> None:
        self.names = names

    async def send_shell_command(
        self, command: str, *, timeout: float | None = None
    ) -> CommandResult:
        return self.names if command.startswith("cat ") else CommandResult(b"", 0)

    async def unpack(self, archive: bytes, directory: str) -> None:
        pass

    async def freeze(self) -> None:
        raise AssertionError("it is still to be used")

    async def read_frozen(self, path: str, limit: int) -> FrozenFile:
        raise AssertionError("it is still to be used")

    async def read_whole(
        self, directory: str, excluded: tuple[str, ...], limit: int
    ) -> Changes | None:
        raise AssertionError("it is still to be used")


def test_too_many_names_are_said() -> None:
    names = CommandResult(b"x" * 10, 0, truncated=True)
    with pytest.raises(EngineError, match=r"t-1 are too many: their names have more than 1,048,57"):
        asyncio.run(prepare(Lists(names), Packed(b"", ()), a_task(), 8080))


def test_several_directories_are_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"test_{name}.py").write_text(name)
    task = a_task(tmp_path / "a", tmp_path / "b")
    names = ["browser.py", "conftest.py", "replay.py", "tests/test_a.py", "tests/test_b.py"]
    assert sorted(members(pack(task).archive)) == names
    (tmp_path / "b" / "test_a.py").write_text("another")
    with pytest.raises(EngineError, match=r"t-1 can't be had: two .* have a file test_a\.py"):
        pack(task)


def test_what_cannot_be_packed_names_the_task(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(EngineError, match=f"t-1 can't be had: {re.escape(str(wrong))} is no"):
            pack(a_task(wrong))
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(EngineError, match="t-1 can't be had: they have more than"):
        pack(a_task(tmp_path))


def test_official_names_are_no_directories(tmp_path: Path) -> None:
    task = replace(a_task(), answer=IcAnswer(("15193",)))
    with pytest.raises(EngineError, match="15193 is no directory"):
        pack(task)
