"""Files into and out of a container by the engine's archive API: tar streams, bounded.

The engine resolves paths within the container's own root, so no link in it leads to the host.
Whatever a path, or the container's state, makes the engine answer is no failure of the engine.
"""

from __future__ import annotations

import base64
import json
import os
import posixpath
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

from swelancer_plugin.computers.engine_answers import (
    TROUBLE,
    engine_asked,
    reason,
    require_alive,
)
from swelancer_plugin.computers.interface import (
    DOWNLOAD_LIMIT,
    CommandError,
    CommandResult,
    DownloadError,
    EngineError,
    FrozenFile,
)
from swelancer_plugin.computers.limits import ENGINE_LIMIT

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

NAME_BYTES: Final = 255
"""What Linux allows for one name in a path."""
PATH_BYTES: Final = 4095
"""What Linux allows for a path."""
_HOPS: Final = 8
_CHUNK: Final = 1 << 20
_STAT_HEADER: Final = "X-Docker-Container-Path-Stat"
# Go's file modes, which are not those of Unix
_GO_DIRECTORY: Final = 1 << 31
_GO_LINK: Final = 1 << 27
_GO_TYPES: Final = _GO_DIRECTORY | _GO_LINK | 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19
_CANNOT_EXIST: Final = ("not a directory", "file name too long", "invalid argument")


@dataclass(frozen=True, slots=True)
class Found:
    """What the engine says of a path, and its archive unless nothing is there."""

    kind: Literal["missing", "file", "link", "directory", "other"]
    size: int = 0
    target: str = ""
    response: Response | None = None


class BrokenContentError(Exception):
    """An archive that is not what was announced."""


def require_path(path: str) -> str:
    """Return a path that a file can have. Raises ValueError, saying what is wrong with it."""
    try:
        encoded = path.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(f"not a path: {path[:100]!r}: {error.reason}") from error
    if not encoded.startswith(b"/"):
        raise ValueError(f"not an absolute path: {path[:100]!r}")
    if b"\0" in encoded:
        raise ValueError(f"a path can't hold a NUL character: {path[:100]!r}")
    if len(encoded) > PATH_BYTES or max(map(len, encoded.split(b"/"))) > NAME_BYTES:
        raise ValueError(f"the path is too long: {path[:100]!r}...")
    return path


def read_frozen(api: APIClient, container: str, path: str, limit: int) -> FrozenFile:
    """Read one path; a larger file than `limit` bytes is never read, only measured.

    At a path that no file can have is nothing. Raises ComputerGone, EngineError.
    """
    what = f"read {path!r}"
    try:
        require_path(path)
    except ValueError:
        with engine_asked(what):
            api.inspect_container(container)
        return FrozenFile("missing")
    try:
        with engine_asked(what), opened(api, container, path) as entry:
            if entry.kind == "file" and entry.size <= limit:
                return FrozenFile("file", entry.size, _content(entry))
            return FrozenFile(entry.kind, entry.size)
    except BrokenContentError as error:  # nothing moves in there, so nothing in there did it
        raise EngineError(f"{what}: {error}") from error


def download(api: APIClient, container: str, path: str) -> bytes:
    """Return a file's bytes, following links within the container.

    Raises DownloadError for whatever the path or the inside can cause, a file that changes while
    it is read included; ComputerGone; EngineError where the engine does not answer at all.
    """
    try:
        require_path(path)
    except ValueError as error:
        raise DownloadError(str(error)) from error
    try:
        return _follow(api, container, path)
    except (*TROUBLE, BrokenContentError) as error:
        require_alive(api, container, f"download {path!r}")
        raise DownloadError(f"{path!r}: {reason(error)}") from error


def _follow(api: APIClient, container: str, asked: str) -> bytes:
    path = asked
    for _ in range(_HOPS):
        with opened(api, container, path) as entry:
            if entry.kind == "link":
                path = posixpath.join(posixpath.dirname(path), entry.target)
                continue
            if entry.kind != "file":
                raise DownloadError(f"{asked!r} is no file: {entry.kind}")
            if entry.size > DOWNLOAD_LIMIT:
                raise DownloadError(f"{asked!r} has {entry.size} bytes, more than {DOWNLOAD_LIMIT}")
            return _content(entry)
    raise DownloadError(f"{asked!r} is a chain of more than {_HOPS} links")


