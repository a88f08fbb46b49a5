"""The seam to any compute infrastructure: what a computer is, and who provides one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from swelancer_plugin.task import Repository

OUTPUT_LIMIT = 1024 * 1024
"""Bytes of a command's output that are kept, its tail; more is dropped and said."""
COMMAND_LIMIT = 16 * 1024 * 1024
"""Bytes of a command's text; upload a file instead of sending more."""
DOWNLOAD_LIMIT = 256 * 1024 * 1024
"""Bytes that a download may have."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command printed (stdout and stderr as one stream of bytes) and its exit code."""

    output: bytes
    exit_code: int
    timed_out: bool = False
    """The process tree was killed inside at the timeout; the exit code is then 124."""
    truncated: bool = False
    """More than `OUTPUT_LIMIT` bytes were printed; `output` is the tail."""

    @property
    def text(self) -> str:
        """The output as text; what is not UTF-8 is replaced, so that any report can carry it."""
        return self.output.decode("utf-8", errors="replace")


class ComputerError(Exception):
    """The base of what a computer raises."""


class CommandError(ComputerError):
    """A command that had to succeed did not."""

    def __init__(self, command: str, result: CommandResult) -> None:
        self.command = command
        self.result = result
        tail = result.text[-2000:].rstrip() or "(no output)"
        super().__init__(
            f"command failed with exit code {result.exit_code}"
            f"{' (timed out)' if result.timed_out else ''}: {command[:500]}\n{tail}"
        )


def checked(command: str, result: CommandResult) -> CommandResult:
    """Return `result` if its exit code is 0. Raises CommandError."""
    if result.exit_code != 0:
        raise CommandError(command, result)
    return result


class ComputerGone(ComputerError):
    """The computer no longer answers. What ran inside can cause this, so it proves nothing."""


class DownloadError(ComputerError):
    """A file could not be fetched: missing, no regular file, or above `DOWNLOAD_LIMIT`."""


class EngineError(ComputerError):
    """The machinery outside the computer failed: engine, image, the host's disk."""


class ComputerInterface(ABC):
    """One computer, in the original's five methods. Every command is a fresh shell.

    Implement these five for compute infrastructure of your own and the harness can use it.
    """

    @abstractmethod
    async def send_shell_command(self, command: str) -> CommandResult:
        """Run a shell command and return its result, whatever its exit code.

        Raises ComputerGone when the computer no longer answers.
        """

    @abstractmethod
    async def upload(self, local_path: str, remote_path: str) -> None:
        """Copy a file of the host to an absolute path in the computer, making its directories."""

    @abstractmethod
    async def download(self, remote_path: str) -> bytes:
        """Return the bytes of a file in the computer. Raises DownloadError."""

    @abstractmethod
    async def check_shell_command(self, command: str) -> CommandResult:
        """Run a shell command that has to succeed. Raises CommandError when it does not."""

    @abstractmethod
    async def cleanup(self) -> None:
        """Release everything that the computer holds. May be called more than once."""


@runtime_checkable
class TimedComputer(Protocol):
    """A computer whose commands take a timeout; our own backends do."""

    async def send_shell_command(
        self, command: str, *, timeout: float | None = None
    ) -> CommandResult:
        """Run a command; at the timeout (seconds) its whole process tree is killed inside."""


@runtime_checkable
class PlacedComputer(Protocol):
    """A computer that says where its working directory really is; our own backends do.

    It may differ from the one that was asked for: LocalComputer makes one of its own.
    """

    @property
    def workdir(self) -> str:
        """Absolute path, for commands, of the repository that the task is about."""


