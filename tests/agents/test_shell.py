from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from swelancer_plugin.agents import shell as shell_module
from swelancer_plugin.agents.shell import Shell, put, temporary_directory
from swelancer_plugin.computers.interface import (
    CommandError,
    CommandResult,
    ComputerInterface,
    EngineError,
)
from swelancer_plugin.models.limits import LimitReached, Limits
from swelancer_plugin.models.transcript import Transcript
from tests.agents.script import Silent, local
from tests.computers.test_five_methods import Handmade

SILENT = Silent(Path("nowhere"))


def on_handmade(act: Callable[[Shell], Awaitable[None]], limits: Limits | None = None) -> None:
    """Act in a computer that has the five methods alone, and no timeout of its own."""

    async def run() -> None:
        computer = Handmade()
        try:
            await act(Shell(computer, computer.directory, limits or Limits(), SILENT))
        finally:
            await computer.cleanup()

    asyncio.run(run())


def test_five_methods_are_enough() -> None:
    async def act(shell: Shell) -> None:
        result = await shell.run('pwd; echo "it\'s"; exit 3', 60)
        assert result == CommandResult(f"{shell.workdir}\nit's\n".encode(), 3)
        path = await shell.stage(b"\0\xff")
        assert path.startswith("/tmp/swelancer-")
        assert await shell.has_file(path)
        assert (await shell.run(f"od -An -tx1 {path}; rm {path}", 60)).text == " 00 ff\n"
        assert not await shell.has_file(path)

    on_handmade(act)


def test_a_computer_without_timeouts_has_its_commands_killed_by_coreutils() -> None:
    async def act(shell: Shell) -> None:
        result = await shell.run("echo $$; sleep 997 & echo $!; wait", 0.5)
        assert result.timed_out
        for pid in result.text.split():
            assert not Path(f"/proc/{pid}/exe").exists()  # noqa: ASYNC240  # a zombie has none

    on_handmade(act)


def test_a_command_that_ignores_its_end_is_killed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shell_module, "KILL_AFTER", 0.1)

    async def act(shell: Shell) -> None:
        result = await shell.run("trap '' TERM; while :; do sleep 0.01; done", 1.0)
        assert (result.exit_code, result.timed_out) == (137, True)

    on_handmade(act)


class Mute(Handmade):
    def __init__(self) -> None:
        """Make no directory."""

    async def send_shell_command(self, command: str) -> CommandResult:
        await asyncio.Event().wait()
        raise AssertionError


def test_a_computer_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shell_module, "UNANSWERED", 0.05)

    async def run() -> CommandResult:
        return await Shell(Mute(), "/", Limits(), SILENT).run("true", 0.05)

    assert asyncio.run(run()) == CommandResult(b"(the computer did not answer)", 124, True)


def test_seconds_are_the_least_of_what_is_asked_allowed_and_left() -> None:
    def seconds(limits: Limits, asked: float | None = None) -> float:
        return Shell(Mute(), "/", limits, SILENT).seconds(asked)

    assert seconds(Limits()) == 300
    assert seconds(Limits(), 20) == 20
    assert seconds(Limits(), 1e300) == 300
    assert seconds(Limits(seconds=100), 1e300) <= 100
    with pytest.raises(LimitReached, match="the time of 0 s is over"):
        seconds(Limits(seconds=0))


def test_a_command_that_no_computer_takes_is_refused() -> None:
    async def run(command: str) -> None:
        async with local() as computer:
            await Shell(computer, computer.workdir, Limits(), SILENT).run(command, 5)

    for command in ("a\0b", "\ud800"):
        with pytest.raises(ValueError):
            asyncio.run(run(command))


def test_a_working_directory_that_is_gone_is_no_obstacle() -> None:
    async def run() -> None:
        async with local() as computer:
            shell = Shell(computer, "/no/such\ndirectory 'x", Limits(), SILENT)
            assert (await shell.run("echo ran", 60)).text == "ran\n"

    asyncio.run(run())


def test_commands_are_written_down_in_part(tmp_path: Path) -> None:
    async def run() -> None:
        async with local() as computer:
            transcript = Transcript(tmp_path / "t.jsonl")
            shell = Shell(computer, computer.workdir, Limits(), transcript)
            await shell.run("exit 5 # " + "x" * 5000, 60)
            transcript.close()

    asyncio.run(run())
    (line,) = map(json.loads, (tmp_path / "t.jsonl").read_text().splitlines())
    assert (line["event"], line["exit_code"], line["timed_out"]) == ("command", 5, False)
    assert line["command"].startswith("exit 5 # x")
    assert len(line["command"]) == 2000


class Saying(Handmade):
    def __init__(self, said: bytes) -> None:
        self.said = said

    async def send_shell_command(self, command: str) -> CommandResult:
        return CommandResult(self.said, 0)


@pytest.mark.parametrize(
    ("said", "directory"), [(b"/var/tmp", "/var/tmp"), (b"", "/tmp"), (b"not a path", "/tmp")]
)
def test_where_temporary_files_go(said: bytes, directory: str) -> None:
    assert asyncio.run(temporary_directory(Saying(said))) == directory


def test_a_host_that_can_hold_no_file_is_the_machinery_s_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/no/such/directory")
    with pytest.raises(EngineError, match="no temporary file on this machine"):
        asyncio.run(put(Mute(), b"x", "/tmp/x"))


class Full(Handmade):
    def __init__(self) -> None:
        """Make no directory."""

    async def upload(self, local_path: str, remote_path: str) -> None:
        raise CommandError("upload", CommandResult(b"no space left", 1))


def test_what_an_upload_raises_passes() -> None:
    computer: ComputerInterface = Full()
    with pytest.raises(CommandError, match="no space left"):
        asyncio.run(put(computer, b"x", "/tmp/x"))
