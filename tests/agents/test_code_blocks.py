from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from swelancer_plugin.agents import code_blocks
from swelancer_plugin.agents.code_blocks import CodeBlocks
from swelancer_plugin.computers.interface import CommandResult, EngineError
from swelancer_plugin.models.interface import Message, ModelUnavailable, Reply, ToolCall
from swelancer_plugin.models.limits import LimitReached, Limits
from swelancer_plugin.task import Variant
from tests.agents.script import Line, Script, local, play, says


def python(code: str) -> str:
    return f"I try this:\n\n```python\n{code}\n```\n"


def files(directory: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in Path(directory).iterdir()}


def session(
    *lines: Line,
    limits: Limits | None = None,
    variant: Variant = "ic_swe",
    transcript: Path | None = None,
) -> tuple[Script, dict[str, str]]:
    """Play a whole attempt in a real computer; return the model and the files that are left."""

    async def run() -> tuple[Script, dict[str, str]]:
        async with local() as computer:
            script = await play(
                CodeBlocks(),
                computer,
                computer.workdir,
                *lines,
                limits=limits,
                variant=variant,
                transcript=transcript,
            )
            left, staged = files(computer.workdir), files(f"{computer.workdir}/../tmp")
            assert staged == {}
            return script, left

    return asyncio.run(run())


def test_the_brief_and_the_rules_come_first_in_one_message() -> None:
    script, _ = session("DONE", limits=Limits(max_turns=7, command_seconds=90))
    (first,) = script.conversation
    assert first.role == "user"
    assert first.content.startswith("# A title\n\nIt is broken.\n")
    for piece in ("$500", "```python", "DONE", "90 seconds", "7 turns"):
        assert piece in first.content
    assert script.offered == ()


def test_code_is_run_in_the_working_directory_and_no_state_is_kept() -> None:
    script, left = session(
        python(
            "x = 1\nopen('note', 'w').write('hi')\nimport os, sys\nprint(os.getcwd(), sys.path[0])"
        ),
        python("print(open('note').read())\nimport sys\nprint('err', file=sys.stderr)\nprint(x)"),
        "DONE",
    )
    first, second = script.told
    assert first.startswith("/")
    assert first.endswith("/work \nTurns left: 39")
    assert second.startswith("hi\nerr\nTraceback")
    assert second.endswith("NameError: name 'x' is not defined\n[exit code 1]\nTurns left: 38")
    assert left == {"note": "hi"}
    assert [message.role for message in script.conversation] == ["user", "assistant"] * 2 + ["user"]


def test_modules_of_the_repository_can_be_imported_and_stdin_is_empty() -> None:
    script, _ = session(
        python("open('mine.py', 'w').write('there = 3')"),
        python(
            "import sys; sys.dont_write_bytecode = True\nimport mine\n"
            "print(mine.there, repr(sys.stdin.read()))"
        ),
        "DONE",
    )
    assert script.told == ["(no output)\nTurns left: 39", "3 ''\nTurns left: 38"]


def test_only_the_first_of_several_blocks_is_run_and_done_does_not_count_then() -> None:
    script, left = session(
        python("open('a', 'w')") + python("open('b', 'w')") + "DONE",
        python("open('c', 'w')") + "DONE\n",
    )
    assert script.told == [
        "(no output)\nOnly the first Python block was run; of 1 others none was.\nTurns left: 39"
    ]
    assert sorted(left) == ["a", "c"]


@pytest.mark.parametrize("reply", ["DONE", "done\n", " **Done.** ", "It works.\n\nDONE"])
def test_done_ends_the_work(reply: str) -> None:
    assert session(reply)[0].told == []


def test_what_is_no_block_and_no_end_costs_a_turn() -> None:
    script, left = session(
        "I am not done yet.",
        "",
        "```bash\ntouch a\n```\nDONE",
        "```\nopen('b', 'w')\n```",
        says("```python\nopen('c', 'w')\nopen(", cut=True),
        says("DONE\n```python\nopen('c', 'w')\nopen(", cut=True),
        says("```python\nopen('d', 'w')"),
        "DONE",
    )
    assert script.told == [
        f"{code_blocks.NO_BLOCK}\nTurns left: 39",
        f"{code_blocks.EMPTY}\n{code_blocks.NO_BLOCK}\nTurns left: 38",
        f"{code_blocks.NO_SHELL.format(language='bash')}\nTurns left: 37",
        f"{code_blocks.NO_BLOCK}\nTurns left: 36",
        f"{code_blocks.CUT}\nTurns left: 35",
        f"{code_blocks.CUT}\nTurns left: 34",
        "(no output)\nTurns left: 33",
    ]
    assert sorted(left) == ["d"]


def test_output_of_any_kind_is_bounded_text() -> None:
    script, _ = session(
        python("import sys; sys.stdout.buffer.write(b'\\xff\\xfe' + bytes(3) + b'end')"),
        python("print('h' * 10**6); print('t' * 10**6)"),
        python("import sys; sys.exit(7)"),
        "DONE",
    )
    binary, huge, failed = script.told
    assert binary == "\ufffd" * 5 + "end\nTurns left: 39"
    assert len(huge) < 16_300
    assert "characters left out" in huge
    assert huge.startswith("[the beginning of the output was dropped")
    assert huge.endswith("t\nTurns left: 38")
    assert failed == "(no output)\n[exit code 7]\nTurns left: 37"


