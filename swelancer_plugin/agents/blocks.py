"""The code blocks of a reply, and whether it says DONE: a pure function of hostile text.

Fences are CommonMark's: three or more backticks or tildes at the start of a line, closed by at
least as many of the same, so that a longer fence can hold shorter ones. Two things are not, since
models write so: a block may be indented by any width (in a list), and a fence with a language
inside of a block begins a block in it (Python that writes Markdown). One pass
over the lines, so that a reply of any size takes time in proportion to it.

What a reply begins with between ``<think>`` and ``</think>`` is a thought of the model's, and no
part of what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PYTHON: Final = frozenset({"python", "py", "python3"})
SHELL: Final = frozenset({"bash", "sh", "shell", "zsh", "console"})
_LANGUAGE: Final = 40
_FENCE: Final = re.compile(r"([ \t]*)(`{3,}|~{3,})(.*)", re.DOTALL)
_INNER: Final = 4
"""Columns beyond its opening at which a closing fence counts as part of the code."""
_DONE: Final = re.compile(r"[\W_]*done[\W_]*", re.IGNORECASE)
_MARKS: Final = "*_`.!\"'"
USER: Final = "<user-tool>"
"""What a reply holds, outside of its blocks, to ask for the user."""
_THOUGHT, _THOUGHT_END = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    language: str
    """The first word after the fence, in small letters; empty where there is none."""
    code: str
    closed: bool = True
    """False where the reply ends before the block does."""

    @property
    def python(self) -> bool:
        """Whether it is tagged as Python."""
        return self.language in PYTHON

    @property
    def shell(self) -> bool:
        """Whether it is tagged as commands of a shell."""
        return self.language in SHELL


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reply holds."""

    blocks: tuple[Block, ...]
    done: bool
    """It is DONE alone, or has DONE on a line of its own outside of its blocks; in any case."""
    user: bool = False
    """It asks for the user."""


def parse(reply: str) -> Parsed:
    """Return the blocks of a reply, in order, and whether it says DONE."""
    blocks: list[Block] = []
    outside: list[str] = []
    reply = _without_thought(reply)
    lines = iter(reply.replace("\r\n", "\n").split("\n"))
    for line in lines:
        if fence := _opening(line):
            blocks.append(_block(fence, lines))
        else:
            outside.append(line)
    done = any(map(_says_done, outside)) or (not blocks and _DONE.fullmatch(reply) is not None)
    return Parsed(tuple(blocks), done, any(USER in line for line in outside))


def _without_thought(reply: str) -> str:
    """Return what follows a thought; nothing follows one that does not end."""
    begins = reply.lstrip()
    return begins.partition(_THOUGHT_END)[2] if begins.startswith(_THOUGHT) else reply


def _opening(line: str) -> re.Match[str] | None:
    fence = _FENCE.fullmatch(line)
    if fence is None or (fence[2][0] == "`" and "`" in fence[3]):  # a span of code, no fence
        return None
    return fence


def _block(fence: re.Match[str], lines: Iterator[str]) -> Block:
    """Take the lines of a block, its closing fence included."""
    indent, mark, info = fence.groups()
    code: list[str] = []
    closed, depth = False, 0
    for line in lines:
        if _closes(line, indent, mark):
            closed = not depth
            if closed:
                break
            depth -= 1
        elif (inner := _opening(line)) and inner[2].startswith(mark) and inner[3].strip():
            depth += 1
        code.append(_dedented(line, indent))
    return Block(_language(info), "\n".join([*code, ""]), closed)


def _closes(line: str, indent: str, fence: str) -> bool:
    text = line.strip()
    if len(text) < len(fence) or text.strip(fence[0]):
        return False
    return len(line) - len(line.lstrip()) < len(indent) + _INNER


def _dedented(line: str, indent: str) -> str:
    """Return the line without as much of the fence's own indentation as it has."""
    width = len(indent)
    return line[:width].lstrip(" \t") + line[width:]


def _language(info: str) -> str:
    words = info[:1000].split(maxsplit=1)
    return words[0].strip("{}.").lower()[:_LANGUAGE] if words else ""


def _says_done(line: str) -> bool:
    return line.strip().strip(_MARKS).lower() == "done"