def upload(api: APIClient, container: str, local: Path, remote: str) -> None:
    """Write a file of the host to a path whose directory is there, as root, with its exec bit.

    Raises ValueError for a path that no file can have; OSError for the host's file; CommandError
    where the engine can't write it there, out of room included; ComputerGone; EngineError where
    the engine does not answer at all.
    """
    directory, name = posixpath.split(require_path(remote))
    what = f"upload to {remote!r}"
    with local.open("rb") as content:
        source = _Source(content)
        try:
            done = api.put_archive(container, directory, _tar_stream(name, source))
            said = "the engine did not take all of it"
        except TROUBLE as error:
            if source.failure is not None:
                raise source.failure from None
            done, said = False, reason(error)
    if not done:
        require_alive(api, container, what)
        raise CommandError(what, CommandResult(said.encode("utf-8", errors="replace"), 1))


class _Source:
    """A file of the host that is read by the client library, which hides why it could not be."""

    def __init__(self, content: BinaryIO) -> None:
        self.content = content
        self.failure: OSError | None = None

    def read(self, size: int) -> bytes:
        try:
            piece = self.content.read(size)
            if not piece:
                raise OSError(f"{self.content.name} became shorter while it was uploaded")
        except OSError as error:
            self.failure = error
            raise
        return piece


def _tar_stream(name: str, source: _Source) -> Iterator[bytes]:
    status = os.fstat(source.content.fileno())
    header = tarfile.TarInfo(name)
    header.size = status.st_size
    header.mtime = int(status.st_mtime)
    header.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
    yield header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    left = header.size
    while left:
        piece = source.read(min(left, _CHUNK))
        left -= len(piece)
        yield piece
    yield bytes(-header.size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)


def unpack(api: APIClient, container: str, content: bytes, directory: str) -> None:
    """Unpack a tar archive into an existing directory; what is in the way is replaced.

    Raises ValueError for more than `DOWNLOAD_LIMIT` bytes or no directory's path; CommandError
    where the engine can't write it there; ComputerGone; EngineError where the engine does not
    answer at all.
    """
    what = f"unpack into {require_path(directory)!r}"
    if len(content) > DOWNLOAD_LIMIT:
        raise ValueError(f"{what}: {len(content)} bytes are more than {DOWNLOAD_LIMIT}")
    try:
        done, said = api.put_archive(container, directory, content), "the engine did not take it"
    except TROUBLE as error:
        done, said = False, reason(error)
    if not done:
        require_alive(api, container, what)
        raise CommandError(what, CommandResult(said.encode("utf-8", errors="replace"), 1))


@contextmanager
def opened(
    api: APIClient, container: str, path: str, method: Literal["GET", "HEAD"] = "GET"
) -> Iterator[Found]:
    """Ask for a path. Leaving early closes the connection, which makes the engine stop reading.

    HEAD asks only what it is. Raises ComputerGone, EngineError, and what the client library raises.
    """
    what = f"read {path!r}"
    response = api.request(
        method,
        f"{api.base_url}/v{api.api_version}/containers/{container}/archive",
        params={"path": path.encode("utf-8", errors="surrogateescape")},
        headers={"Accept-Encoding": "identity"},
        stream=True,
        timeout=ENGINE_LIMIT,
    )
    try:
        if response.status_code != 200:
            require_alive(api, container, what)
            yield _absence(response)
        else:
            yield _entry(response, what)
    finally:
        response.close()


def _absence(response: Response) -> Found:
    """Tell a path that is not there from one that can't be read: a loop of links, or anything."""
    try:
        message = str(response.json()["message"]).strip()
    except (KeyError, ValueError, TypeError):
        message = response.text.strip()
    if response.status_code in (400, 404) or message.endswith(_CANNOT_EXIST):
        return Found("missing")
    return Found("other")


def _entry(response: Response, what: str) -> Found:
    try:
        said = json.loads(base64.b64decode(response.headers[_STAT_HEADER]))
        mode, size, target = int(said["mode"]), int(said["size"]), str(said["linkTarget"])
    except (KeyError, ValueError, TypeError) as error:
        raise EngineError(f"{what}: no usable {_STAT_HEADER}: {error}") from error
    if mode & _GO_LINK:
        return Found("link", size, target, response)
    if mode & _GO_DIRECTORY:
        return Found("directory", response=response)
    kind: Literal["other", "file"] = "other" if mode & _GO_TYPES else "file"
    return Found(kind, size, response=response)


def _content(entry: Found) -> bytes:
    assert entry.response is not None
    try:
        with tarfile.open(fileobj=entry.response.raw, mode="r|") as archive:
            member = archive.next()
            file = archive.extractfile(member) if member is not None else None
            # no more than was announced, whatever the file has become since
            content = file.read(entry.size) if file is not None else b""
    except (tarfile.TarError, OSError, ValueError) as error:
        raise BrokenContentError(f"the engine's archive is broken: {error}") from error
    if len(content) < entry.size:
        raise BrokenContentError(
            f"the engine's archive ends after {len(content)} of {entry.size} bytes"
        )
    return content
