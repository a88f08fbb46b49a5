"""Computers that are containers, by any engine that speaks Docker's API."""

from __future__ import annotations

import asyncio
import posixpath
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from swelancer_plugin.computers import archive, changes
from swelancer_plugin.computers.archive import unpack
from swelancer_plugin.computers.channel import Channel
from swelancer_plugin.computers.engine_answers import TROUBLE, engine_asked, reason, require_alive
from swelancer_plugin.computers.interface import (
    Changes,
    CommandResult,
    ComputerGone,
    ComputerInterface,
    ComputerSpec,
    EngineError,
    FrozenFile,
    JudgeSpec,
    SealedComputer,
    checked,
)
from swelancer_plugin.computers.launch import launch, remove
from swelancer_plugin.computers.limits import ENGINE_LIMIT

if TYPE_CHECKING:
    from docker import APIClient, DockerClient


class DockerProvider:
    """Starts containers: no network, no capabilities, bounded memory, CPU and processes."""

    name = "docker"
    sealed = True

    def __init__(self, client: DockerClient) -> None:
        self.client = client

    async def start(self, spec: ComputerSpec) -> DockerComputer:
        """Start a container of `spec.image`. Raises EngineError.

        Whatever happens, a cancellation included, no container stays that nobody has.
        """
        return await launch(self.client.api, spec, DockerComputer)

    async def start_judge(self, app: ComputerInterface, spec: JudgeSpec) -> DockerComputer:
        """Start a judge's container for an app in a container; see `JudgingProvider`."""
        from swelancer_plugin.computers.judge import start_judge  # it is made of what is here

        return await start_judge(self.client.api, app, spec)


class DockerComputer(SealedComputer):
    """One container, spoken to over its PID 1's stdin; without a client it ends by itself."""

    def __init__(
        self, api: APIClient, container: str, channel: Channel, spec: ComputerSpec
    ) -> None:
        self.container = container
        """The engine's id of it."""
        self.workdir = spec.workdir
        self._api = api
        self._channel = channel
        self._keep = spec.keep
        self._frozen = False
        self._released = False

    async def hello(self) -> None:
        """Wait until it can run commands. Raises ComputerGone."""
        await self._channel.hello()

    def close(self) -> None:
        """Let go of the stream; unless it is to be kept, the container then ends by itself."""
        self._channel.close()

    async def send_shell_command(
        self, command: str, *, timeout: float | None = None
    ) -> CommandResult:
        """Run a command; at the timeout (seconds) its process tree is killed, exit code 124."""
        if self._frozen:
            raise ComputerGone("the computer is frozen")
        try:
            return await self._channel.run(command, timeout)
        except ComputerGone:
            if self._channel.ended and not self._released and not self._frozen:
                await asyncio.to_thread(self._ask_why)
            raise

    async def check_shell_command(
        self, command: str, *, timeout: float | None = None
    ) -> CommandResult:
        """Run a command that has to succeed. Raises CommandError when it does not."""
        return checked(command, await self.send_shell_command(command, timeout=timeout))

    async def upload(self, local_path: str, remote_path: str) -> None:
        """Copy a file of the host to an absolute path, making its directories; root owns it.

        Raises ValueError for a path that no file can have; OSError where the host's file can't be
        read; CommandError where it can't be written there: no directory can be made, a directory
        is in the way, there is no room.
        """
        if not posixpath.basename(archive.require_path(remote_path)):
            raise ValueError(f"not the path of a file: {remote_path!r}")
        directory = shlex.quote(posixpath.dirname(remote_path))
        target = shlex.quote(remote_path)
        await self.check_shell_command(f"mkdir -p {directory} && [ ! -d {target} ]")
        await asyncio.to_thread(
            archive.upload, self._api, self.container, Path(local_path), remote_path
        )

    async def download(self, remote_path: str) -> bytes:
        """Return the bytes of a file, links followed.

        Raises DownloadError, for a path that no file can have as well.
        """
        return await asyncio.to_thread(archive.download, self._api, self.container, remote_path)

    async def freeze(self) -> None:
        """Pause the container: nothing in it runs any more, and no command is taken.

        Raises ComputerGone where it can't be paused, EngineError where no engine answers.
        """
        if self._frozen:
            return
        await asyncio.to_thread(self._pause)
        self._frozen = True
        self._channel.close("the computer was frozen")

    async def read_frozen(self, path: str, limit: int) -> FrozenFile:
        """Read one absolute path as the engine sees it; at most `limit` bytes.

        What can't be looked at is "other", and at a path that no file can have is nothing.
        """
        return await asyncio.to_thread(archive.read_frozen, self._api, self.container, path, limit)

    async def export_changes(self, directory: str, excluded: tuple[str, ...]) -> Changes:
        """Return what has changed under a directory of the frozen container.

        Raises TooMuch, ComputerGone, EngineError.
        """
        return await asyncio.to_thread(
            changes.export_changes, self._api, self.container, directory, excluded
        )

    async def read_whole(
        self, directory: str, excluded: tuple[str, ...], limit: int
    ) -> Changes | None:
        """Return all of a small directory; see `SealedComputer`."""
        from swelancer_plugin.computers import changes

        return await asyncio.to_thread(
            changes.read_whole, self._api, self.container, directory, excluded, limit
        )

    async def unpack(self, archive: bytes, directory: str) -> None:
        """Unpack a tar archive into an existing directory, as root; what is in the way goes.

        Raises ValueError for an archive above `DOWNLOAD_LIMIT`; CommandError; ComputerGone;
        EngineError.
        """
        await asyncio.to_thread(unpack, self._api, self.container, archive, directory)

    async def cleanup(self) -> None:
        """Remove the container; one that is to be kept is only let go. Raises EngineError."""
        if self._released:
            return
        try:
            async with asyncio.timeout(ENGINE_LIMIT):
                await asyncio.to_thread(self._release)
        except TimeoutError as error:
            raise EngineError(f"no answer to a removal in {ENGINE_LIMIT:g} s") from error

    def _pause(self) -> None:
        try:
            self._api.pause(self.container)
        except TROUBLE as error:  # a task can keep its processes from being paused
            if not require_alive(self._api, self.container, "freeze")["Paused"]:
                raise ComputerGone(f"freeze: {reason(error)}") from error

    def _release(self) -> None:
        try:
            if not self._keep:
                remove(self._api, self.container)
            elif self._frozen:
                with suppress(ComputerGone), engine_asked("unfreeze"):
                    self._api.unpause(self.container)  # nobody can look into a frozen one
            self._released = True
        finally:
            self._channel.close()

    def _ask_why(self) -> None:
        """Raise EngineError if the stream broke because the engine is gone, not the container."""
        require_alive(self._api, self.container, "the computer's stream ended")
