from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swelancer_plugin.agents import tools
from swelancer_plugin.agents.tools import Tools
from swelancer_plugin.models.interface import Message, Reply, ToolCall
from swelancer_plugin.models.limits import LimitReached, Limits
from swelancer_plugin.task import Variant
from tests.agents.script import Line, Script, local, play, says


def call(name: str, **arguments: object) -> ToolCall:
    return ToolCall(f"id-{name}", name, json.dumps(arguments))


def session(
    *lines: Line,
    limits: Limits | None = None,
    variant: Variant = "ic_swe",
    files: dict[str, bytes] | None = None,
) -> tuple[Script, dict[str, bytes]]:
    """Play a whole attempt in a real computer; return the model and the files that are left."""

    async def run() -> tuple[Script, dict[str, bytes]]:
        async with local() as computer:
            workdir = Path(computer.workdir)
            _write(workdir, files or {})
            script = await play(
                Tools(), computer, computer.workdir, *lines, limits=limits, variant=variant
            )
            assert _read(workdir.parent / "tmp") == {}
            return script, _read(workdir)

    return asyncio.run(run())


def _write(directory: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (directory / name).write_bytes(content)


def _read(directory: Path) -> dict[str, bytes]:
    found = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


SUBMIT = says("", ToolCall("s", "submit", ""))


def answers(*calls: ToolCall, files: dict[str, bytes] | None = None) -> list[str]:
    """Return what each of some calls in one reply is answered."""
    script, _ = session(says("", *calls), SUBMIT, files=files)
    return _without_turns(script.conversation[2:])


def _without_turns(messages: tuple[Message, ...]) -> list[str]:
    assert all(message.role == "tool" for message in messages)
    return [message.content.split("\n\nTurns left")[0] for message in messages]


def test_the_tools_are_offered_with_their_schemas() -> None:
    script, _ = session(SUBMIT)
    offered = {tool.name: tool.parameters for tool in script.offered}
    assert list(offered) == ["shell", "read_file", "write_file", "edit_file", "submit"]
    assert offered["edit_file"]["required"] == ["path", "old", "new"]
    assert all(each["additionalProperties"] is False for each in offered.values())
    assert all(tool.description for tool in script.offered)
    assert script.conversation[0].content.startswith("# A title\n")


def test_all_calls_of_a_reply_are_answered_in_order_and_submit_ends_after_them() -> None:
    script, left = session(
        says("", call("shell", command="echo 1; exit 4"), call("shell", command="pwd")),
        says("", call("submit"), call("write_file", path="after", content="x")),
    )
    first, second = script.conversation[2:]
    assert (first.content, first.tool_call_id) == ("1\n[exit code 4]", "id-shell")
    assert second.content.endswith("/work\n\nTurns left: 39")
    assert left == {"after": b"x"}


def test_files_are_read_by_lines() -> None:
    lines = b"".join(b"line %d\n" % number for number in range(1, 1001))
    assert answers(
        call("read_file", path="f", first_line=999),
        call("read_file", path="f", first_line=2, lines=2),
        call("read_file", path="f", first_line=2000),
        call("read_file", path="binary"),
        call("read_file", path="nowhere"),
        call("read_file", path="."),
        call("read_file", path="/dev/zero"),
        files={"f": lines, "binary": b"\xff\0x"},
    ) == [
        "line 999\nline 1000",
        "line 2\nline 3",
        "(no output)",
        "\ufffd\ufffdx",
        *["no such file, or no regular one\n[exit code 1]"] * 3,
    ]


def test_a_huge_file_is_read_in_part() -> None:
    script, _ = session(
        says("", call("shell", command="truncate -s 3G big")),
        says("", call("read_file", path="big")),
        says("", call("edit_file", path="big", old="a", new="b")),
        says("", call("shell", command="rm big")),
        SUBMIT,
    )
    read, edited = script.told[1:3]
    assert len(read) < 16_200
    assert "characters left out" in read
    assert edited.startswith("error: the file has 3221225472 bytes, above 10485760")


def test_files_are_written_through_what_is_there() -> None:
    script, left = session(
        says(
            "", call("shell", command="mkdir d; echo a > d/x; chmod 750 d/x; ln -s d/x l; mkfifo p")
        ),
        says(
            "",
            call("write_file", path="l", content="é\0\n"),
            call("write_file", path="new/deep/-f 'q'", content=""),
            call("write_file", path="d", content="x"),
            call("write_file", path="p", content="x"),
            call("write_file", path="d/x/y", content="x"),
        ),
        says("", call("shell", command="stat -c %a d/x; readlink l; rm p")),
        SUBMIT,
    )
    written = _without_turns(script.conversation[4:9])
    assert written[:2] == ["wrote 4 bytes", "wrote 0 bytes"]
    assert all(answer.startswith("error: ") for answer in written[2:])
    assert script.told[2] == "750\nd/x\n\nTurns left: 37"
    assert left == {"d/x": "é\0\n".encode(), "l": "é\0\n".encode(), "new/deep/-f 'q'": b""}


def test_an_absolute_path_is_one_of_the_computer() -> None:
    async def run() -> None:
        async with local() as computer:
            path = f"{computer.workdir}/f"
            script = await play(
                Tools(),
                computer,
                computer.workdir,
                says("", call("write_file", path=path, content="old")),
                says("", call("edit_file", path=path, old="old", new="new")),
                says("", call("read_file", path=path)),
                SUBMIT,
            )
            assert script.told[2] == "new\n\nTurns left: 37"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("content", "old", "new", "left", "said"),
    [
        (b"a b c", "b", "x\0y", b"a x\0y c", "wrote 7 bytes"),
        (b"\xff b \xfe", "b", "é", b"\xff \xc3\xa9 \xfe", "wrote 6 bytes"),
        (b"a b b", "b", "x", b"a b b", "error: `old` is in the file more than once"),
        (b"aaa", "aa", "x", b"aaa", "error: `old` is in the file more than once"),
        (b"a b", "c", "x", b"a b", "error: `old` is not in the file. Read it again."),
        (
            b"a\r\nb",
            "a\nb",
            "x",
            b"a\r\nb",
            r"error: `old` is not in the file. Its lines end in \r\n.",
        ),
        (b"a b", "", "x", b"a b", "error: old: String should have at least 1 character"),
        (b"a b", "b", "", b"a ", "wrote 2 bytes"),
    ],
)
def test_an_edit_replaces_what_is_there_exactly_once(
    content: bytes, old: str, new: str, left: bytes, said: str
) -> None:
    script, files = session(
        says("", call("edit_file", path="f", old=old, new=new)), SUBMIT, files={"f": content}
    )
    assert files == {"f": left}
    assert script.told[0].startswith(said)


