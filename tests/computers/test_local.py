from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from swelancer_plugin.computers.conformance import TimedConformance, appears, dies
from swelancer_plugin.computers.interface import (
    ComputerGone,
    ComputerProvider,
    DownloadError,
    PlacedComputer,
    SealedComputer,
)
from swelancer_plugin.computers.local import LocalComputer, LocalProvider
from tests.computers.conftest import WORKDIR, a_spec

exists = os.path.exists  # a look at a local path holds up no loop
pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest_asyncio.fixture(loop_scope="function")
async def computer() -> AsyncIterator[LocalComputer]:
    computer = await LocalProvider().start(a_spec())
    yield computer
    await computer.cleanup()


class TestLocalConformance(TimedConformance):
    @pytest_asyncio.fixture(loop_scope="function")
    async def computer(self) -> AsyncIterator[LocalComputer]:
        computer = await LocalProvider().start(a_spec())
        yield computer
        await computer.cleanup()


async def test_is_an_unsealed_provider(computer: LocalComputer) -> None:
    provider: ComputerProvider = LocalProvider()
    assert (provider.name, provider.sealed) == ("local", False)
    assert not isinstance(computer, SealedComputer)


async def test_working_directory_is_its_own(computer: LocalComputer) -> None:
    assert isinstance(computer, PlacedComputer)
    assert (await computer.check_shell_command("pwd")).text == f"{computer.workdir}\n"
    assert computer.workdir != WORKDIR
    assert not exists(WORKDIR)


async def test_environment_is_scrubbed(
    computer: LocalComputer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy")
    names = (await computer.check_shell_command("env | cut -d= -f1")).text.split()
    assert set(names) <= {
        "PATH", "LANG", "HOME", "TMPDIR", "PWD", "SWELANCER_COMPUTER", "SWELANCER_COMMAND",
    }  # fmt: skip


async def test_repository_is_copied(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text("content")
    (tmp_path / "link").symlink_to("/etc/hostname")
    computer = await LocalProvider().start(a_spec(source=tmp_path))
    try:
        seen = await computer.check_shell_command("cat deep/file; readlink link; echo > deep/file")
        assert seen.text == "content/etc/hostname\n"
        assert (tmp_path / "deep" / "file").read_text() == "content"
    finally:
        await computer.cleanup()


async def test_paths_of_the_brief_mean_its_own_directory(
    computer: LocalComputer, tmp_path: Path
) -> None:
    (tmp_path / "local").write_bytes(b"x")
    await computer.upload(str(tmp_path / "local"), f"{WORKDIR}/a/b")
    assert (await computer.check_shell_command("cat a/b")).output == b"x"
    assert await computer.download(f"{WORKDIR}/a/b") == b"x"
    assert await computer.download("a/b") == b"x"
    assert await computer.download(f"{computer.workdir}/a/b") == b"x"


@pytest.mark.parametrize("path", ["/etc/hostname", "../../x", f"{WORKDIR}/../../../etc/hostname"])
async def test_files_of_the_host_are_out_of_reach(
    computer: LocalComputer, tmp_path: Path, path: str
) -> None:
    (tmp_path / "local").write_bytes(b"x")
    with pytest.raises(ValueError, match="outside"):
        await computer.upload(str(tmp_path / "local"), path)
    with pytest.raises(DownloadError):
        await computer.download(path)


async def test_links_lead_nowhere_else(computer: LocalComputer, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")
    await computer.check_shell_command(f"ln -s {outside} link; mkfifo pipe")
    (tmp_path / "local").write_bytes(b"x")
    with pytest.raises(ValueError, match="outside"):
        await computer.upload(str(tmp_path / "local"), "link")
    for name in ("link", "pipe"):
        with pytest.raises(DownloadError):
            await computer.download(name)
    assert outside.read_text() == "kept"


async def test_cleanup_leaves_nothing(computer: LocalComputer) -> None:
    path = f"{computer.workdir}/pid"
    result = await computer.send_shell_command(
        f"setsid sh -c 'echo $$ > {path}; exec sleep 600' >/dev/null 2>&1 & sleep 600 & echo $!"
    )
    running = asyncio.ensure_future(computer.send_shell_command("sleep 600"))
    assert await appears(computer, path)
    escaped = (await computer.check_shell_command(f"cat {path}")).text.strip()
    await computer.cleanup()
    other = await LocalProvider().start(a_spec())
    try:
        assert await dies(other, escaped)
        assert await dies(other, result.text.strip())
    finally:
        await other.cleanup()
    assert (await running).exit_code == 137
    assert not exists(computer.workdir)
    with pytest.raises(ComputerGone):
        await computer.send_shell_command("true")


async def test_kept_directory_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    computer = await LocalProvider().start(a_spec(keep=True))
    await computer.check_shell_command("echo trace > trace")
    await computer.cleanup()
    assert (Path(computer.workdir) / "trace").read_text() == "trace\n"


@pytest.mark.parametrize("command", ['rm -rf "$PWD"', 'rm -rf "$PWD"; touch "$PWD"'])
async def test_a_working_directory_that_a_command_removes_is_gone(command: str) -> None:
    computer = await LocalProvider().start(a_spec())
    try:
        await computer.send_shell_command(f"cd {computer.workdir} && {command}")
        with pytest.raises(ComputerGone, match="working directory"):
            await computer.send_shell_command("true")
    finally:
        await computer.cleanup()
