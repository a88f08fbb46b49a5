"""What a computer has to do, as pytest classes that a backend's tests inherit.

    class TestMine(ComputerConformance):
        @pytest_asyncio.fixture(loop_scope="function")
        async def computer(self) -> AsyncIterator[MyComputer]:
            computer = await MyComputer.start()
            yield computer
            await computer.cleanup()

`ComputerConformance` asks for the five methods alone: what the harness needs of any computer.
`TimedConformance` adds what our own backends do (see also `conformance_sealed` for containers).
The computer has to offer POSIX sh with coreutils.
"""

from __future__ import annotations

import asyncio
import shlex
import time
from pathlib import Path

import pytest

from swelancer_plugin.computers.interface import (
    COMMAND_LIMIT,
    OUTPUT_LIMIT,
    CommandError,
    ComputerInterface,
    DownloadError,
    TimedComputer,
)

SOON = 15.0
"""Seconds that anything may take which ought to be quick: machines are busy."""
ODD_NAMES = [
    "with space",
    "quote'\"quote",
    "new\nline",
    "ümläut-☃",
    "-dash",
    "$HOME;`id`&|*?\\",
    "%41%",
    "#hash",
]


async def make_directory(computer: ComputerInterface) -> str:
    """Return a fresh empty directory in the computer."""
    return (await computer.check_shell_command("mktemp -d")).text.strip()


async def is_alive(computer: TimedComputer, pid: str) -> bool:
    """Tell whether a process runs; a dead one that nobody has buried yet does not."""
    looks = f"kill -0 {pid} 2>/dev/null && ! grep -qs 'State:[[:space:]]*Z' /proc/{pid}/status"
    return (await computer.send_shell_command(looks)).exit_code == 0


async def dies(computer: TimedComputer, pid: str) -> bool:
    """Wait until a process is dead; False where it still lives after `SOON`."""
    assert pid.isdigit()
    until = time.monotonic() + SOON
    while await is_alive(computer, pid):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.02)
    return True


async def appears(computer: TimedComputer, path: str) -> bool:
    """Wait until a file is there; False where it is not after `SOON`."""
    until = time.monotonic() + SOON
    while (await computer.send_shell_command(f"[ -s {shlex.quote(path)} ]")).exit_code:
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.02)
    return True


