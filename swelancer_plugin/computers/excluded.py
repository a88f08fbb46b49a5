"""Which paths below a directory are passed over when what has changed in it is taken out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ANYWHERE: Final = "**/"
"""What a name that is excluded at any depth starts with."""


class Excluded:
    """Paths relative to a directory, as in ``dist`` and ``web/dist``, or as in ``**/node_modules``.

    The former stand for themselves, the latter for every path with that name in it; in either case
    whole subtrees are meant.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        paths = tuple(paths)
        self.names = tuple(
            path.removeprefix(ANYWHERE) for path in paths if path.startswith(ANYWHERE)
        )
        """Excluded at any depth."""
        self.trees = tuple(path for path in paths if not path.startswith(ANYWHERE))
        """Excluded where they are."""
        self._names = frozenset(self.names)
        self._below = tuple(f"{path}/" for path in self.trees)

    def __contains__(self, path: str) -> bool:
        """Tell whether a relative path is passed over."""
        inside = f"{path}/".startswith(self._below)
        return inside or not self._names.isdisjoint(path.split("/"))
