from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.computers.excluded import Excluded

names = st.sampled_from(["a", "b", "ab", "**", "a b"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("dist", True),
        ("dist/x/y", True),
        ("dist2", False),
        ("web/dist", False),
        ("web/out/x", True),
        ("web/outer", False),
        ("out", False),
        (".git", True),
        ("web/.git", True),
        ("web/.git/config", True),
        ("web/.gitignore", False),
    ],
)
def test_what_is_passed_over(path: str, inside: bool) -> None:
    assert (path in Excluded(("dist", "web/out", "**/.git"))) is inside


def test_nothing_is_by_default() -> None:
    assert "a" not in Excluded(())


@given(paths, st.lists(paths), st.lists(names))
def test_paths_are_what_pathlib_says(path: str, trees: list[str], anywhere: list[str]) -> None:
    trees = [tree for tree in trees if not tree.startswith("**/")]
    excluded = Excluded([*trees, *(f"**/{name}" for name in anywhere)])
    pure = PurePosixPath(path)
    wanted = any(pure.is_relative_to(tree) for tree in trees) or bool(
        set(pure.parts) & set(anywhere)
    )
    assert (path in excluded) is wanted
