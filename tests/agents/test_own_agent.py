"""The agent of docs/agents.md works as it is printed there."""

from __future__ import annotations

import asyncio
import textwrap
from pathlib import Path
from typing import Any

from swelancer_plugin.agents.registry import agent_named
from tests.agents.script import Script, local, play

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"


def printed() -> dict[str, Any]:
    text = PAGE.read_text()
    code = text[text.index("    from swelancer_plugin") : text.index("Or override the fixture")]
    names: dict[str, Any] = {}
    exec(textwrap.dedent(code), names)
    return names


def test_the_printed_agent_works() -> None:
    async def run() -> Script:
        async with local() as computer:
            agent = printed()["Mine"]()
            return await play(agent, computer, computer.workdir, "echo one; pwd", "true", "DONE")

    script = asyncio.run(run())
    assert script.told[0].startswith("one\n/")
    assert script.told[1] == "(no output)"


def test_the_printed_hook_answers_to_one_name() -> None:
    hook = printed()["pytest_swelancer_agent"]
    assert hook("mine", None).name == "mine"
    assert hook("other", None) is None


def test_the_page_names_the_built_in_agents() -> None:
    for name in ("code_blocks", "tools"):
        agent = agent_named(name)
        assert agent is not None
        assert f"## {agent.name}: " in PAGE.read_text()
