from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest

from swelancer_plugin.agents.baselines import Gold, baseline
from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.computers.interface import ComputerSpec
from swelancer_plugin.computers.local import LocalProvider
from swelancer_plugin.grading.decision import KEY
from swelancer_plugin.task import (
    Brief,
    IcAnswer,
    ManagerAnswer,
    Proposal,
    Repository,
)

SPEC = ComputerSpec(Repository("x", "/app/x"), None, "/app/x")
PROPOSALS = (Proposal(3, "short"), Proposal(5, "the longest "), Proposal(9, "a long one"))


def decision_of(agent: Agent, proposals: tuple[Proposal, ...] = PROPOSALS) -> int | None:
    """Let an agent work in a real computer and return what it decided."""

    async def solve() -> int | None:
        computer = await LocalProvider().start(SPEC)
        try:
            placed = Brief("1", "swe_manager", "t", "d", 100, computer.workdir, proposals)
            await agent.solve(placed, computer)
            left = await computer.send_shell_command("cat manager_decisions.json")
            return None if left.exit_code else int(json.loads(left.output)[KEY])
        finally:
            await computer.cleanup()

    return asyncio.run(solve())


def named(name: str, seed: int = 0, attempt: int = 1) -> Agent:
    agent = baseline(name, seed, attempt)
    assert agent is not None
    assert agent.name == name
    return agent


@pytest.mark.parametrize(("name", "chosen"), [("first", 3), ("longest", 5), ("nop", None)])
def test_baselines_decide_by_their_rule(name: str, chosen: int | None) -> None:
    assert decision_of(named(name)) == chosen


def test_longest_counts_raw_characters_and_takes_the_first_of_equals() -> None:
    proposals = (Proposal(1, "abc"), Proposal(2, "a   "), Proposal(3, "abcd"))
    assert decision_of(named("longest"), proposals) == 2


def test_random_is_seeded_by_seed_task_and_attempt() -> None:
    draws = [decision_of(named("random", seed, attempt)) for seed in (1, 2) for attempt in range(9)]
    assert draws == [
        decision_of(named("random", seed, attempt)) for seed in (1, 2) for attempt in range(9)
    ]
    assert set(Counter(draws)) == {3, 5, 9}


def test_gold_is_built_from_the_answer_alone() -> None:
    assert decision_of(Gold(ManagerAnswer(9))) == 9
    assert decision_of(Gold(IcAnswer(("1",)))) is None


def test_gold_is_no_baseline_that_a_brief_could_serve() -> None:
    assert baseline("gold", 0, 1) is None


@pytest.mark.parametrize("name", ["first", "longest", "random"])
def test_a_task_without_proposals_is_left_alone(name: str) -> None:
    assert decision_of(named(name), ()) is None
