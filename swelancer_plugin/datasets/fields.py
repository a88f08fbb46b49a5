"""Decoding of single fields, pure: text in, value out, ValueError with a reason for people."""

from __future__ import annotations

import ast
import json
import re
import warnings
from pathlib import PurePosixPath
from typing import Final, TypeVar

from swelancer_plugin.task import TASK_ID, valid_id

MAX_LITERAL: Final = 4 * 1024 * 1024
"""Characters of a Python literal: its syntax tree takes some 250 times its size in memory."""

_UNFIT: Final = re.compile("[\0\ud800-\udfff]")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")

_ADDRESS: Final = re.compile(r"<(?:ast\.)?(\w+) object at 0x[0-9a-fA-F]+>")

_T = TypeVar("_T")


def clean(text: str) -> str:
    """Return text that any file, pipe and page can carry, its length and all else kept.

    Halves of a surrogate pair are joined; a lone half and NUL become U+FFFD.
    """
    if _UNFIT.search(text) is None:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\0", "\ufffd")


def newlines(text: str) -> str:
    r"""Return text with each two-character ``\n`` as a line break, and no other escape decoded.

    The lists hold regular expressions and paths, which any further decoding would eat.
    """
    return text.replace("\\n", "\n")


def structure(text: str) -> object:
    """Return the value that a JSON text or a Python literal stands for; nothing is evaluated.

    Raises ValueError for anything else, however deeply nested or large.
    """
    text = text.strip()
    if not text:
        raise ValueError("is empty")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # most lists hold Python literals, whose errors are the ones to report
    if len(text) > MAX_LITERAL:
        raise ValueError(f"is a Python literal of over {MAX_LITERAL:,} characters; use JSON")
    try:
        with warnings.catch_warnings():
            # a literal's odd escapes would each print a warning, or raise under -W error
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (RecursionError, MemoryError) as error:
        raise ValueError("is nested too deeply") from error
    except (ValueError, SyntaxError, TypeError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        # the same error must read the same in every process
        reason = _ADDRESS.sub(r"\1", reason)
        raise ValueError(f"is neither JSON nor a Python literal ({reason})") from error


def member(value: object, path: str, kind: type[_T]) -> _T:
    """Return the member at a dotted path of nested dicts, which is of exactly this type.

    Raises ValueError, naming the path: ``game.correct_proposal.id is missing``.
    """
    for depth, name in enumerate(path.split(".")):
        if not isinstance(value, dict):
            where = ".".join(path.split(".")[:depth]) or "the value"
            raise ValueError(f"{where} is {_kind(value)}, not a mapping")
        if name not in value:
            raise ValueError(f"{path} is missing")
        value = value[name]
    # not isinstance: True is no proposal id
    if type(value) is not kind:
        raise ValueError(f"{path} is {_kind(value)}, not {kind.__name__}")
    return value


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def strings(value: object, at_most: int) -> tuple[str, ...]:
    """Return a list of strings as a tuple, or raise ValueError."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("is not a list of strings")
    if len(value) > at_most:
        raise ValueError(f"has {len(value)} entries, more than {at_most}")
    return tuple(value)


def identifier(text: str) -> str:
    """Return an id that may become a directory name, or raise ValueError."""
    if not text:
        raise ValueError("is empty")
    if not valid_id(text):
        raise ValueError(f"{text[:120]!r} is no id (of the form {TASK_ID.pattern}, not . or ..)")
    return text


def word(text: str) -> str:
    """Return a short word, such as a tag or a split, or raise ValueError."""
    if _WORD.fullmatch(text) is None:
        raise ValueError(f"{text[:120]!r} is not a word of the form {_WORD.pattern}")
    return text


def workdir(text: str) -> str:
    """Return an absolute path in a computer, below its root, or raise ValueError."""
    path = PurePosixPath(text)
    if not text.startswith("/") or not text.isprintable() or len(text) > 1000:
        raise ValueError(f"{text[:120]!r} is not an absolute path")
    if ".." in path.parts or not path.name:
        raise ValueError(f"{text[:120]!r} is not a directory below the root, free of ..")
    # two leading slashes are kept by PurePosixPath, and mean nothing here
    return "/" + str(path).lstrip("/")


def dataset_name(text: str) -> str:
    """Return the nearest valid dataset name: unfit characters become ``-``, cut at 100."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", text)[:100]
    return name if valid_id(name) else "dataset"
