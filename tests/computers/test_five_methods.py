"""A computer as a user would write it: five methods, nothing else, and it conforms."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from swelancer_plugin.computers.conformance import ComputerConformance
from swelancer_plugin.computers.interface import (
    CommandError,
    CommandResult,
    ComputerInterface,
    DownloadError,
)


class Handmade(ComputerInterface):
    def __init__(self) -> None:
        self.directory = tempfile.mkdtemp()

    async def send_shell_command(self, command: str) -> CommandResult:
        process = await asyncio.create_subprocess_exec(
            *("sh", "-c", command),
            cwd=self.directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return CommandResult(output, process.returncode or 0)

    async def upload(self, local_path: str, remote_path: str) -> None:
        Path(remote_path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(local_path, remote_path)

    async def download(self, remote_path: str) -> bytes:
        try:
            return Path(remote_path).read_bytes()  # noqa: ASYNC240  # local
        except OSError as error:
            raise DownloadError(str(error)) from error

    async def check_shell_command(self, command: str) -> CommandResult:
        result = await self.send_shell_command(command)
        if result.exit_code:
            raise CommandError(command, result)
        return result

    async def cleanup(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


class TestHandmade(ComputerConformance):
    @pytest_asyncio.fixture(loop_scope="function")
    async def computer(self) -> AsyncIterator[Handmade]:
        computer = Handmade()
        yield computer
        await computer.cleanup()