@dataclass(frozen=True, slots=True)
class FrozenFile:
    """A path of a frozen computer, as the engine (not the computer) sees it. Links stay links."""

    kind: Literal["missing", "file", "link", "directory", "other"]
    size: int = 0
    """Bytes."""
    content: bytes | None = None
    """None unless `kind` is file and the size within the limit that was asked for."""


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file or link of a directory tree."""

    path: str
    """Relative to the tree's root, with slashes; never absolute, never with ``..``."""
    content: bytes
    """Of a link: its target."""
    executable: bool = False
    link: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What has become of a directory tree since its computer was started, in canonical form."""

    files: tuple[TreeFile, ...] = ()
    """Added or changed, untracked ones too, by path. Some may be equal to what they were."""
    deleted: tuple[str, ...] = ()
    """By path; a directory stands for all that was in it. Deletions come before additions."""
    left_out: tuple[str, ...] = ()
    """What no submission can hold (a device, a name that is no UTF-8...): a line each, bounded."""


class TooMuch(ComputerError):
    """The changes are more, or larger, than a submission may be. What ran inside caused it."""


class SealedComputer(ComputerInterface):
    """A computer that can be frozen, and read from outside while nothing in it runs."""

    @abstractmethod
    async def freeze(self) -> None:
        """Stop everything inside for good. Raises EngineError; ComputerGone if it is gone."""

    @abstractmethod
    async def read_frozen(self, path: str, limit: int) -> FrozenFile:
        """Read one absolute path without following a link at its end; at most `limit` bytes."""

    @abstractmethod
    async def export_changes(self, directory: str, excluded: tuple[str, ...]) -> Changes:
        """Return what has changed under an absolute directory, as the engine sees it, not git.

        `excluded` are paths relative to it whose whole subtrees are passed over; ``**/name`` is a
        name at any depth. Raises TooMuch, ComputerGone, EngineError. To be called on a frozen
        computer.
        """

    async def read_whole(
        self, directory: str, excluded: tuple[str, ...], limit: int
    ) -> Changes | None:
        """Return all that is under a directory, as deleted (``.``) and made anew; None if more than
        `limit` bytes would have to be read for that. For computers that do it faster than
        `export_changes`, under the same conditions.
        """
        return None

    @abstractmethod
    async def unpack(self, archive: bytes, directory: str) -> None:
        """Unpack a tar archive of the host's own making into an existing directory, as root.

        A file replaces a directory of its name, and the other way round. Raises CommandError where
        it can't be written there, ComputerGone, EngineError.
        """


@dataclass(frozen=True, slots=True)
class ComputerSpec:
    """What a computer is to be: image, working directory and bounds."""

    repository: Repository
    """What the working directory is to hold. No task: its answer is nothing for a computer."""
    image: str | None
    """An image reference for providers that run images; None for those that don't."""
    workdir: str
    memory_bytes: int = 2 * 1024**3
    cpus: float = 2.0
    pids: int = 512
    labels: dict[str, str] = field(default_factory=dict)
    keep: bool = False
    """Leave it in place after the task, for a person to look into."""


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """What the computer of a judge is to be."""

    image: str | None
    """As `ComputerSpec.image`; it needs python3 with pytest."""
    port: int
    """The app's loopback port, and the judge's own that leads there."""
    memory_bytes: int = 2 * 1024**3
    cpus: float = 2.0
    pids: int = 512
    labels: dict[str, str] = field(default_factory=dict)
    keep: bool = False


class ComputerProvider(Protocol):
    """Starts computers. `name` and `sealed` are shown in every output of a run."""

    @property
    def name(self) -> str:
        """The word that selects it with ``--computer``."""

    @property
    def sealed(self) -> bool:
        """Whether its computers are `SealedComputer` s, isolated from the host."""

    async def start(self, spec: ComputerSpec) -> ComputerInterface:
        """Start a computer. Raises EngineError when the infrastructure fails."""


@runtime_checkable
class JudgingProvider(ComputerProvider, Protocol):
    """A provider whose computers a judge can be joined to, one way."""

    async def start_judge(self, app: ComputerInterface, spec: JudgeSpec) -> SealedComputer:
        """Start a judge's computer, with a network namespace of its own.

        Its loopback `spec.port` leads to the same port in `app`; nothing leads back. Its `cleanup`
        removes all that joins the two, and leaves `app` alone. Raises EngineError; ComputerGone
        where `app` is gone.
        """
