"""Computers that answer as they like: the agent owned them."""

from __future__ import annotations

from swelancer_plugin.computers.interface import CommandResult, ComputerInterface


class Says(ComputerInterface):
    """A computer that answers as it likes: the agent owned it."""

    def __init__(self, output: bytes | Exception) -> None:
        self.output = output

    async def send_shell_command(self, command: str) -> CommandResult:
        if isinstance(self.output, Exception):
            raise self.output
        return CommandResult(self.output, 0)

    async def check_shell_command(self, command: str) -> CommandResult:
        return await self.send_shell_command(command)

    async def upload(self, local_path: str, remote_path: str) -> None:
        raise AssertionError("nothing is uploaded to take a submission")

    async def download(self, remote_path: str) -> bytes:
        return b"x" * 100_000

    async def cleanup(self) -> None:
        self.output = b""


class Lists(Says):
    """A computer that lists and hands out what it likes."""

    def __init__(self, listing: bytes, content: bytes | Exception = b"x") -> None:
        super().__init__(b"/tmp/list")
        self.listing = listing
        self.content = content

    async def download(self, remote_path: str) -> bytes:
        if remote_path == "/tmp/list":
            return self.listing
        if isinstance(self.content, Exception):
            raise self.content
        return self.content
