"""Files into and out of a container by the engine's archive API: tar streams, bounded.

The engine resolves paths within the container's own root, so no link in it leads to the host.
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

from swelancer_plugin.computers.engine_answers import engine_asked
from swelancer_plugin.computers.interface import (
    DOWNLOAD_LIMIT,
    ComputerGone,
    DownloadError,
    EngineError,
    FrozenFile,
)
from swelancer_plugin.computers.limits import ENGINE_LIMIT

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

_HOPS: Final = 8
_CHUNK: Final = 1 << 20
_STAT_HEADER: Final = "X-Docker-Container-Path-Stat"
# Go's file modes, which are not those of Unix
_GO_DIRECTORY: Final = 1 << 31
_GO_LINK: Final = 1 << 27
_GO_TYPES: Final = _GO_DIRECTORY | _GO_LINK | 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19
_CANNOT_EXIST: Final = ("not a directory", "file name too long", "invalid argument")
_LOOP: Final = "too many links in "


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: Literal["missing", "file", "link", "directory", "other"]
    size: int = 0
    target: str = ""
    response: Response | None = None


def read_frozen(api: APIClient, container: str, path: str, limit: int) -> FrozenFile:
    """Read one path; a larger file than `limit` bytes is never read, only measured."""
    with _opened(api, container, path) as entry:
        if entry.kind == "file" and entry.size <= limit:
            return FrozenFile("file", entry.size, _content(entry))
        return FrozenFile(entry.kind, entry.size)


def download(api: APIClient, container: str, path: str) -> bytes:
    """Return a file's bytes, following links within the container. Raises DownloadError."""
    asked = path
    for _ in range(_HOPS):
        with _opened(api, container, path) as entry:
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
    """Write a file of the host to a path whose directory is there, as root, with its exec bit."""
    directory, name = posixpath.split(remote)
    with local.open("rb") as content, engine_asked(f"upload to {remote!r}"):
        done = api.put_archive(container, directory, _tar_stream(name, content))
    if not done:
        raise EngineError(f"upload to {remote!r}: the engine did not take all of it")


def _tar_stream(name: str, content: BinaryIO) -> Iterator[bytes]:
    status = os.fstat(content.fileno())
    header = tarfile.TarInfo(name)
    header.size = status.st_size
    header.mtime = int(status.st_mtime)
    header.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
    yield header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    left = header.size
    while left:
        piece = content.read(min(left, _CHUNK))
        if not piece:
            raise OSError(f"{content.name} became shorter while it was uploaded")
        left -= len(piece)
        yield piece
    yield bytes(-header.size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)


@contextmanager
def _opened(api: APIClient, container: str, path: str) -> Iterator[_Entry]:
    """Ask for a path. Leaving early closes the connection, which makes the engine stop reading."""
    what = f"read {path!r}"
    with engine_asked(what):
        response = api.get(
            f"{api.base_url}/v{api.api_version}/containers/{container}/archive",
            params={"path": path.encode("utf-8", errors="surrogateescape")},
            headers={"Accept-Encoding": "identity"},
            stream=True,
            timeout=ENGINE_LIMIT,
        )
        try:
            yield _entry(response, what)
        finally:
            response.close()


def _entry(response: Response, what: str) -> _Entry:
    if response.status_code != 200:
        return _absence(response, what)
    try:
        said = json.loads(base64.b64decode(response.headers[_STAT_HEADER]))
        mode, size, target = int(said["mode"]), int(said["size"]), str(said["linkTarget"])
    except (KeyError, ValueError, TypeError) as error:
        raise EngineError(f"{what}: no usable {_STAT_HEADER}: {error}") from error
    if mode & _GO_LINK:
        return _Entry("link", size, target)
    if mode & _GO_DIRECTORY:
        return _Entry("directory")
    return _Entry("other") if mode & _GO_TYPES else _Entry("file", size, response=response)


def _absence(response: Response, what: str) -> _Entry:
    """Tell a path that is not there from a container that is not there, and from a failure.

    What a path can cause is never an engine's failure, or a task could call its own work void.
    """
    try:
        message = str(response.json()["message"]).strip()
    except (KeyError, ValueError, TypeError):
        message = response.text.strip()
    said = f"{what}: {message}"
    if response.status_code == 409 or "no such container" in message.lower():
        raise ComputerGone(said)
    if response.status_code == 404 or message.endswith(_CANNOT_EXIST):
        return _Entry("missing")
    if _LOOP in message:
        return _Entry("other")
    raise EngineError(said)


def _content(entry: _Entry) -> bytes:
    assert entry.response is not None
    try:
        with tarfile.open(fileobj=entry.response.raw, mode="r|") as archive:
            member = archive.next()
            file = archive.extractfile(member) if member is not None else None
            # no more than was announced, whatever the file has become since
            content = file.read(entry.size) if file is not None else b""
    except (tarfile.TarError, OSError) as error:
        raise EngineError(f"the engine's archive is broken: {error}") from error
    if len(content) < entry.size:
        raise EngineError(f"the engine's archive ends after {len(content)} of {entry.size} bytes")
    return content
