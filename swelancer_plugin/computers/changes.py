"""What has become of a directory of a frozen container, as its engine sees it.

The engine lists what has changed; what is there now is read by its archive API, as few archives as
will do. Everything in there was made by whoever owned the container: all of it is bounded, and
what no submission can hold is left out and said.
"""

from __future__ import annotations

import codecs
import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import requests

from swelancer_plugin.computers.archive import opened
from swelancer_plugin.computers.engine_answers import TROUBLE, engine_asked, reason, require_alive
from swelancer_plugin.computers.excluded import Excluded
from swelancer_plugin.computers.interface import (
    Changes,
    ComputerGone,
    EngineError,
    TooMuch,
)
from swelancer_plugin.computers.limits import ENGINE_LIMIT
from swelancer_plugin.computers.tree import MAX_FILES, Reading

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

MAX_LISTING: Final = 64 * 1024 * 1024
"""Bytes of the engine's list, some 500,000 paths of the whole container."""
_CHUNK: Final = 1 << 16
_DELETED: Final = 2
_BETWEEN: Final = re.compile(r"[\[\],\s]*")


def export_changes(
    api: APIClient, container: str, directory: str, excluded: tuple[str, ...]
) -> Changes:
    """Return what has changed under an absolute directory, what is `excluded` passed over.

    Where the directory itself is gone, or no directory any more, all of it counts as deleted:
    ``.`` stands for it. Empty directories are no change. Raises TooMuch, with a sentence for
    people; ComputerGone; EngineError.
    """
    directory = posixpath.normpath(directory)
    listing = _listing(api, container, directory, excluded)
    if not listing.touched:
        return Changes()
    if not all(_is_directory(api, container, path) for path in _and_parents(directory)):
        return Changes(deleted=(".",))
    reading = Reading(api, container, directory, listing.leaves())
    reading.read_all()
    return Changes(
        files=tuple(reading.files[path] for path in sorted(reading.files)),
        deleted=tuple(sorted(listing.deleted)),
        left_out=reading.left_out(),
    )


def read_whole(
    api: APIClient, container: str, directory: str, excluded: tuple[str, ...], limit: int
) -> Changes | None:
    """Return all that is under an absolute directory, as if all had been deleted and made anew.

    For a small directory that is much faster than the engine's list, for which it walks through the
    whole image. None where more than `limit` bytes would have to be read, or there is more than a
    submission may have. Raises ComputerGone; EngineError.
    """
    directory = posixpath.normpath(directory)
    if not all(_is_directory(api, container, path) for path in _and_parents(directory)):
        return Changes(deleted=(".",))
    reading = Reading(api, container, directory, None, excluded, limit)
    try:
        reading.read_all()
    except TooMuch:
        return None
    files = tuple(reading.files[path] for path in sorted(reading.files))
    return Changes(files, (".",), reading.left_out())


def _is_directory(api: APIClient, container: str, path: str) -> bool:
    with engine_asked(f"look at {path!r}"), opened(api, container, path, "HEAD") as found:
        if found.response is None and found.kind == "other":
            raise ComputerGone(f"look at {path!r}: the engine can't")
        return found.kind == "directory"


def _and_parents(directory: str) -> list[str]:
    """Return a directory and all above it but the root, the outermost first."""
    names = directory.strip("/").split("/")
    return ["/" + "/".join(names[:count]) for count in range(1, len(names) + 1)]


@dataclass(slots=True)
class _Listing:
    """What the engine lists under the directory, by relative paths."""

    touched: bool = False
    changed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    directories: set[str] = field(default_factory=set)
    """In which something was passed over."""

    def leaves(self) -> set[str]:
        """Return the changed paths with nothing listed below: files, links, empty directories.

        What has something below is a directory, and its contents are listed themselves.
        """
        listed = (*self.changed, *self.deleted)
        return self.changed - {posixpath.dirname(path) for path in listed} - self.directories


def _listing(api: APIClient, container: str, directory: str, excluded: tuple[str, ...]) -> _Listing:
    listing = _Listing()
    parents = set(_and_parents(directory))
    below = f"{directory}/"
    unwanted = Excluded(excluded)
    for path, kind in _asked(api, container):
        if path in parents:
            listing.touched = True
            if kind == _DELETED:
                listing.deleted.add(".")
        elif path.startswith(below) and (name := path[len(below) :]) in unwanted:
            listing.directories.add(posixpath.dirname(name))
        elif path.startswith(below):
            listing.touched = True
            paths = listing.deleted if kind == _DELETED else listing.changed
            paths.add(name)
            if len(paths) > 2 * MAX_FILES:  # directories are no files, and counted apart
                raise TooMuch(f"more than {MAX_FILES:,} files were changed")
    if len(listing.deleted) > MAX_FILES:
        raise TooMuch(f"more than {MAX_FILES:,} files were deleted")
    return listing


def _asked(api: APIClient, container: str) -> Iterator[tuple[str, int]]:
    """Ask for the list of changed paths, and their kinds, of the whole container.

    The inside can make the list so long that the engine does not come to an end with it.
    """
    what = "list the changes"
    try:
        with api.get(
            f"{api.base_url}/v{api.api_version}/containers/{container}/changes",
            headers={"Accept-Encoding": "identity"},
            stream=True,
            timeout=ENGINE_LIMIT,
        ) as response:
            if response.status_code != 200:
                require_alive(api, container, what)
                raise ComputerGone(f"{what}: {response.text[:500].strip()}")
            yield from _changes(_bounded(response))
    except requests.Timeout as error:
        require_alive(api, container, what)
        raise TooMuch(f"the engine did not list the changes in {ENGINE_LIMIT:g} s") from error
    except TROUBLE as error:
        require_alive(api, container, what)
        raise EngineError(f"{what}: {reason(error)}") from error


def _bounded(response: Response) -> Iterator[bytes]:
    size = 0
    for piece in response.iter_content(_CHUNK):
        size += len(piece)
        if size > MAX_LISTING:
            raise TooMuch("the list of what has changed in the computer is too long")
        yield piece


def _changes(pieces: Iterable[bytes]) -> Iterator[tuple[str, int]]:
    """Parse a JSON list of changes piece by piece: whole, it would take gigabytes of memory."""
    decoder, text, closed = json.JSONDecoder(), "", False
    for piece in codecs.iterdecode(pieces, "utf-8", errors="replace"):
        text += piece
        at = 0
        while True:
            between = _BETWEEN.match(text, at)
            assert between is not None  # it matches nothing, too
            at = between.end()
            closed = closed or "]" in between[0]
            try:
                change, at = decoder.raw_decode(text, at)
            except ValueError:
                break  # the rest of it is still to come
            if change is None:  # an empty list
                closed = True
            else:
                yield _change(change)
        text = text[at:]
    if text or not closed:
        raise EngineError(f"list the changes: the engine's list breaks off: {text[-200:]!r}")


def _change(value: object) -> tuple[str, int]:
    if isinstance(value, dict):
        path, kind = value.get("Path"), value.get("Kind")
        if isinstance(path, str) and isinstance(kind, int):
            return path, kind
    raise EngineError(f"list the changes: no change: {str(value)[:200]!r}")
