"""A model is asked over real HTTP, works in a container, and its fix is judged out of its reach."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.acceptance.jobs import WRONG, fix, job
from tests.acceptance.project import Project
from tests.models.scripted import (
    BROKEN,
    CUT,
    CUT_MIDWAY,
    EMPTY_CHOICES,
    HELD,
    MALFORMED,
    NO_CREDIT,
    RATE_LIMITED,
    TOO_LONG,
    UNAUTHORIZED,
    UNKNOWN_MODEL,
    Answer,
    Say,
    ScriptedServer,
    Step,
)

pytestmark = pytest.mark.slow

KEY = "sk-secret-of-this-test-0123456789"
PRICES = '["scripted"]\ninput = 2.0\noutput = 10.0\ncontext_window = 100000\n'
READ = "Let me look.\n```python\nprint(open('numbers_of.py').read())\n```"


def asked(project: Project, server: ScriptedServer, *more: object) -> pytest.RunResult:
    (project.path / "prices.toml").write_text(PRICES)
    return project.run(
        "--model=scripted", f"--base-url={server.url}", "--price-file=prices.toml", *more
    )


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def everything_written(project: Project) -> str:
    files = [path for path in project.path.joinpath("reports").rglob("*") if path.is_file()]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def test_a_model_that_fixes_the_bug_is_paid(project: Project) -> None:
    job(project)
    with ScriptedServer([READ, fix(), "DONE"]) as server:
        result = asked(project, server)
    (record,) = project.records()
    assert (record["outcome"], record["earned_cents"]) == ("earned", 500_00), result.outlines
    assert (record["turns"], record["agent"], record["sealed"]) == (3, "code_blocks", True)
    assert record["input_tokens"] > 0
    assert float(record["cost"]) > 0
    assert project.summary()["spend"]["cost_usd"] == record["cost"]
    directory = project.directory(record)
    assert "+    return a + b" in (directory / record["files"]["changes"]).read_text()
    assert "2 passed" in (directory / record["files"]["tests"]).read_text()
    contents = [event.get("content", "") for event in project.transcript(record)]
    assert any("return abs(a) + b" in text for text in contents), "what the model read"
    result.stdout.fnmatch_lines(
        ["Earned $500 of $500 (100.0%): 1 of 1 task", "model cost $*, profit $499.*", "3 turns, *"]
    )
    assert {"transcript", "changes", "tests"} <= set(re.findall(r">(\w+)</a>", _links(project)))
    assert KEY not in everything_written(project)
    assert KEY not in str(result.stdout)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_model_that_calls_functions_is_paid(project: Project, api: str) -> None:
    job(project)
    steps = [
        Say("", [("read_file", {"path": "numbers_of.py"})]),
        Say("", [("edit_file", {"path": "numbers_of.py", "old": "abs(a)", "new": "a"})]),
        Say("", [("shell", {"command": "git diff --stat"}), ("submit", {})]),
    ]
    with ScriptedServer(steps) as server:
        result = asked(project, server, "--agent=tools", f"--api={api}")
    (record,) = project.records()
    assert (record["outcome"], record["earned_cents"]) == ("earned", 500_00), result.outlines
    assert (record["turns"], record["agent"]) == (3, "tools")
    answers = [event["content"] for event in project.transcript(record) if "tool_call_id" in event]
    assert any("return abs(a) + b" in answer for answer in answers)


def _links(project: Project) -> str:
    return "".join(str(row["resultsTableRow"]) for row in project.rows())


def test_a_half_fix_is_not_paid(project: Project) -> None:
    job(project)
    half = "def total(a, b):\n    return max(a, 0) + b\n"
    with ScriptedServer([fix(half) + "\nDONE"]) as server:
        asked(project, server)
    (record,) = project.records()
    assert (record["outcome"], record["earned_cents"]) == ("unearned", 0)
    assert "test_it_adds_what_is_below_zero" in record["reason"]
    assert record["turns"] == 1, "DONE beside a block: the block runs, then the work ends"


def test_work_that_ran_into_a_limit_is_graded(project: Project) -> None:
    for name in ("right", "wrong", "idle"):
        job(project, name, title=f"{name.title()} it")

    def script(request: dict[str, Any]) -> str:
        issue = json.dumps(request["messages"])
        return fix() if "Right it" in issue else fix(WRONG) if "Wrong it" in issue else "hm"

    with ScriptedServer(script) as server:
        result = asked(project, server, "--max-turns=2", "-n2")
    records = {record["task_id"]: record for record in project.records()}
    assert {name: (each["outcome"], each["earned_cents"]) for name, each in records.items()} == {
        "right": ("limit", 500_00),
        "wrong": ("limit", 0),
        "idle": ("limit", 0),
    }, result.outlines
    assert all("turns" in record["reason"] for record in records.values())


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("fault", "said"),
    [(UNAUTHORIZED, "key"), (UNKNOWN_MODEL, "scripted"), (NO_CREDIT, "credit")],
    ids=["key", "model", "credit"],
)
def test_a_set_up_that_can_t_work_ends_the_run_at_the_first_call(
    project: Project, fault: Answer, said: str, workers: int
) -> None:
    for number in range(4):
        project.task(f"task-{number}", 100)
    project.repository('packages = ["python3"]')
    with ScriptedServer(lambda request: fault) as server:
        result = asked(project, server, f"-n{workers}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR, result.outlines
    outcomes = project.summary()["outcomes"]
    assert set(outcomes) == {"interrupted", "not_run"}
    assert outcomes["interrupted"]["items"] <= max(workers, 1)
    assert said in str(result.stdout)
    assert "Traceback" not in str(result.stdout)
    assert KEY not in str(result.stdout) + everything_written(project)


def test_a_missing_key_is_said_before_anything_starts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    project.task("a", 100)
    result = project.run("--model=gpt-4o")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*gpt-4o*OPENAI_API_KEY*"])
    assert not (project.path / "reports").exists()


def test_a_key_in_the_env_file_does(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    project.task("a", 100)
    project.repository('packages = ["python3"]')
    (project.path / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    with ScriptedServer(["DONE", "DONE"]) as server:
        asked(project, server)
        sent = {headers["authorization"] for headers in server.headers}
    assert sent == {f"Bearer {KEY}"}
    assert KEY not in everything_written(project)


IMPATIENT = """
    import pytest_asyncio
    from swelancer_plugin.models.client import OpenAIModel
    from swelancer_plugin.models.endpoint import endpoint
    from swelancer_plugin.models.options import ModelOptions
    from swelancer_plugin.models.pricing import Prices

    @pytest_asyncio.fixture(loop_scope="function")
    async def model():
        options = ModelOptions(retries=2, first_wait=0.001)
        server = endpoint("scripted", {url!r}, {{}})
        opened = OpenAIModel(server, options, Prices.load(None))
        yield opened
        await opened.close()
