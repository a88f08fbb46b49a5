"""The bundled tasks in their containers: right answers are paid, nothing and half-fixes are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.project import Project
from tests.models.scripted import ScriptedServer

pytestmark = pytest.mark.slow

TASKS = Path(__file__).parents[2] / "tasks"
HALF_FIXES = {
    folder.parent.name: sorted(folder.glob("*.patch")) for folder in TASKS.glob("*/rejected")
}
# The n-th attempt at a task applies the n-th of its patches that must earn nothing.
REJECTED = """
    import shlex
    from pathlib import Path
    import pytest

    class HalfFix:
        name = "half-fix"

        def __init__(self, patches):
            self.patches = patches

        async def solve(self, brief, computer, model, limits, transcript):
            for patch in self.patches:
                await computer.upload(str(patch), "/tmp/fix.patch")
                work = shlex.quote(brief.workdir)
                await computer.check_shell_command(f"cd {work} && git apply /tmp/fix.patch")

    @pytest.fixture
    def agent(request, task):
        patches = sorted(Path("tasks", task.id, "rejected").glob("*.patch"))
        return HalfFix(patches[request.node.attempt - 1 : request.node.attempt])
"""


@pytest.fixture
def bundled(project: Project) -> Project:
    (project.path / "tasks").symlink_to(TASKS)
    return project


# One worker each: a judge's browser wants a core, and these two run beside each other.
def test_the_right_answers_are_paid(bundled: Project) -> None:
    result = bundled.run("--model=gold", "-n1", timeout=1200)
    outcomes = {record["task_id"]: record["outcome"] for record in bundled.records()}
    assert set(outcomes.values()) == {"earned"}, (outcomes, result.outlines)
    assert len(outcomes) == len(list(TASKS.glob("*/task.toml")))
    assert result.ret == 0


def test_doing_nothing_is_not_paid(bundled: Project) -> None:
    bundled.run("--model=nop", "-n2", timeout=300)
    records = bundled.records()
    assert {record["outcome"] for record in records} == {"no_submission"}
    assert len(records) == len(list(TASKS.glob("*/task.toml")))


def test_half_fixes_are_built_and_not_paid(bundled: Project) -> None:
    bundled.pytester.makeconftest(REJECTED)
    attempts = max(map(len, HALF_FIXES.values()))
    nodes = [f"tasks/{task}/task.toml" for task in HALF_FIXES]
    bundled.run(*nodes, "--model=nop", f"--attempts={attempts}", "-n1", timeout=1800)
    tried = [record for record in bundled.records() if record["outcome"] != "no_submission"]
    # On a busy machine a half-fix, which waits in vain, may come to the bound of its tests.
    odd = [record for record in tried if record["outcome"] not in ("unearned", "limit")]
    assert [(each["task_id"], each["outcome"], each["reason"]) for each in odd] == []
    assert sum(record["earned_cents"] for record in tried) == 0
    assert len(tried) == sum(map(len, HALF_FIXES.values())) >= 2
    assert all("hidden tests" in record["reason"] for record in tried)


def apply(patch: Path) -> str:
    """Return a model's reply that makes the changes of a patch, and says that it is done."""
    code = f"import subprocess\nsubprocess.run(['git', 'apply'], input={patch.read_text()!r}, "
    return f"This mends it.\n```python\n{code}text=True, check=True)\n```\nDONE"


def test_a_model_that_fixes_a_real_bug_is_paid_and_a_half_fix_is_not(bundled: Project) -> None:
    look = "```python\nprint(open('shared/search.js').read())\n```"
    outcomes = {}
    for patch in (TASKS / "164" / "gold.patch", HALF_FIXES["164"][0]):
        with ScriptedServer([look, apply(patch)]) as server:
            result = bundled.run("tasks/164", "--model=m", f"--base-url={server.url}")
            seen = server.requests[1]["messages"][-1]["content"]
            assert "export function" in seen, "what the model read"
        (record,) = bundled.records()
        outcomes[patch.parent.name] = (record["outcome"], record["earned_cents"], record["turns"])
        assert result.ret == (0 if record["earned_cents"] else 1)
    assert outcomes == {"164": ("earned", 50_00, 2), "rejected": ("unearned", 0, 2)}


def test_a_model_that_asks_the_user_reads_the_steps_and_mends_the_bug_is_paid(
    bundled: Project,
) -> None:
    look = "```python\nimport os\nprint(sorted(os.listdir('user_tool/1')))\n```\n<user-tool>"
    with ScriptedServer(["<user-tool>", look, apply(TASKS / "164" / "gold.patch")]) as server:
        bundled.run("tasks/164", "--model=m", f"--base-url={server.url}")
        brief, first, second = (asked["messages"][-1]["content"] for asked in server.requests)
    (record,) = bundled.records()
    assert (record["outcome"], record["earned_cents"]) == ("earned", 50_00)
    assert "<user-tool>" in brief
    for said in (first, second):  # twice: a user can come again
        assert "\n2. " in said
        assert "done in" in said
        assert "then showed:" in said
    assert "'steps.log', 'trace.zip'" in second, "what the model finds beside its work"
    left = {name.rpartition("/")[2] for name in record["files"].values() if "user_tool/2" in name}
    assert {"01.png", "01.txt", "steps.log", "trace.zip"} <= left
    attempt = bundled.directory(record)
    assert "user_tool" not in (attempt / "changes.diff").read_text()
    hidden = next((TASKS / "164" / "hidden_tests").glob("test_*.py")).read_text()
    told = (attempt / "transcript.jsonl").read_text()
    checks = [line.strip() for line in hidden.splitlines() if "expect" in line and "(" in line]
    assert [line for line in checks if line in told] == []


@pytest.mark.soak
def test_the_same_again(bundled: Project) -> None:
    for model, paid in (("gold", True), ("nop", False)) * 3:
        bundled.run(f"--model={model}", "-n2", timeout=1200)
        total = bundled.summary()["total"]
        print(f"{model}: {total['earned_cents'] // 100} of {total['available_cents'] // 100} USD")
        assert total["earned_cents"] == (total["available_cents"] if paid else 0)
