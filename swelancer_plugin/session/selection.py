"""Comparisons in a ``-k`` text: ``price>1000 and variant==swe_manager and not hard``.

Pytest's own engine evaluates the expression. Each comparison is replaced by a name that only the
tasks it holds for will carry, in exactly as many columns, so that pytest's errors still point at
the right place. Pure: no pytest in here.
"""

from __future__ import annotations

import difflib
import itertools
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from swelancer_plugin.money import parse_dollars
from swelancer_plugin.task import VARIANTS, Task

FIELDS: Final = ("id", "price", "variant", "split", "set", "dataset", "tag", "title")
ALIASES: Final = {"set": "split"}
ORDERINGS: Final = frozenset({">", ">=", "<", "<="})
SUBSTRINGS: Final = frozenset({"~", "!~"})
RESERVED: Final = frozenset({"and", "or", "not"})

_MISTAKEN: Final = {
    "=": "==",
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=>": ">=",
    "=<": "<=",
    "=~": "~",
    "~=": "~",
}
_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_NAME: Final = r"[\w:+\-.\[\]\\/]+"  # what pytest's scanner takes for one name
_WORD: Final = re.compile(_NAME)
_CALL: Final = re.compile(rf"(?P<name>{_NAME})[ \t]*\(")
_OPERATOR: Final = re.compile(r"[ \t]*(?P<op>===|!==|>=|<=|==|!=|!~|<>|=>|=<|=~|~=|[<>~=])")
_BARE: Final = re.compile(r"[^\s()'\"<>=!~]+")
_SPACES: Final = re.compile(r"[ \t]*")
_SHELL_ATE: Final = re.compile(r",|0\d")

# Cuneiform, because pytest matches substrings: an ASCII name such as `[swl/0]` would also answer
# to a plain `0` or `s` elsewhere in the expression, and a test of the user's may bear it. Three
# letters are fewer than the shortest comparison (`id~a`), so that padding always fits.
_LETTERS: Final = tuple(map(chr, range(0x12000, 0x1239A)))
_IDENT_LENGTH: Final = 3


class SelectionError(ValueError):
    """A comparison that makes no sense; `column` counts from 1 in the text as given."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"at column {column}: {message}")
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class Atom:
    """One comparison, and the name that stands for it in the rewritten text."""

    ident: str
    field: str
    """The canonical field: `split`, also where the text says `set`."""
    op: str
    value: str
    """Without its quotes, as written."""
    column: int
    """Where the comparison starts, from 1."""
    source: str
    """The comparison as written."""
    cents: int = 0
    """The value of a comparison of prices."""

    def matches(self, task: Task) -> bool:
        """Tell whether the comparison holds for a task. Text is compared without case."""
        if self.field == "price":
            return _COMPARE[self.op](task.price_cents, self.cents)
        wanted = self.value.casefold()
        texts = [text.casefold() for text in _texts(task, self.field)]
        part = self.op in SUBSTRINGS
        found = any(wanted in text if part else wanted == text for text in texts)
        return found != self.op.startswith("!")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A ``-k`` text of which every comparison has become a name."""

    source: str
    """As given."""
    text: str
    """For pytest: of the same length, every character outside comparisons in its place."""
    atoms: tuple[Atom, ...]

    def matches(self, task: Task, atom: Atom) -> bool:
        """Tell whether one comparison holds for a task."""
        return atom.matches(task)

    def idents(self, task: Task) -> set[str]:
        """Return the names of all comparisons that hold for a task."""
        return {atom.ident for atom in self.atoms if atom.matches(task)}

    def restore(self, message: str) -> str:
        """Return a message of pytest's about `text` as one about `source`."""
        if not self.atoms:
            return message
        message = message.replace(self.text, self.source)
        for atom in self.atoms:
            message = message.replace(atom.ident, atom.source)
        return message

    @property
    def call_column(self) -> int | None:
        """Where the first ``name(`` starts, if any; meant for texts that pytest can parse."""
        for match in _CALL.finditer(self.text):
            if match["name"] not in RESERVED:
                return match.start() + 1
        return None


@dataclass(frozen=True, slots=True)
class _Found:
    """A comparison as scanned; positions count from 0."""

    word: str
    op: str
    value: str
    start: int
    op_at: int
    value_at: int
    end: int


def compile_expression(text: str) -> Compiled:
    """Replace each comparison in a ``-k`` text by a name; a text without any stays as it is.

    A comparison is ``field op value``. Fields: `FIELDS`. Operators: ``== !=`` on all, ``~ !~``
    (contains) on all but price, ``> >= < <=`` on price. Values: a bare word, or anything in
    single or double quotes (there are no escapes). Raises SelectionError for a comparison that
    makes no sense; what is wrong outside comparisons is left for pytest to tell.
    """
    idents: Iterator[str] | None = None
    atoms: list[Atom] = []
    parts: list[str] = []
    done = 0
    for found in _comparisons(text):
        idents = idents or _fresh_idents(text)
        atom = _atom(found, text[found.start : found.end], next(idents, None))
        atoms.append(atom)
        parts += text[done : found.start], atom.ident.ljust(found.end - found.start)
        done = found.end
    return Compiled(text, "".join([*parts, text[done:]]), tuple(atoms))