"""
FORBIDDEN = Answer(403, b"<html>Attention Required!</html>")
DECISION = '{"selected_proposal_id": 2}'
DECIDE = f"```python\nopen('manager_decisions.json', 'w').write({DECISION!r})\n```"


@pytest.mark.parametrize(
    ("steps", "outcome", "said"),
    [
        ([RATE_LIMITED, BROKEN, DECIDE + "\nDONE"], "earned", "chose proposal 2"),
        ([CUT, CUT_MIDWAY, DECIDE + "\nDONE"], "earned", "chose proposal 2"),
        ([MALFORMED, EMPTY_CHOICES, DECIDE + "\nDONE"], "earned", "chose proposal 2"),
        ([Say(None), DECIDE, Say(None), "done"], "earned", "chose proposal 2"),
        ([DECIDE, *["hm"] * 6, TOO_LONG, "DONE"], "earned", "chose proposal 2"),
        ([RATE_LIMITED] * 3, "void", "429"),
        ([BROKEN] * 3, "void", "500"),
        ([CUT] * 3, "void", "connection failed"),
        ([MALFORMED] * 3, "void", "no reply"),
        ([EMPTY_CHOICES] * 3, "void", "no reply"),
        ([DECIDE, FORBIDDEN], "limit", "403"),
        ([DECIDE, *[TOO_LONG] * 30], "limit", "nothing is left to leave out"),
        ([DECIDE, HELD], "limit", "the time of 10 s is over"),
    ],
    ids=[
        *("busy", "cut", "malformed", "null", "trimmed"),
        *("always-429", "always-500", "always-cut", "always-malformed", "never-a-choice"),
        *("refused", "too-long", "slow"),
    ],
)
def test_what_becomes_of_each_fault_of_the_server(
    project: Project, steps: list[Step], outcome: str, said: str
) -> None:
    project.task("a", 100)
    project.repository()
    with ScriptedServer(steps) as server:
        project.pytester.makeconftest(IMPATIENT.format(url=server.url))
        seconds = 10 if HELD in steps else 300
        host = ("--computer=local", "--allow-host-execution", f"--task-timeout={seconds}")
        result = asked(project, server, *host)
    (record,) = project.records()
    assert record["outcome"] == outcome, result.outlines
    assert said in record["reason"]
    assert record["earned_cents"] == (0 if outcome == "void" else 100_00)
    assert result.ret == (1 if outcome == "void" else 0)
    assert "Traceback" not in str(result.stdout)
    assert KEY not in str(result.stdout) + everything_written(project)
