from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.computers.tree import stays_inside


@pytest.mark.parametrize(
    ("path", "target", "inside"),
    [
        ("a", "b", True),
        ("a", "./b/", True),
        ("d/a", "../b", True),
        ("d/a", "..", True),
        ("d/e/a", "../../..", False),
        ("a", "..", False),
        ("a", "/", False),
        ("a", "/app/evenly/b", False),
        ("d/a", "b/../../..", False),
        ("d/a", "b/../c", False),
        ("d/a", "../..b", True),
        ("a", "\udcff", False),
    ],
)
def test_links_that_stay_inside(path: str, target: str, inside: bool) -> None:
    assert stays_inside(path, target) is inside


names = st.sampled_from(["a", "b", "..", ".", ""])


@given(
    st.dictionaries(
        st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map("/".join),
        st.lists(names, max_size=5).map("/".join),
        max_size=5,
    )
)
def test_no_set_of_links_leads_out(links: dict[str, str]) -> None:
    kept = {path: to for path, to in links.items() if to and stays_inside(path, to)}
    # a link is a leaf of the tree: nothing lies below it
    kept = {
        path: to for path, to in kept.items() if not any(path.startswith(f"{o}/") for o in kept)
    }
    for path in kept:
        where: list[str] = []
        todo, hops = path.split("/"), 0
        while todo and hops < 40:
            name = todo.pop(0)
            if name == "..":
                assert where, f"{path} leads out of the tree"
                where.pop()
            elif name not in ("", "."):
                at = "/".join([*where, name])
                if at in kept:
                    todo, hops = [*kept[at].split("/"), *todo], hops + 1
                else:
                    where.append(name)
