from __future__ import annotations

from pathlib import Path

import pytest

from swelancer_plugin.agents.code_blocks import CodeBlocks
from swelancer_plugin.agents.registry import AgentError, agent_named
from swelancer_plugin.agents.tools import Tools

MODULE = """
class Mine:
    name = "mine"
    async def solve(self, brief, computer, model, limits, transcript): ...

def broken():
    raise LookupError("no key")

def none():
    return None
"""
OFFERS = """
[swelancer.agents]
mine = my_agents:Mine
broken = my_agents:broken
none = my_agents:none
absent = no_such_module:Agent
tools = my_agents:Mine
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that offers agents, installed as pip leaves one."""
    (tmp_path / "my_agents.py").write_text(MODULE)
    _offer(tmp_path, "my-agents", OFFERS)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def _offer(directory: Path, package: str, offers: str) -> None:
    info = directory / f"{package.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(offers)


def test_the_built_in_agents_are_new_each_time() -> None:
    assert type(agent_named("code_blocks")) is CodeBlocks
    assert type(agent_named("tools")) is Tools
    assert agent_named("tools") is not agent_named("tools")
    assert agent_named("code_blocks").name == "code_blocks"  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["nobody", "", "nop", "\ud800", "a\nb"])
def test_a_name_that_nobody_has_is_none(installed: Path, name: str) -> None:
    assert agent_named(name) is None


def test_a_package_offers_an_agent_by_an_entry_point(installed: Path) -> None:
    agent = agent_named("mine")
    assert agent is not None
    assert agent.name == "mine"


def test_a_built_in_name_is_nobody_else_s(installed: Path) -> None:
    assert type(agent_named("tools")) is Tools


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", r"no_such_module:Agent \(my-agents\): ModuleNotFoundError: No module named"),
        ("broken", r"'broken' can't be loaded from my_agents:broken .*: LookupError: no key"),
        ("none", r"my_agents:none \(my-agents\) made None, which has no method `solve`"),
    ],
)
def test_what_is_wrong_with_an_offer_is_said(installed: Path, name: str, said: str) -> None:
    with pytest.raises(AgentError, match=said):
        agent_named(name)


def test_two_packages_that_offer_one_name_are_both_named(installed: Path) -> None:
    _offer(installed, "other", "[swelancer.agents]\nmine = other:Mine\n")
    with pytest.raises(AgentError, match=r"my_agents:Mine \(my-agents\).*other:Mine \(other\)"):
        agent_named("mine")
