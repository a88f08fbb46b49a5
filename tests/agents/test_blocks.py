from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.agents.blocks import Block, parse


def only(reply: str) -> Block:
    (block,) = parse(reply).blocks
    return block


@pytest.mark.parametrize(
    ("reply", "language", "code"),
    [
        ("```python\nprint(1)\n```", "python", "print(1)\n"),
        ("Look:\n```Python\r\nprint(1)\r\n```\r\nthen", "python", "print(1)\n"),
        ("```py  \nx\n```", "py", "x\n"),
        ("``` python3 title='a b'\nx\n```", "python3", "x\n"),
        ("```{.python}\nx\n```", "python", "x\n"),
        ("~~~python\nx\n```\ny\n~~~", "python", "x\n```\ny\n"),
        ("````python\nx = '''\n```\n'''\n````", "python", "x = '''\n```\n'''\n"),
        ("```python\nx\n````", "python", "x\n"),
        ("```python\nx\n   ``` \t", "python", "x\n"),
        (
            "1. first\n\n      ```python\n      if x:\n          y\n\n      ```",
            "python",
            "if x:\n    y\n\n",
        ),
        ("  ```python\nx\n    y\n  ```", "python", "x\n  y\n"),
        ("```python\n```", "python", ""),
        ("```\nx\n```", "", "x\n"),
        ("```bash\nls\n```", "bash", "ls\n"),
        (
            "```python\nx = '''\n```bash\nls\n```\n'''\n```",
            "python",
            "x = '''\n```bash\nls\n```\n'''\n",
        ),
        ("```python\nx = '''\n    ```\n'''\n```", "python", "x = '''\n    ```\n'''\n"),
        ("```python\n``inline``\n``` x\n```\n```", "python", "``inline``\n``` x\n```\n"),
    ],
)
def test_a_block_has_a_language_and_its_code_to_the_letter(
    reply: str, language: str, code: str
) -> None:
    assert only(reply) == Block(language, code)


def test_several_blocks_are_told_apart() -> None:
    parsed = parse("a\n```python\n1\n```\nb\n```sh\n2\n```\n```python\n3")
    assert parsed.blocks == (
        Block("python", "1\n"),
        Block("sh", "2\n"),
        Block("python", "3\n", closed=False),
    )
    assert [block.python for block in parsed.blocks] == [True, False, True]
    assert [block.shell for block in parsed.blocks] == [False, True, False]


@pytest.mark.parametrize(
    "reply", ["", "x", "``python\nx\n``", "```python print(1)```", "a ```python\nx"]
)
def test_no_block_is_found_where_there_is_none(reply: str) -> None:
    assert parse(reply).blocks == ()


DONE = [
    *(
        "DONE",
        "done",
        "Done.",
        " \n DONE\n\n",
        "**DONE**",
        "`DONE`",
        '"Done!"',
        "## DONE",
        "DONE ✅",
    ),
    *("Everything works now.\n\nDONE", "DONE\nThank you.", "```python\nx\n```\nDONE"),
    *("<think>a\n```python\nx\n```\n</think>\n\nDONE", "DONE\n<think>"),
    *("DONE\n```python\nx\n```", "```python\nx\n```\r\n**Done.**\r\n", "```json\n{}\n```\ndone"),
]
NOT_DONE = [
    *("", "I am done with reading.", "done, I think", "DONE?no", "UNDONE", "not done"),
    *("```python\nDONE\n```", "```python\nx\nDONE", "```\nDONE\n```", "I will say DONE later"),
    *("The work is not\nyet DONE", "doned", "DONE DONE", "d o n e"),
    *("Done:\n- fixed a\n\nNext I run the tests:", "# Done\n- a\n# To do\n- b", "[done]\nand"),
    *("<think>\nDONE\n</think>\nNot yet.", " <think>then\nDONE", "<think>\nDONE\n</think>"),
]


@pytest.mark.parametrize("reply", DONE)
def test_done(reply: str) -> None:
    assert parse(reply).done


@pytest.mark.parametrize("reply", NOT_DONE)
def test_not_done(reply: str) -> None:
    assert not parse(reply).done


def test_a_thought_is_no_part_of_a_reply() -> None:
    thought = "\n<think>\nFirst:\n```python\nwrong\n```\n</think>\n"
    assert only(thought + "```python\nright\n```") == Block("python", "right\n")
    assert parse("<think>\n```python\nwrong\n```\n").blocks == ()
    assert only("```python\n<think>\n```").code == "<think>\n", "only what a reply begins with"


def test_an_item_of_a_list_that_is_done_is_no_end() -> None:
    assert not parse("- read it: yes\n- done\n* done\n").done


PIECES = st.sampled_from(
    [
        "```",
        "````",
        "~~~",
        "python",
        "\n",
        "\r\n",
        "\r",
        " ",
        "\t",
        "x",
        "DONE",
        "\ud800",
        "\0",
        "é",
    ]
)


@given(st.lists(PIECES | st.text(), max_size=60).map("".join))
def test_any_text_is_parsed(reply: str) -> None:
    parsed = parse(reply)
    assert all(block.closed for block in parsed.blocks[:-1])
    assert sum(len(block.code) for block in parsed.blocks) <= len(reply) + len(parsed.blocks)


CODE = st.text(st.characters(exclude_characters="\r")).map(lambda code: code + "\n")


@given(CODE, st.sampled_from("`~"), st.sampled_from(["python", "Python", "py", "python3"]))
def test_what_is_put_into_a_long_fence_comes_out(code: str, mark: str, tag: str) -> None:
    longest = max((len(line) - len(line.strip("`~")) for line in code.split("\n")), default=0)
    fence = mark * max(3, longest + 1)
    parsed = parse(f"before\n{fence}{tag}\n{code}{fence}\nafter")
    assert parsed.blocks == (Block(tag.lower(), code),)
    assert not parsed.done


@pytest.mark.parametrize(
    "piece",
    ["`", "~", "```\n", "```python\n", "~~~", " ", "\t\n", "*", "_", "    ```x\n", "`" * 99 + "\n"],
)
def test_ten_million_characters_are_parsed_in_one_pass(piece: str) -> None:
    # quadratic work would not end: nothing here measures time
    parse(piece * (10_000_000 // len(piece) // (1 if len(piece) == 1 else 4)) + "x")


@pytest.mark.parametrize(
    ("reply", "asks"),
    [
        ("<user-tool>", True),
        ("Let us see.\n\n<user-tool>\n", True),
        ("I write <user-tool> here", True),
        ("```python\nprint('<user-tool>')\n```", False),
        ("```python\nx\n```\n<user-tool>", True),
        ("<think>\n<user-tool>\n</think>\nDONE", False),
        ("the user tool", False),
    ],
)
def test_the_user_is_asked_for_outside_of_blocks(reply: str, asks: bool) -> None:
    assert parse(reply).user is asks
