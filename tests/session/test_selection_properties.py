"""Random expressions against an independent evaluator, and any text at all against the compiler."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import pytest
from _pytest.mark import KeywordMatcher
from _pytest.mark.expression import Expression
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from swelancer_plugin.session.selection import FIELDS, SelectionError, compile_expression
from swelancer_plugin.task import Brief, ManagerAnswer, Repository, Task, Variant

# the first text() of a machine builds a table of Unicode, which takes seconds
CALM: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def make_task(
    name: str, cents: int, variant: Variant, title: str, split: str | None, tags: str = ""
) -> Task:
    brief = Brief(name, variant, title, "", cents, "/app")
    repository = Repository("app", "/app")
    return Task("expenses", brief, ManagerAnswer(1), repository, split, tuple(tags.split()))


TASKS: Final = (
    make_task("cheap", 50_00, "ic_swe", "Zip code is lost", "diamond", "ui web"),
    make_task("edge", 1000_00, "swe_manager", "Pick a price>1000 (and more)", "diamond", "UI"),
    make_task("dear", 16000_00, "swe_manager", "Choose the sync engine", None),
    make_task("cents", 249_99, "ic_swe", 'Quote " and apostrophe', "nondiamond", "build guide"),
    make_task("limit", 250_00, "ic_swe", "STRASSE or Straße", "set0", "api"),
)
WORDS: Final = ("0", "s", "swl", "ui", "web", "e", "[", "manager")


def chosen(text: str) -> list[str]:
    """Name the tasks whose items pytest would keep."""
    compiled = compile_expression(text)
    expression = Expression.compile(compiled.text)
    named = ((task, {task.id, task.variant, *task.tags} | compiled.idents(task)) for task in TASKS)
    return [task.id for task, words in named if expression.evaluate(KeywordMatcher(words))]


Node: TypeAlias = "Leaf | Branch"


@dataclass(frozen=True)
class Leaf:
    text: str
    holds: Callable[[Task], bool]


@dataclass(frozen=True)
class Branch:
    op: str
    parts: tuple[Node, ...]


def holds(node: Node, task: Task) -> bool:
    if isinstance(node, Leaf):
        return node.holds(task)
    values = [holds(part, task) for part in node.parts]
    if node.op == "not":
        return not values[0]
    return all(values) if node.op == "and" else any(values)


def render(node: Node) -> str:
    if isinstance(node, Leaf):
        return node.text
    parts = [render(part) for part in node.parts]
    return f"not ({parts[0]})" if node.op == "not" else f"({f' {node.op} '.join(parts)})"


ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
GAP: Final = st.sampled_from(["", " ", "\t", "  "])
AMOUNTS: Final = st.sampled_from([0, 1, 5000, 24999, 25000, 25001, 100000, 1600000])
TEXTS: Final = st.one_of(
    st.sampled_from(["ui", "zip code", "and", "price>1000 (", "", "STRASSE", "swe_manager", "e"]),
    st.text(max_size=5),
)
GETTERS: Final[dict[str, Callable[[Task], list[str]]]] = {
    "id": lambda task: [task.id],
    "split": lambda task: [task.split] if task.split else [],
    "set": lambda task: [task.split] if task.split else [],
    "dataset": lambda task: [task.dataset],
    "tag": lambda task: list(task.tags),
    "title": lambda task: [task.brief.title],
}


@st.composite
def prices(draw: st.DrawFn) -> Leaf:
    op, cents = draw(st.sampled_from(sorted(ORDER))), draw(AMOUNTS)
    shown = draw(st.sampled_from([f"{cents / 100}", f"${cents / 100:,.2f}", f"'{cents / 100}'"]))
    text = f"price{draw(GAP)}{op}{draw(GAP)}{shown}"
    return Leaf(text, lambda task: ORDER[op](task.price_cents, cents))


@st.composite
def texts(draw: st.DrawFn) -> Leaf:
    name, op = (
        draw(st.sampled_from(sorted(GETTERS))),
        draw(st.sampled_from(["==", "!=", "~", "!~"])),
    )
    value = draw(TEXTS)
    quote = draw(st.sampled_from("'\""))
    assume(quote not in value)
    plain = re.fullmatch(r"[\w.$%&*/-]+", value) and value not in {"and", "or", "not"}
    shown = value if plain and draw(st.booleans()) else f"{quote}{value}{quote}"

    def test(task: Task) -> bool:
        low = value.casefold()
        held = [text.casefold() for text in GETTERS[name](task)]
        found = low in held if "=" in op else any(low in text for text in held)
        return found is not op.startswith("!")

    return Leaf(f"{name}{draw(GAP)}{op}{draw(GAP)}{shown}", test)


def plain(word: str) -> Leaf:
    return Leaf(
        word,
        lambda task: any(word.lower() in w.lower() for w in (task.id, task.variant, *task.tags)),
    )


LEAVES: Final = prices() | texts() | st.sampled_from(WORDS).map(plain)
TREES: Final[st.SearchStrategy[Node]] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Branch, st.just("not"), st.tuples(inner)),
        st.builds(Branch, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1).map(tuple)),
    ),
    max_leaves=8,
)


@CALM
@given(TREES)
def test_pytest_agrees_with_an_independent_evaluator(tree: Node) -> None:
    text = render(tree)
    assert chosen(text) == [task.id for task in TASKS if holds(tree, task)]


OPERATORS: Final = ("=", "==", "!=", "!", "~", "<", ">", "<=", "<>")
MARKS: Final = ("(", ")", "'", '"', " ", "\t", "\n", ",", "\\", "@")
NAMES: Final = ("hard", "prize", "and", "or", "not", "250", "$1,0", "ic_swe", "a[1]", "x::y")
PIECES: Final = st.sampled_from(FIELDS + OPERATORS + MARKS + NAMES)
OPPOSITE: Final = {"==": "!=", "~": "!~", "<": ">=", ">": "<="}
OPPOSITE.update({other: one for one, other in OPPOSITE.items()})
ANYTHING: Final = st.one_of(st.text(), st.lists(PIECES | st.text(max_size=2)).map("".join))


@CALM
@given(ANYTHING)
@example("\U00012000\U00012001 price>1")
@example("price>\u0663")
@example("price>" + "9" * 5000)
def test_any_text_compiles_or_is_a_selection_error(text: str) -> None:
    try:
        compiled = compile_expression(text)
    except SelectionError as error:
        assert 1 <= error.column <= len(text) + 1, error  # noqa: PT017
        return
    assert len(compiled.text) == len(text)
    rebuilt = compiled.text
    for atom in compiled.atoms:
        start, end = atom.column - 1, atom.column - 1 + len(atom.source)
        assert rebuilt[start:end].rstrip() == atom.ident
        assert text[start:end] == atom.source
        rebuilt = rebuilt[:start] + atom.source + rebuilt[end:]
        for task in TASKS:
            opposite = replace(atom, op=OPPOSITE[atom.op])
            assert compiled.matches(task, opposite) is not compiled.matches(task, atom)
    assert rebuilt == text
    assert compiled.restore(compiled.text) == text


STOCK_NAMES: Final = st.sampled_from((*FIELDS, *WORDS, "a/b[c-1]", "x::y"))
STOCK_VALUES: Final = st.sampled_from(("1", "True", "'price>1'", '"(tag==ui"', "''"))
STOCK_CALLS: Final = st.builds(
    "{}{}({}={})".format, STOCK_NAMES, GAP, st.just("price"), STOCK_VALUES
)
STOCK: Final = st.recursive(
    STOCK_NAMES | STOCK_CALLS,
    lambda inner: inner.map("not ({} )".format) | st.builds("({} or {})".format, inner, inner),
    max_leaves=6,
)


@CALM
@given(STOCK | ANYTHING)
@example("price(price=250)")
@example("a(b='price>1') or price")
def test_what_pytest_takes_as_it_is_stays_as_it_is(text: str) -> None:
    try:
        Expression.compile(text)
    except SyntaxError:
        return
    compiled = compile_expression(text)
    assert compiled.text == text
    assert not compiled.atoms


@CALM
@given(st.lists(LEAVES, min_size=1, max_size=4), st.sampled_from(["prize>1", "tag>1", "price~1"]))
def test_columns_point_into_the_text_as_given(before: list[Leaf], wrong: str) -> None:
    prefix = "".join(f"{leaf.text} and " for leaf in before)
    with pytest.raises(SelectionError) as caught:
        compile_expression(prefix + wrong)
    at = 0 if wrong.startswith("prize") else re.search("[>~]", wrong).start()  # type: ignore[union-attr]
    assert caught.value.column == len(prefix) + at + 1


@CALM
@given(st.lists(LEAVES, min_size=1, max_size=4), st.sampled_from([")", "ui ui", "@", "ui ="]))
def test_columns_of_pytest_point_into_the_text_as_given(before: list[Leaf], wrong: str) -> None:
    prefix = "".join(f"{leaf.text} and " for leaf in before)
    with pytest.raises(SyntaxError) as caught:
        Expression.compile(compile_expression(prefix + wrong).text)
    at = 3 if wrong.startswith("ui") else 0
    assert caught.value.offset == len(prefix) + at + 1