def test_code_of_any_size_and_with_any_character() -> None:
    script, _ = session(
        python(f"text = {'é' * 300_000!r}\nprint(len(text), '''EOF''')"),
        python("print('\ud800')"),
        python("print('\0')"),
        "DONE",
    )
    long, surrogate, nul = script.told
    assert long == "300000 EOF\nTurns left: 39"
    assert surrogate == "?\nTurns left: 38"
    assert "Error" in nul
    assert "null byte" in nul


@pytest.mark.slow
def test_a_timeout_kills_what_the_code_started() -> None:
    script, _ = session(
        python(
            "import subprocess, time\nprint('before')\n"
            "subprocess.Popen(['sleep', '98765.43'], start_new_session=True)\n"
            "time.sleep(987)"
        ),
        python(
            "import glob\n"
            "lines = [open(p, 'rb').read() for p in glob.glob('/proc/[0-9]*/cmdline')]\n"
            "print(b'sleep\\098765.43\\0' in lines)"
        ),
        "DONE",
        limits=Limits(command_seconds=20.0),
    )
    assert script.told[0] == "before\n[killed: it ran longer than 20 s]\nTurns left: 39"
    assert script.told[1] == "False\nTurns left: 38"


def test_code_gets_no_more_time_than_the_work_has_left() -> None:
    with pytest.raises(LimitReached, match="the time of 1 s is over"):
        session(python("import time; time.sleep(987)"), limits=Limits(seconds=1.0))


def test_turns_are_bounded() -> None:
    limits = Limits(max_turns=2)
    with pytest.raises(LimitReached, match="all 2 turns are used"):
        session("a", python("open('x', 'w')"), limits=limits)
    assert limits.turns == 2


def test_what_the_model_raises_passes() -> None:
    with pytest.raises(ModelUnavailable):
        session(python("1"), ModelUnavailable("no server"))


def test_calls_of_tools_that_nobody_offered_are_dropped() -> None:
    own = ({"type": "function_call", "call_id": "i"},)
    message = Message("assistant", python("1"), (ToolCall("i", "shell", "{}"),), items=own)
    script, _ = session(Reply(message), "DONE")
    assert (script.conversation[1].tool_calls, script.conversation[1].items) == ((), ())


def decide(proposal: int) -> str:
    return python(
        f"open('manager_decisions.json', 'w').write('{{\"selected_proposal_id\": {proposal}}}')"
    )


def test_a_manager_who_decides_is_not_reminded() -> None:
    script, left = session(decide(4) + "DONE", variant="swe_manager")
    assert script.told == []
    assert json.loads(left["manager_decisions.json"]) == {"selected_proposal_id": 4}


def test_a_manager_without_a_decision_is_reminded_once() -> None:
    script, left = session("DONE", decide(1), "DONE", variant="swe_manager")
    assert "manager_decisions.json" in script.told[0]
    assert left
    script, left = session("DONE", "DONE", variant="swe_manager")
    assert len(script.told) == 1
    assert left == {}


def test_where_no_file_can_be_brought_in_short_code_still_runs() -> None:
    script, _ = session(
        python("import os\nos.rmdir(os.environ['TMPDIR'])\nopen(os.environ['TMPDIR'], 'w')"),
        python(f"print(len({'x' * 100_000!r}))"),
        python("import os\nos.unlink(os.environ['TMPDIR'])\nos.mkdir(os.environ['TMPDIR'])"),
        python(f"print(len({'x' * 100_000!r}))"),
        "DONE",
    )
    assert script.told[1].startswith("The code could not be brought into the computer: ")
    assert script.told[2:] == ["(no output)\nTurns left: 37", "100000\nTurns left: 36"]


def test_without_python_no_model_is_asked() -> None:
    async def run() -> None:
        async with local() as computer:
            computer._environment = lambda: {"PATH": "/nowhere"}  # type: ignore[method-assign]
            with pytest.raises(EngineError, match=r"add python3 to `packages` in repository\.toml"):
                await play(CodeBlocks(), computer, computer.workdir)

    asyncio.run(run())


def test_a_python_that_is_slow_to_begin_is_no_missing_one() -> None:
    class Slow:
        async def send_shell_command(self, command: str, timeout: float) -> CommandResult:
            return CommandResult(b"", 124, timed_out=True)

    with pytest.raises(LimitReached, match="all 0 turns are used"):
        asyncio.run(play(CodeBlocks(), Slow(), "/", limits=Limits(max_turns=0)))  # type: ignore[arg-type]


def test_commands_are_in_the_transcript(tmp_path: Path) -> None:
    session(python("print(3)"), "DONE", transcript=tmp_path / "t.jsonl")
    events = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["command", "command"]
    assert [event["exit_code"] for event in events] == [0, 0]


def test_without_a_user_the_model_is_told_so_and_works_on() -> None:
    code = python("open('note', 'w').write('hi')")
    script, left = session(f"{code}<user-tool>\nDONE", "DONE")
    (told,) = script.told
    assert told == "(no output)\nThere is no user for this job.\nTurns left: 39"
    assert left == {"note": "hi"}
    assert "user-tool" not in script.conversation[0].content
