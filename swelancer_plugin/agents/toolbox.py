"""The tools that a model may call. Every argument is hostile: what is wrong with it is the answer.

pydantic reads the arguments and makes the JSON schemas; a class is a tool, its docstring what the
model is told of it.
"""

from __future__ import annotations

import posixpath
import shlex
from abc import abstractmethod
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from swelancer_plugin.agents.output import shown, told
from swelancer_plugin.agents.shell import Shell
from swelancer_plugin.computers.interface import CommandError, DownloadError
from swelancer_plugin.models.interface import Tool, ToolCall

EDIT_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a file that can be edited, and characters that can be written at once."""
COMMAND_CHARACTERS: Final = 25_000
"""Of a command; a longer script is written to a file first."""
ARGUMENTS_LIMIT: Final = 16 * 1024 * 1024
_ERROR_CHARACTERS: Final = 2000


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character can't be in it")
    return text


WITHOUT_NUL: Final = AfterValidator(_without_nul)
FilePath = Annotated[
    str,
    Field(
        min_length=1,
        max_length=4096,
        description="relative to the working directory, or absolute",
    ),
    WITHOUT_NUL,
]


class ToolArguments(BaseModel):
    """A tool: its arguments, and what it does with them."""

    model_config = ConfigDict(extra="forbid")
    name: ClassVar[str]

    @abstractmethod
    async def run(self, shell: Shell) -> str:
        """Do it, and return the answer for the model."""


class RunShell(ToolArguments):
    """Run a command in a fresh shell in the working directory; returns stdout and stderr."""

    name = "shell"
    command: Annotated[str, Field(min_length=1, max_length=COMMAND_CHARACTERS), WITHOUT_NUL]
    timeout: Annotated[
        float | None,
        Field(
            gt=0, allow_inf_nan=False, description="seconds; there is a bound that it can't lift"
        ),
    ] = None

    async def run(self, shell: Shell) -> str:
        """Run the command."""
        seconds = shell.seconds(self.timeout)
        return told(await shell.run(self.command, seconds), seconds)


class ReadFile(ToolArguments):
    """Read lines of a text file."""

    name = "read_file"
    path: FilePath
    first_line: Annotated[int, Field(ge=1, le=10**12)] = 1
    lines: Annotated[int, Field(ge=1, le=100_000, description="how many")] = 400

    async def run(self, shell: Shell) -> str:
        """Read them inside, so that of an endless file no more than these leave the computer."""
        path, seconds = shlex.quote(self.path), shell.seconds()
        command = (
            f"if [ ! -f {path} ]; then echo 'no such file, or no regular one'; exit 1; fi\n"
            f"tail -n +{self.first_line} < {path} | head -n {self.lines} | head -c 1000000"
        )
        return told(await shell.run(command, seconds), seconds)


class WriteFile(ToolArguments):
    """Write a file, making its directories; what was in it is replaced."""

    name = "write_file"
    path: FilePath
    content: Annotated[str, Field(max_length=EDIT_LIMIT)]

    async def run(self, shell: Shell) -> str:
        """Write it."""
        return await _write(shell, self.path, self.content.encode())


class EditFile(ToolArguments):
    """Replace a piece of text in a file. It must be in the file exactly once, to the letter."""

    name = "edit_file"
    path: FilePath
    old: Annotated[str, Field(min_length=1, max_length=EDIT_LIMIT)]
    new: Annotated[str, Field(max_length=EDIT_LIMIT)]

    async def run(self, shell: Shell) -> str:
        """Replace it in the file's bytes, which need not be text elsewhere."""
        path = shlex.quote(self.path)
        asked = await shell.run(f"[ -f {path} ] && wc -c < {path}", shell.seconds())
        size = asked.output.strip()
        if asked.exit_code != 0 or not size.isdigit():
            return "error: no such file, or no regular one"
        if len(size) > 18 or int(size) > EDIT_LIMIT:
            return f"error: the file has {shown(size.decode(), 40)} bytes, above {EDIT_LIMIT}"
        whole = await shell.computer.download(posixpath.join(shell.workdir, self.path))
        old = self.old.encode()
        place = whole.find(old)
        if place < 0:
            return f"error: `old` is not in the file.{_hint(whole, old)} Read it again."
        if whole.find(old, place + 1) >= 0:
            return "error: `old` is in the file more than once; give more of its surroundings"
        changed = whole[:place] + self.new.encode() + whole[place + len(old) :]
        return await _write(shell, self.path, changed)


class Submit(ToolArguments):
    """End the work. The state of the files is what you submit; nothing can be done after it."""

    name = "submit"

    async def run(self, shell: Shell) -> str:
        """Say so; the loop that asks the model ends the work."""
        return "submitted"


TOOLS: Final[dict[str, type[ToolArguments]]] = {
    each.name: each for each in (RunShell, ReadFile, WriteFile, EditFile, Submit)
}


def schemas() -> tuple[Tool, ...]:
    """Return what a model is offered."""
    return tuple(
        Tool(name, str(kind.__doc__), kind.model_json_schema()) for name, kind in TOOLS.items()
    )


def read_call(call: ToolCall) -> ToolArguments:
    """Return the tool that a call asks for. Raises ValueError, which says what is wrong with it."""
    if call.name not in TOOLS:
        raise ValueError(f"no tool {call.name[:100]!r}; there are {', '.join(TOOLS)}")
    if len(call.arguments) > ARGUMENTS_LIMIT:
        raise ValueError(f"more than {ARGUMENTS_LIMIT} characters of arguments")
    try:  # many models send nothing where there are no arguments
        return TOOLS[call.name].model_validate_json(call.arguments.strip() or "{}")
    except ValidationError as error:
        raise ValueError(_complaint(error)) from error


async def answer(call: ToolCall, shell: Shell) -> str:
    """Return what is to be said to a call. Lets through what limits and a broken computer raise."""
    try:
        return await read_call(call).run(shell)
    except (ValueError, CommandError, DownloadError, OSError) as error:
        return f"error: {shown(str(error), _ERROR_CHARACTERS)}"


def _complaint(error: ValidationError) -> str:
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    lines = (f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}" for each in wrong)
    return "; ".join(lines)


def _hint(whole: bytes, old: bytes) -> str:
    if b"\n" in old and old.replace(b"\n", b"\r\n") in whole:
        return r" Its lines end in \r\n."
    return ""


async def _write(shell: Shell, path: str, content: bytes) -> str:
    """Write through the file that is there: its mode and owner stay, a link is followed."""
    target, folder = shlex.quote(path), shlex.quote(posixpath.dirname(path) or ".")
    staged, seconds = shlex.quote(await shell.stage(content)), shell.seconds()
    command = (
        f"{{ rm -f {staged}; [ ! -e {target} ] || [ -f {target} ] || "
        "{ echo 'there is something that is no regular file'; exit 1; }\n"
        f"mkdir -p -- {folder} && cat > {target}; }} < {staged}"
    )
    result = await shell.run(command, seconds)
    if result.exit_code != 0:
        return f"error: {told(result, seconds)}"
    return f"wrote {len(content)} bytes"