def _fresh_idents(text: str) -> Iterator[str]:
    """Yield names of equal length, none of which shares a letter with the text."""
    letters = [letter for letter in _LETTERS if letter not in text]
    return map("".join, itertools.product(letters, repeat=_IDENT_LENGTH))


@dataclass(slots=True)
class _Scanner:
    """Walks over a text as pytest's scanner does, to know what is quoted and what is in a call."""

    text: str
    position: int = 0
    calls: list[bool] = field(default_factory=list)
    """For each open parenthesis: whether it holds the parameters of a call."""
    after_name: bool = False

    def step(self) -> _Found | None:
        """Move over one token or comparison; return the latter."""
        char = self.text[self.position]
        if word := _WORD.match(self.text, self.position):
            return self._word(word)
        if char == "(":
            self.calls.append(self.after_name)
        elif char == ")" and self.calls:
            self.calls.pop()
        if char in "'\"":
            closing = self.text.find(char, self.position + 1)
            self.position = len(self.text) if closing < 0 else closing + 1
        else:
            self.position += 1
        self.after_name = self.after_name and char in " \t"
        return None

    def _word(self, word: re.Match[str]) -> _Found | None:
        sign = _OPERATOR.match(self.text, word.end())
        if sign is None or word[0] in RESERVED or self._is_stock(word[0], sign["op"]):
            self.position = word.end()
            self.after_name = word[0] not in RESERVED
            return None
        _check_operator(word, sign)
        value_at, end, value = _value(self.text, sign)
        self.position, self.after_name = end, True
        start, op_at = word.start(), sign.start("op")
        return _Found(word[0], sign["op"], value, start, op_at, value_at, end)

    def _is_stock(self, word: str, op: str) -> bool:
        """Tell whether ``=`` is pytest's: to read in a call, to refuse after a strange name."""
        return op == "=" and (word.lower() not in FIELDS or any(self.calls))


def _comparisons(text: str) -> Iterator[_Found]:
    scanner = _Scanner(text)
    while scanner.position < len(text):
        if found := scanner.step():
            yield found


def _check_operator(word: re.Match[str], sign: re.Match[str]) -> None:
    name, op, column = word[0].lower(), sign["op"], sign.start("op") + 1
    if name not in FIELDS:
        raise SelectionError(word.start() + 1, _unknown_field(word[0]))
    if op in _MISTAKEN:
        raise SelectionError(column, f"{op!r} is no comparison: use {_MISTAKEN[op]!r}")
    if op in ORDERINGS and name != "price":
        raise SelectionError(column, f"{op!r} compares prices only; {name} takes ==, !=, ~ and !~")
    if op in SUBSTRINGS and name == "price":
        raise SelectionError(column, f"{op!r} searches text; price takes ==, !=, >, >=, < and <=")


def _unknown_field(word: str) -> str:
    if word.lower() == "hard":
        return "'hard' is a plain word, not a task field: write hard, or not hard"
    near = difflib.get_close_matches(word.lower(), FIELDS, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"unknown task field {word!r} ({guess}known: {', '.join(FIELDS)})"


def _value(text: str, sign: re.Match[str]) -> tuple[int, int, str]:
    """Return where the value starts, where it ends, and the value without its quotes."""
    spaces = _SPACES.match(text, sign.end())
    start = spaces.end() if spaces else sign.end()
    quote = text[start : start + 1]
    if quote and quote in "'\"":
        closing = text.find(quote, start + 1)
        if closing < 0:
            raise SelectionError(start + 1, f"closing quote {quote} is missing")
        return start, closing + 1, text[start + 1 : closing]
    bare = _BARE.match(text, start)
    if bare is None or bare[0] in RESERVED:
        what = f"a value is missing after {sign['op']!r}"
        raise SelectionError(start + 1, f"{what} (quote it if it is not one plain word)")
    return start, bare.end(), bare[0]


def _atom(found: _Found, source: str, ident: str | None) -> Atom:
    if ident is None:
        raise SelectionError(found.start + 1, "too many comparisons")
    name = found.word.lower()
    name = ALIASES.get(name, name)
    cents = _cents(found) if name == "price" else 0
    exact = found.op in {"==", "!="}
    if name == "variant" and exact and found.value.casefold() not in VARIANTS:
        known = ", ".join(VARIANTS)
        message = f"unknown variant {found.value!r} (known: {known})"
        raise SelectionError(found.value_at + 1, message)
    return Atom(ident, name, found.op, found.value, found.start + 1, source, cents)


def _cents(found: _Found) -> int:
    column = found.value_at + 1
    if _SHELL_ATE.match(found.value):
        hint = "if it began with $, the shell took it for a variable: use single quotes outside"
        raise SelectionError(column, f"{found.value!r} is not an amount of dollars ({hint})")
    try:
        return parse_dollars(found.value)
    except ValueError as error:
        raise SelectionError(column, str(error)) from None


def _texts(task: Task, name: str) -> tuple[str, ...]:
    """Return what a text field holds for a task: any number of texts."""
    if name == "tag":
        return task.tags
    if name == "split":
        return () if task.split is None else (task.split,)
    texts = {"id": task.id, "variant": task.variant, "dataset": task.dataset}
    return (texts.get(name, task.brief.title),)