def test_what_is_no_file_is_not_edited() -> None:
    for path in ("nowhere", ".", "/dev/zero", "/dev/null/x"):
        (said,) = answers(call("edit_file", path=path, old="a", new="b"))
        assert said == "error: no such file, or no regular one"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("", "error: command: Field required"),
        ("{", "error: arguments: Invalid JSON"),
        ("[1]", "error: arguments: Input should be an object"),
        ('{"command": 3}', "error: command: Input should be a valid string"),
        ('{"command": "ls", "cwd": "/"}', "error: cwd: Extra inputs are not permitted"),
        ('{"command": ""}', "error: command: String should have at least 1 character"),
        ('{"command": "a\\u0000"}', "error: command: Value error, a NUL character"),
        ('{"command": "\\ud800"}', "error: arguments: Invalid JSON"),
        ("\ud800", "error: arguments: Input should be a valid string"),
        ('{"command": "ls", "timeout": 0}', "error: timeout: Input should be greater than 0"),
        ('{"command": "ls", "timeout": NaN}', "error: timeout: Input should be a finite number"),
        ('{"command":' + "[" * 100_000, "error: arguments: Invalid JSON"),
        ('{"command":"' + "x" * 30_000 + '"}', "error: command: String should have at most 25000"),
        (" " * (17 << 20), "error: more than 16777216 characters of arguments"),
    ],
    ids=range(14),
)
def test_arguments_that_are_wrong_are_told(arguments: str, complaint: str) -> None:
    (said,) = answers(ToolCall("i", "shell", arguments))
    assert said.startswith(complaint)
    assert len(said) < 3000


def test_an_unknown_tool_is_told_and_sent_back_as_a_server_can_take_it() -> None:
    script, _ = session(
        says("", ToolCall("i", "rm -rf \ud800" + "x" * 200, '{"a"')), SUBMIT, limits=Limits()
    )
    assert script.told[0].startswith("error: no tool 'rm -rf \\ud800xxx")
    assert "there are shell, read_file" in script.told[0]
    (sent,) = script.conversation[1].tool_calls
    assert sent.name == "rm_-rf__" + "x" * 56
    assert json.loads(sent.arguments) == {"unreadable": '{"a"'}


