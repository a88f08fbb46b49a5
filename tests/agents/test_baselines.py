from __future__ import annotations

import asyncio
import json
import shlex
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from swelancer_plugin.agents.baselines import Gold, baseline
from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.local import LocalComputer
from swelancer_plugin.grading.decision import KEY
from swelancer_plugin.models.limits import Limits
from swelancer_plugin.task import Brief, IcAnswer, ManagerAnswer, Proposal
from tests.agents.script import Script, Silent, a_brief, local

PROPOSALS = (Proposal(3, "short"), Proposal(5, "the longest "), Proposal(9, "a long one"))


async def solve(agent: Agent, brief: Brief, computer: LocalComputer) -> None:
    """Let an agent work with a model that has nothing to say, for no turn is to be asked of it."""
    script = Script([], Limits(max_turns=0))
    await agent.solve(brief, computer, script, script.limits, Silent(Path("nowhere")))


def decision_of(agent: Agent, proposals: tuple[Proposal, ...] = PROPOSALS) -> int | None:
    """Let an agent work in a real computer and return what it decided."""

    async def run() -> int | None:
        async with local() as computer:
            placed = Brief("1", "swe_manager", "t", "d", 100, computer.workdir, proposals)
            await solve(agent, placed, computer)
            left = await computer.send_shell_command("cat manager_decisions.json")
            return None if left.exit_code else int(json.loads(left.output)[KEY])

    return asyncio.run(run())


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


PATCH = """\
diff --git a/src/total.py b/src/total.py
--- a/src/total.py
+++ b/src/total.py
@@ -1,2 +1,2 @@
 def total(a, b):
-    return a - b
+    return a + b
diff --git a/new.txt b/new.txt
new file mode 100644
--- /dev/null
+++ b/new.txt
@@ -0,0 +1 @@
+new
"""
BROKEN = "def total(a, b):\n    return a - b\n"
MENDED = {"src/total.py": "def total(a, b):\n    return a + b\n", "new.txt": "new\n"}


def mended(answer: IcAnswer, content: str = BROKEN, before: str = "true") -> dict[str, str]:
    """Let gold work on a repository of one file; return all files that are left."""

    async def run() -> dict[str, str]:
        async with local() as computer:
            await computer.check_shell_command(
                f"{before}; mkdir src; printf %s {shlex.quote(content)} > src/total.py"
            )
            try:
                await solve(Gold(answer), a_brief(computer.workdir), computer)
            finally:
                left = files(Path(computer.workdir))
                assert not files(Path(computer.workdir).parent / "tmp")
            return left

    return asyncio.run(run())


def files(directory: Path) -> dict[str, str]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in found
        if ".git" not in path.parts
    }


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    path = tmp_path / "gold.patch"
    path.write_text(PATCH)
    return path


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Leave a computer no programs but these."""

    def leave(names: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in names.split():
            found = shutil.which(name)
            assert found is not None
            (folder / name).symlink_to(found)
        monkeypatch.setenv("PATH", str(folder))

    return leave


@pytest.mark.parametrize("before", ["true", "git init -q", "git -C .. init -q"])
def test_gold_mends_by_the_gold_patch(patch: Path, before: str) -> None:
    assert mended(IcAnswer(("1",), gold_patch=patch), before=before) == MENDED


def test_gold_mends_where_there_is_no_git(patch: Path, only: Callable[[str], None]) -> None:
    only("patch mkdir rm")
    assert mended(IcAnswer(("1",), gold_patch=patch)) == MENDED


def test_a_gold_patch_that_does_not_apply_is_the_task_s_fault(
    patch: Path, only: Callable[[str], None]
) -> None:
    answer = IcAnswer(("1",), gold_patch=patch)
    with pytest.raises(
        EngineError, match=r"gold patch of task 7 does not apply in /.*/work: error"
    ):
        mended(answer, "something else\n")
    only("patch mkdir rm")
    with pytest.raises(EngineError, match=r"gold patch of task 7 does not apply"):
        mended(answer, "something else\n")


def test_where_nothing_can_apply_a_patch_it_is_said(
    patch: Path, only: Callable[[str], None]
) -> None:
    only("mkdir rm")
    with pytest.raises(EngineError, match="neither git nor patch: add one to `packages`"):
        mended(IcAnswer(("1",), gold_patch=patch))


def test_a_gold_patch_that_is_not_there_is_the_task_s_fault(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="task 7 has no gold patch"):
        mended(IcAnswer(("1",)))
    with pytest.raises(EngineError, match=r"the gold patch of task 7: .*No such file"):
        mended(IcAnswer(("1",), gold_patch=tmp_path / "absent.patch"))


def test_gold_is_no_baseline_that_a_brief_could_serve() -> None:
    assert baseline("gold", 0, 1) is None


@pytest.mark.parametrize("name", ["first", "longest", "random"])
def test_a_task_without_proposals_is_left_alone(name: str) -> None:
    assert decision_of(named(name), ()) is None
