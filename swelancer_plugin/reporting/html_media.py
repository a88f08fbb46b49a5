"""What a judge's browser saw, for pytest-html's viewer: videos, screenshots of an attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Final, TypeAlias
from urllib.parse import quote

Extra: TypeAlias = dict[str, str | None]
"""As pytest-html has it."""
MOST: Final = 40
"""Pictures and videos of one attempt in the page; all of them lie with its files."""
_KINDS: Final = {".webm": ("video", "video/webm"), ".png": ("image", "image/png")}


def media(files: Mapping[str, str], base: PurePosixPath) -> list[Extra]:
    """Return the viewer's entries for an attempt's files; `base` is its directory's address.

    What was seen of a test that failed comes first.
    """
    seen = [PurePosixPath(path) for path in files.values() if PurePosixPath(path).suffix in _KINDS]
    ordered = sorted(seen, key=lambda path: (path.parent not in _failed(seen), path))
    return [_extra(path, base) for path in ordered[:MOST]]


def _failed(paths: Iterable[PurePosixPath]) -> set[PurePosixPath]:
    """Return the directories of tests that failed, by how Playwright names their screenshots."""
    return {path.parent for path in paths if path.name.startswith("test-failed")}


def _extra(path: PurePosixPath, base: PurePosixPath) -> Extra:
    kind, mime = _KINDS[path.suffix]
    return {
        "name": f"{path.parent.name}: {path.stem}",
        "format_type": kind,
        "content": quote(str(base / path)),
        "mime_type": mime,
        "extension": path.suffix[1:],
    }