class ComputerConformance:
    """The five methods, as any computer must answer them. Harmless: may be run on the host."""

    pytestmark = pytest.mark.asyncio(loop_scope="function")

    @pytest.mark.parametrize("code", [0, 1, 42, 126, 255])
    async def test_exit_code(self, computer: ComputerInterface, code: int) -> None:
        """The shell's exit code is the result's."""
        result = await computer.send_shell_command(f"echo said; exit {code}")
        assert (result.output, result.exit_code) == (b"said\n", code)

    async def test_no_output(self, computer: ComputerInterface) -> None:
        """Silence is no bytes."""
        result = await computer.send_shell_command("true")
        assert (result.output, result.exit_code, result.truncated) == (b"", 0, False)

    async def test_unknown_command(self, computer: ComputerInterface) -> None:
        """What does not exist is the shell's 127, and it says so."""
        result = await computer.send_shell_command("no-such-command-anywhere")
        assert result.exit_code == 127
        assert b"no-such-command-anywhere" in result.output

    async def test_output_is_bytes(self, computer: ComputerInterface, tmp_path: Path) -> None:
        """Any byte may be printed, in any order, NUL and invalid UTF-8 among them."""
        content = bytes(range(256)) * 40 + b"\0\r\n\xff\xfe no newline at the end"
        (tmp_path / "bytes").write_bytes(content)
        path = f"{await make_directory(computer)}/bytes"
        await computer.upload(str(tmp_path / "bytes"), path)
        assert (await computer.send_shell_command(f"cat {path}")).output == content

    async def test_longer_output(self, computer: ComputerInterface) -> None:
        """Half a megabyte arrives whole."""
        result = await computer.send_shell_command("head -c 500000 /dev/zero; echo end")
        assert result.output == bytes(500_000) + b"end\n"
        assert not result.truncated

    async def test_stderr_comes_in_its_place(self, computer: ComputerInterface) -> None:
        """Both streams are one, in the order of printing."""
        result = await computer.send_shell_command("echo a; echo b >&2; echo c; echo d >&2")
        assert result.output == b"a\nb\nc\nd\n"

    async def test_fresh_shell(self, computer: ComputerInterface) -> None:
        """No variable, directory, option or function leaks from one command to the next."""
        before = await computer.send_shell_command("pwd; umask")
        await computer.send_shell_command(
            "export LEAK=1; leak() { echo leaked; }; umask 077; set -f; cd /tmp || cd /"
        )
        after = await computer.send_shell_command('pwd; umask; echo "[$LEAK]"; leak 2>/dev/null')
        assert after.output == before.output + b"[]\n"
        assert after.exit_code == 127

    async def test_files_stay(self, computer: ComputerInterface) -> None:
        """What is written is there for the next command."""
        directory = await make_directory(computer)
        await computer.check_shell_command(f"echo kept > {directory}/file")
        assert (await computer.check_shell_command(f"cat {directory}/file")).output == b"kept\n"

    async def test_stdin_is_empty(self, computer: ComputerInterface) -> None:
        """A command that reads gets the end of file at once."""
        async with asyncio.timeout(SOON):
            result = await computer.send_shell_command("cat; echo read")
        assert result.output == b"read\n"

    @pytest.mark.parametrize(
        "text",
        ["  blanks  ", "quotes ' \" `", "a\\nb \\\\ \\0 %s %b $x", "two\nlines\n", "ümläut ☃ 🙂"],
    )
    async def test_command_text(self, computer: ComputerInterface, text: str) -> None:
        """The command's text arrives as it was written."""
        result = await computer.send_shell_command(f"printf %s {shlex.quote(text)}")
        assert result.text == text

    async def test_script(self, computer: ComputerInterface) -> None:
        """A command may be a script of many lines, here documents included."""
        command = "for n in 1 2 3; do\n  cat <<EOF\nline $n\nEOF\ndone\n"
        assert (await computer.send_shell_command(command)).output == b"line 1\nline 2\nline 3\n"

    async def test_long_command(self, computer: ComputerInterface) -> None:
        """A command of 100 KB is run."""
        result = await computer.send_shell_command(f": {'x' * 100_000}; echo ran")
        assert result.output == b"ran\n"

    async def test_one_after_another(self, computer: ComputerInterface) -> None:
        """Every result is its own command's."""
        for n in range(20):
            result = await computer.send_shell_command(f"echo {n}; exit {n}")
            assert (result.output, result.exit_code) == (b"%d\n" % n, n)

    async def test_sixteen_at_once(self, computer: ComputerInterface) -> None:
        """Commands that are sent together do not mix."""
        commands = [f"echo {n}; sleep 0.1; echo {n}; exit {n}" for n in range(16)]
        async with asyncio.timeout(SOON):
            results = await asyncio.gather(*map(computer.send_shell_command, commands))
        assert [(result.output, result.exit_code) for result in results] == [
            (b"%d\n%d\n" % (n, n), n) for n in range(16)
        ]

    async def test_check_returns_success(self, computer: ComputerInterface) -> None:
        """A checked command that succeeds gives its result."""
        assert (await computer.check_shell_command("echo fine")).output == b"fine\n"

    async def test_check_raises_failure(self, computer: ComputerInterface) -> None:
        """A checked command that fails is a CommandError: command, exit code, tail of output."""
        command = "echo first; echo the reason >&2; exit 3"
        with pytest.raises(CommandError) as caught:
            await computer.check_shell_command(command)
        assert caught.value.command == command
        assert caught.value.result.exit_code == 3
        assert caught.value.result.output.endswith(b"the reason\n")
        assert "exit code 3" in str(caught.value)
        assert "the reason" in str(caught.value)

    @pytest.mark.parametrize("size", [0, 1, 5 * 1024 * 1024])
    async def test_round_trip(self, computer: ComputerInterface, tmp_path: Path, size: int) -> None:
        """What is uploaded is what is downloaded, to the byte; directories are made."""
        content = (bytes(range(256)) * (size // 256 + 1))[:size]
        (tmp_path / "local").write_bytes(content)
        remote = f"{await make_directory(computer)}/made/for/it/file.bin"
        await computer.upload(str(tmp_path / "local"), remote)
        assert await computer.download(remote) == content
        seen = await computer.check_shell_command(f"wc -c < {remote}")
        assert int(seen.output) == size

    @pytest.mark.parametrize("name", ODD_NAMES)
    async def test_odd_names(self, computer: ComputerInterface, tmp_path: Path, name: str) -> None:
        """Names are bytes, not words of a shell."""
        (tmp_path / "local").write_bytes(b"content")
        remote = f"{await make_directory(computer)}/{name}/{name}"
        await computer.upload(str(tmp_path / "local"), remote)
        assert await computer.download(remote) == b"content"
        seen = await computer.check_shell_command(f"cat < {shlex.quote(remote)}")
        assert seen.output == b"content"

    async def test_upload_replaces(self, computer: ComputerInterface, tmp_path: Path) -> None:
        """A second upload to the same path wins; the text can be used by commands."""
        remote = f"{await make_directory(computer)}/file"
        for content in (b"a much longer first content", b"second"):
            (tmp_path / "local").write_bytes(content)
            await computer.upload(str(tmp_path / "local"), remote)
        assert await computer.download(remote) == b"second"

    async def test_download_of_what_was_made_inside(self, computer: ComputerInterface) -> None:
        """Files of commands can be downloaded, through a link as well."""
        directory = await make_directory(computer)
        await computer.check_shell_command(
            f"cd {directory} && printf made > file && ln -s file near && ln -s {directory}/near far"
        )
        for name in ("file", "near", "far"):
            assert await computer.download(f"{directory}/{name}") == b"made"

    @pytest.mark.parametrize("name", ["missing", "missing/deeper", "file/below", "directory"])
    async def test_download_of_no_file(self, computer: ComputerInterface, name: str) -> None:
        """What is missing, or no file, is a DownloadError."""
        directory = await make_directory(computer)
        await computer.check_shell_command(f"cd {directory} && mkdir directory && touch file")
        with pytest.raises(DownloadError):
            await computer.download(f"{directory}/{name}")

    async def test_cleanup_twice(self, computer: ComputerInterface) -> None:
        """A second cleanup finds nothing to do, and says nothing."""
        await computer.send_shell_command("true")
        await computer.cleanup()
        await computer.cleanup()


class TimedConformance(ComputerConformance):
    """The five methods and a timeout that kills inside, with bounded output."""

    async def test_timeout(self, computer: TimedComputer) -> None:
        """At the timeout the command ends with 124, and what it had printed is kept."""
        before = time.monotonic()
        result = await computer.send_shell_command("echo partial; sleep 600; echo no", timeout=0.5)
        assert (result.output, result.exit_code, result.timed_out) == (b"partial\n", 124, True)
        assert 0.4 < time.monotonic() - before < SOON

    async def test_timeout_not_reached(self, computer: TimedComputer) -> None:
        """A timeout that is not reached changes nothing."""
        result = await computer.send_shell_command("echo done; exit 7", timeout=60.0)
        assert (result.output, result.exit_code, result.timed_out) == (b"done\n", 7, False)

    @pytest.mark.parametrize(
        "command",
        [
            "echo $$; sleep 600",
            "trap '' TERM INT HUP; echo $$; while :; do sleep 1; done",
            "sleep 600 & echo $!; wait",
            "(sleep 600 & echo $!; sleep 600) | cat; sleep 600",
            "setsid sh -c 'echo $$; trap \"\" TERM; sleep 600; sleep 600' & sleep 600",
            "setsid setsid sh -c 'echo $$; exec sleep 600 >/dev/null 2>&1' & sleep 600",
            "echo $$; exec sleep 600 >/dev/null 2>&1",
        ],
        ids=["plain", "trap", "background", "pipeline", "session", "silent session", "exec"],
    )
    async def test_timeout_kills_the_tree(self, computer: TimedComputer, command: str) -> None:
        """No process of the command survives, whatever session or trap it is in."""
        result = await computer.send_shell_command(command, timeout=0.5)
        assert (result.exit_code, result.timed_out) == (124, True)
        assert await dies(computer, result.text.strip())

    async def test_timeout_spares_others(self, computer: TimedComputer) -> None:
        """Other commands, and background children of other commands, go on."""
        started = await computer.send_shell_command("sleep 600 >/dev/null 2>&1 & echo $!")
        other = asyncio.ensure_future(computer.send_shell_command("sleep 1; echo whole"))
        late = await computer.send_shell_command("sleep 600", timeout=0.3)
        assert late.timed_out
        assert (await other).output == b"whole\n"
        pid = started.text.strip()
        assert await is_alive(computer, pid)
        await computer.send_shell_command(f"kill -9 {pid}")
        assert await dies(computer, pid)

    async def test_endless_output(self, computer: TimedComputer) -> None:
        """Of an endless output the tail is kept, and that is said."""
        result = await computer.send_shell_command("yes", timeout=1.0)
        assert result.timed_out
        assert result.truncated
        assert len(result.output) == OUTPUT_LIMIT
        assert set(result.output) == set(b"y\n")

    @pytest.mark.parametrize("extra", [-1, 0, 1, 3_000_000])
    async def test_tail_is_kept(self, computer: TimedComputer, extra: int) -> None:
        """Up to the limit all is kept; above it, its end."""
        size = OUTPUT_LIMIT + extra
        result = await computer.send_shell_command(f"head -c {size - 4} /dev/zero; echo end")
        assert result.output == (bytes(size - 4) + b"end\n")[-OUTPUT_LIMIT:]
        assert result.truncated == (extra > 0)
        assert result.exit_code == 0

    async def test_background_child_holds_output(self, computer: TimedComputer) -> None:
        """A child that keeps the output open does not hold up the result, and lives on."""
        path = f"{(await computer.send_shell_command('mktemp -d')).text.strip()}/survived"
        child = f"sleep 0.5; echo later; echo more; echo yes > {path}; sleep 600"
        async with asyncio.timeout(SOON):
            result = await computer.send_shell_command(f"({child}) & echo now $!")
        word, pid = result.text.split()
        assert (word, result.exit_code, result.truncated) == ("now", 0, False)
        assert await appears(computer, path)
        await computer.send_shell_command(f"kill -9 {pid}")

    async def test_background_child_keeps_printing(self, computer: TimedComputer) -> None:
        """Nor does one that never stops printing."""
        path = f"{(await computer.send_shell_command('mktemp -d')).text.strip()}/pid"
        async with asyncio.timeout(SOON):
            result = await computer.send_shell_command(f"yes & echo $! > {path}; exit 5")
            assert result.exit_code == 5
            killed = await computer.send_shell_command(f"kill -9 $(cat {path})")
        assert killed.exit_code == 0

    async def test_cancelled(self, computer: TimedComputer) -> None:
        """A command that nobody waits for any more is killed."""
        path = f"{(await computer.send_shell_command('mktemp -d')).text.strip()}/pid"
        task = asyncio.ensure_future(
            computer.send_shell_command(f"echo $$ > {path}; exec sleep 600")
        )
        assert await appears(computer, path)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        pid = (await computer.send_shell_command(f"cat {path}")).text.strip()
        assert await dies(computer, pid)

    async def test_huge_command(self, computer: TimedComputer) -> None:
        """A command may have megabytes."""
        result = await computer.send_shell_command(f": '{'x' * 3_000_000}'; echo ran; exit 9")
        assert (result.output, result.exit_code) == (b"ran\n", 9)

    async def test_command_of_any_bytes(self, computer: TimedComputer) -> None:
        """Bytes that are no text travel as lone surrogates."""
        content = bytes(set(range(1, 256)) - set(b"'"))
        command = b"printf %s '" + content + b"'"
        result = await computer.send_shell_command(command.decode("utf-8", "surrogateescape"))
        assert result.output == content

    async def test_impossible_commands(self, computer: TimedComputer) -> None:
        """NUL, and more than the limit, are the caller's mistakes."""
        for command in ("echo a\0b", "x" * (COMMAND_LIMIT + 1)):
            with pytest.raises(ValueError):
                await computer.send_shell_command(command)
        assert (await computer.send_shell_command("echo still")).output == b"still\n"

    async def test_signals_are_at_their_defaults(self, computer: TimedComputer) -> None:
        """A command can be interrupted: no signal arrives ignored."""
        result = await computer.send_shell_command("kill -INT $$; echo deaf")
        assert result.output == b""
        assert result.exit_code == 130
