"""What browsers saw during an attempt: a figure for each test of the judge, and each user's visit.

pytest-html has a viewer of its own, which shows no video that it has to load. So the figures are
HTML of ours, which the page puts above a task's log. Nothing is loaded before it is looked at.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from swelancer_plugin.reporting.records import escaped

MOST: Final = 40
"""Figures of one attempt in the page; all that they show lies with its files."""
_VIDEO, _PICTURE, _TRACE = "video.webm", ".png", "trace.zip"
_FAILED: Final = "test-failed"
"""How Playwright begins the name of a screenshot of a test that failed."""


def gallery(files: Mapping[str, str], base: PurePosixPath) -> str:
    """Return the figures for an attempt's files, '' for none; `base` is its directory's address.

    Tests that failed come first.
    """
    seen: dict[PurePosixPath, list[PurePosixPath]] = {}
    for path in sorted(map(PurePosixPath, files.values())):
        if path.suffix == _PICTURE or path.name in (_VIDEO, _TRACE):
            seen.setdefault(path.parent, []).append(path)
    folders = sorted(seen, key=lambda folder: (not _failed(seen[folder]), folder))
    figures = [_figure(folder, seen[folder], base) for folder in folders[:MOST]]
    return f'<div class="swl-media">{"".join(figures)}</div>' if figures else ""


def _failed(paths: list[PurePosixPath]) -> bool:
    return any(path.name.startswith(_FAILED) for path in paths)


def _figure(folder: PurePosixPath, paths: list[PurePosixPath], base: PurePosixPath) -> str:
    """Return a video with its last picture on it, or the pictures alone, and what it is."""
    pictures = [_address(base / path) for path in paths if path.suffix == _PICTURE]
    shown = [
        f'<a target="_blank" href="{each}"><img loading="lazy" alt="" src="{each}"></a>'
        for each in pictures
    ]
    if any(path.name == _VIDEO for path in paths):
        poster = f' poster="{pictures[-1]}"' if pictures else ""
        address = _address(base / folder / _VIDEO)
        shown = [f'<video controls preload="none"{poster} src="{address}"></video>']
    failed = " (failed)" if _failed(paths) else ""
    links = [
        f' <a href="{_address(base / path)}">{word}</a>'
        for path in paths
        for word in ([path.stem] if path.name == _TRACE else [])
    ]
    what = escaped(f"{folder.parent.name}/{folder.name}", 160)
    caption = f"<figcaption>{what}{failed}{''.join(links)}</figcaption>"
    return f"<figure>{''.join(shown)}{caption}</figure>"


def _address(path: PurePosixPath) -> str:
    """Return a relative address; quote() leaves no colon, so no name can become a scheme."""
    return html.escape(quote(str(path)))
