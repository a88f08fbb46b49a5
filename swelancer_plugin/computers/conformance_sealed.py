"""What a sealed computer has to withstand, as a pytest class. Destructive: for containers only.

Give it a computer of little memory (256 MB) and few processes (128).
"""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from swelancer_plugin.computers.conformance import SOON, TimedConformance, appears
from swelancer_plugin.computers.interface import (
    Changes,
    CommandError,
    CommandResult,
    ComputerGone,
    FrozenFile,
    SealedComputer,
    TimedComputer,
    TreeFile,
)

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds within which a computer that is under attack has to answer, or to be given up."""


async def answers(computer: TimedComputer) -> bool:
    """Tell whether a computer still runs commands; False if it says that it is gone."""
    try:
        async with asyncio.timeout(PATIENCE):
            result = await computer.send_shell_command("echo here")
    except ComputerGone:
        return False
    assert (result.output, result.exit_code) == (b"here\n", 0)
    return True


async def or_gone(awaitable: Awaitable[T]) -> T | None:
    """Wait, with patience; None if the computer is gone."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await awaitable
    except ComputerGone:
        return None


async def running(computer: SealedComputer) -> asyncio.Future[CommandResult]:
    """Start a command that lasts, and return when it runs."""
    assert isinstance(computer, TimedComputer)
    path = (await computer.check_shell_command("mktemp")).text.strip()
    future = asyncio.ensure_future(computer.send_shell_command(f"echo started > {path}; sleep 600"))
    assert await appears(computer, path)
    return future