@pytest.mark.parametrize(
    ("made", "kept"),
    [
        (call("shell", command="true"), True),
        (ToolCall("i", "shell", "{"), False),
        (ToolCall("i", "", "{}"), False),
    ],
)
def test_a_server_s_own_form_goes_back_where_no_call_was_changed(
    made: ToolCall, kept: bool
) -> None:
    own = ({"type": "reasoning", "encrypted_content": "x"}, {"type": "function_call"})
    script, _ = session(Reply(Message("assistant", "", (made,), items=own)), SUBMIT)
    assert script.conversation[1].items == (own if kept else ())
    if not made.name:
        assert script.told[0].startswith("error: no tool ''; there are shell")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
KEYS = st.sampled_from(["path", "old", "new", "content", "first_line", "lines"])
HOSTILE = st.text() | st.dictionaries(KEYS | st.text(), VALUES).map(
    # no path that leads out: a local computer holds nothing back from this machine
    lambda arguments: json.dumps(arguments).replace("/", "_")
)
NAMES = st.sampled_from(["read_file", "write_file", "edit_file", "submit"]) | st.text()


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.builds(ToolCall, st.text(), NAMES, HOSTILE), max_size=6))
def test_any_calls_are_answered_each(calls: list[ToolCall]) -> None:
    script, _ = session(says("", *calls), SUBMIT, SUBMIT)
    ended = len(script.heard) == 1
    if not ended:
        told = [message for message in script.conversation[2:] if message.role == "tool"]
        assert [message.tool_call_id for message in told] == [each.id for each in calls]
        for message in told:
            message.content.encode()
        for sent in script.conversation[1].tool_calls:
            assert isinstance(json.loads(sent.arguments), dict)


def test_more_calls_than_one_reply_may_have_are_answered_and_not_made() -> None:
    calls = [call("shell", command=f"touch {number}") for number in range(tools.CALLS + 2)]
    script, left = session(says("", *calls), SUBMIT)
    assert len(left) == tools.CALLS
    said = _without_turns(script.conversation[2:])
    assert said[tools.CALLS :] == [f"not done: at most {tools.CALLS} calls of one reply are"] * 2


def test_a_reply_without_calls_is_reminded_and_the_work_ends_when_nothing_helps() -> None:
    act = says("", call("shell", command="true"))
    script, _ = session("hm", says("", cut=True), act, "a", "b", "c", "never asked")
    assert script.told == [
        f"{tools.NO_CALL}\nTurns left: 39",
        f"{tools.CUT}\n{tools.NO_CALL}\nTurns left: 38",
        "(no output)\n\nTurns left: 37",
        f"{tools.NO_CALL}\nTurns left: 36",
        f"{tools.NO_CALL}\nTurns left: 35",
    ]


def test_a_timeout_is_told_and_no_argument_lifts_the_bound() -> None:
    limits = Limits(command_seconds=1.0)
    slow = call("shell", command="sleep 987", timeout=9999)
    quick = call("shell", command="sleep 987", timeout=0.1)
    script, _ = session(says("", slow, quick), SUBMIT, limits=limits)
    assert _without_turns(script.conversation[2:]) == [
        "(no output)\n[killed: it ran longer than 1 s]",
        "(no output)\n[killed: it ran longer than 0.1 s]",
    ]


def test_the_limits_hold_between_the_calls_of_one_reply() -> None:
    sleeping = call("shell", command="sleep 987")
    with pytest.raises(LimitReached, match="the time of"):
        session(says("", sleeping, sleeping), limits=Limits(seconds=0.5))
    with pytest.raises(LimitReached, match="all 1 turns are used"):
        session(says("", call("shell", command="true")), limits=Limits(max_turns=1))


def test_a_manager_without_a_decision_is_reminded_once() -> None:
    script, _ = session(SUBMIT, SUBMIT, variant="swe_manager")
    (said,) = script.told
    assert said.startswith("submitted\n\nThere is no decision yet")
    decided = call(
        "write_file", path="manager_decisions.json", content='{"selected_proposal_id":1}'
    )
    script, _ = session(says("", call("submit"), decided), variant="swe_manager")
    assert script.told == []