class SealedConformance(TimedConformance):
    """A computer that survives its tasks, or says in bounded time that it did not."""

    bounded_directory = "/dev/shm"  # noqa: S108  # memory-backed and of fixed size in containers
    """Where at most 64 MB may be written to find no more room."""

    async def test_killing_everything(self, computer: SealedComputer) -> None:
        """Killing every process is the result 137, and the computer goes on."""
        async with asyncio.timeout(SOON):
            result = await computer.send_shell_command("echo before; kill -9 -1; sleep 600")
        assert result.exit_code == 137
        assert (await computer.send_shell_command("echo after")).output == b"after\n"

    async def test_killing_everything_ends_the_others(self, computer: SealedComputer) -> None:
        """Commands killed from beside are told so, too."""
        other = await running(computer)
        async with asyncio.timeout(SOON):
            await computer.send_shell_command("kill -9 -1")
            assert (await other).exit_code == 137

    async def test_stopping_everything(self, computer: SealedComputer) -> None:
        """Stopping every process, which leaves nobody to report, is an end as well."""
        async with asyncio.timeout(SOON):
            result = await computer.send_shell_command("kill -STOP -1; sleep 600")
        assert result.exit_code == 137
        assert (await computer.send_shell_command("echo after")).output == b"after\n"

    async def test_fork_bomb(self, computer: SealedComputer) -> None:
        """A fork bomb ends at its timeout, or with the computer."""
        assert isinstance(computer, TimedComputer)
        # this shell itself forks but once: it would end where no process is left for it
        bomb = "b() { b | b & }; (b) & while :; do :; done"
        result = await or_gone(computer.send_shell_command(bomb, timeout=2.0))
        if result is not None:
            assert result.timed_out
            assert await answers(computer)

    async def test_processes_used_up(self, computer: SealedComputer) -> None:
        """Without a process left, commands end in bounded time; freed, they run again."""
        assert isinstance(computer, TimedComputer)
        hog = "while :; do command eval 'setsid sleep 600 >/dev/null 2>&1 &' 2>/dev/null; done"
        async with asyncio.timeout(PATIENCE):
            hogging = asyncio.ensure_future(computer.send_shell_command(hog, timeout=4.0))
            while not hogging.done():
                squeezed = await or_gone(computer.send_shell_command("echo squeezed in"))
                if squeezed is None or squeezed.exit_code:
                    break
            result = await or_gone(hogging)
            if result is not None:
                assert result.timed_out
                assert await answers(computer)

    async def test_processes_left_behind(self, computer: SealedComputer) -> None:
        """Where background children use up all processes, commands fail in bounded time."""
        hog = "while :; do setsid sleep 600 >/dev/null 2>&1 & done"
        async with asyncio.timeout(PATIENCE):
            await or_gone(computer.send_shell_command(hog))
            await or_gone(computer.send_shell_command("echo squeezed in"))
            await computer.cleanup()

    async def test_memory_used_up(self, computer: SealedComputer) -> None:
        """Running out of memory kills the command, or the computer; never hangs it."""
        assert isinstance(computer, TimedComputer)
        result = await or_gone(computer.send_shell_command("tail /dev/zero", timeout=30.0))
        if result is not None:
            assert result.exit_code != 0
            assert await answers(computer)

    async def test_full_disk(self, computer: SealedComputer) -> None:
        """Where there is no room, a command fails as any other; the next one runs."""
        assert isinstance(computer, TimedComputer)
        fill = f"head -c 67108864 /dev/zero > {self.bounded_directory}/a; " + (
            f"cat {self.bounded_directory}/a > {self.bounded_directory}/b"
        )
        assert (await computer.send_shell_command(fill)).exit_code != 0
        assert await answers(computer)

    async def test_freeze(self, computer: SealedComputer) -> None:
        """Nothing moves in a frozen computer, and it takes no commands."""
        assert isinstance(computer, TimedComputer)
        directory = (await computer.check_shell_command("mktemp -d /root/c.XXXXXX")).text.strip()
        counting = f"n=0; while :; do n=$((n+1)); echo $n > {directory}/t; mv {directory}/t "
        await computer.check_shell_command(f"({counting} {directory}/n; done) >/dev/null 2>&1 &")
        assert await appears(computer, f"{directory}/n")
        stuck = await running(computer)
        await computer.freeze()
        before = await computer.read_frozen(f"{directory}/n", 100)
        with pytest.raises(ComputerGone):
            await stuck
        with pytest.raises(ComputerGone):
            await computer.send_shell_command("echo moves")
        assert before.kind == "file"
        assert await computer.read_frozen(f"{directory}/n", 100) == before
        await computer.freeze()

    async def test_read_frozen(self, computer: SealedComputer) -> None:
        """Every kind of path is told apart, and no more is read than was allowed."""
        directory = (await computer.check_shell_command("mktemp -d /root/r.XXXXXX")).text.strip()
        await computer.check_shell_command(
            f"cd {directory} && printf content > file && : > empty && mkdir directory && "
            "ln -s /etc/passwd link && ln -s nowhere dangling && ln -s loop loop && "
            "mkfifo pipe && truncate -s 1G sparse && printf x > 'odd\nname ü'"
        )
        await computer.freeze()
        async with asyncio.timeout(SOON):
            for name, expected in {
                "file": FrozenFile("file", 7, b"content"),
                "empty": FrozenFile("file", 0, b""),
                "odd\nname ü": FrozenFile("file", 1, b"x"),
                "sparse": FrozenFile("file", 1 << 30, None),
                "missing": FrozenFile("missing"),
                "missing/deeper": FrozenFile("missing"),
                "file/below": FrozenFile("missing"),
                "x" * 300: FrozenFile("missing"),
                "nul\0": FrozenFile("missing"),
            }.items():
                assert await computer.read_frozen(f"{directory}/{name}", 10) == expected
            for name, kind in {
                "link": "link",
                "dangling": "link",
                "directory": "directory",
                "pipe": "other",
            }.items():
                found = await computer.read_frozen(f"{directory}/{name}", 10)
                assert (found.kind, found.content) == (kind, None)
            loop = await computer.read_frozen(f"{directory}/loop", 10)
            assert loop.kind in ("link", "other")
            cut = await computer.read_frozen(f"{directory}/file", 6)
            assert cut == FrozenFile("file", 7, None)
            assert (await computer.read_frozen(f"{directory}/file", 7)).content == b"content"

    async def test_export_changes(self, computer: SealedComputer) -> None:
        """What was changed, added and deleted under a directory leaves; nothing else does."""
        await computer.check_shell_command(
            "cd /etc && printf kept > kept && mkdir -p out/in c/d .x && printf o > out/in/o && "
            "printf x > c/d/x && chmod +x c/d/x && printf 'n' > 'c/odd\nname ü' && "
            "ln -s ../kept c/link && ln -s /etc/passwd c/away && mkfifo c/pipe && rm profile && "
            "printf changed > group && mkdir /root/etc && printf else > /root/etc/elsewhere && "
            "mkdir -p o c/o/d && printf x > o/x && printf x > c/o/d/x && mkdir c/out && "
            "printf kept > c/out/kept"
        )
        await computer.freeze()
        changes = await computer.export_changes("/etc", ("out", ".x", "**/o"))
        assert changes == Changes(
            files=(
                TreeFile("c/d/x", b"x", executable=True),
                TreeFile("c/link", b"../kept", link=True),
                TreeFile("c/odd\nname ü", b"n"),
                TreeFile("c/out/kept", b"kept"),
                TreeFile("group", b"changed"),
                TreeFile("kept", b"kept"),
            ),
            deleted=("profile",),
            left_out=changes.left_out,
        )
        assert [line.split(":")[0] for line in changes.left_out] == ["'c/away'", "'c/pipe'"]

    async def test_export_of_no_changes(self, computer: SealedComputer) -> None:
        """Where nothing was changed, nothing leaves."""
        await computer.check_shell_command("touch /root/elsewhere")
        await computer.freeze()
        assert await computer.export_changes("/usr", ()) == Changes()

    async def test_unpack(self, computer: SealedComputer) -> None:
        """An archive is unpacked as root, over whatever is in the way."""
        directory = (await computer.check_shell_command("mktemp -d /root/u.XXXXXX")).text.strip()
        await computer.check_shell_command(
            f"cd {directory} && touch a && mkdir -p b/c && ln -s /etc e && echo kept > kept"
        )
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            for name in ("a", "e"):
                member = tarfile.TarInfo(name)
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(member)
            for name in ("a/file", "b", "e/file ü"):
                member = tarfile.TarInfo(name)
                member.size, member.mode = 1, 0o755
                archive.addfile(member, io.BytesIO(b"x"))
        await computer.unpack(content.getvalue(), directory)
        seen = await computer.check_shell_command(
            f"cd {directory} && cat a/file b 'e/file ü' kept && [ -x b ] && [ ! -L e ] && "
            "[ -O a/file ] && [ ! -e '/etc/file ü' ] && echo all"
        )
        assert seen.output == b"xxxkept\nall\n"
        with pytest.raises(CommandError):
            await computer.unpack(content.getvalue(), f"{directory}/missing")

    async def test_cleanup_of_a_frozen_computer(self, computer: SealedComputer) -> None:
        """A frozen computer can be cleaned up, and is gone then."""
        await computer.freeze()
        await computer.cleanup()
        await computer.cleanup()
        with pytest.raises(ComputerGone):
            await computer.read_frozen("/etc/passwd", 10)

    async def test_commands_after_cleanup(self, computer: SealedComputer) -> None:
        """What was running ends with ComputerGone, and so does what comes after."""
        stuck = await running(computer)
        async with asyncio.timeout(SOON):
            await computer.cleanup()
            for late in (stuck, computer.send_shell_command("true")):
                with pytest.raises(ComputerGone):
                    await late
