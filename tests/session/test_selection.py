"""Comparisons in -k, one by one, evaluated by pytest's own engine over the rewritten text."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from _pytest.mark import KeywordMatcher
from _pytest.mark.expression import Expression

from swelancer_plugin.session.selection import (
    Compiled,
    SelectionError,
    compile_expression,
)
from swelancer_plugin.task import Brief, ManagerAnswer, Repository, Task, Variant


def make_task(
    name: str = "t1",
    dollars: float = 250,
    variant: Variant = "ic_swe",
    title: str = "Pay the bill",
    split: str | None = "diamond",
    tags: tuple[str, ...] = (),
) -> Task:
    brief = Brief(name, variant, title, "", round(dollars * 100), "/app")
    repository = Repository("app", "/app")
    return Task("expenses", brief, ManagerAnswer(1), repository, split=split, tags=tags)


TASKS: Final = (
    make_task("cheap", 50, title="Zip code is lost", tags=("ui", "web")),
    make_task("edge", 1000, "swe_manager", "Pick a price>1000 (and more)", tags=("UI",)),
    make_task("dear", 16000, "swe_manager", "Choose the sync engine", split=None),
    make_task("cents", 249.99, title='Quote " and apostrophe', tags=("build", "guide")),
    make_task("limit", 250, title="STRASSE or Straße", split="nondiamond", tags=("api",)),
)


def engine(compiled: Compiled, task: Task) -> bool:
    """What pytest makes of the rewritten text for an item with this task."""
    words = {task.id, task.variant, *task.tags} | compiled.idents(task)
    return Expression.compile(compiled.text).evaluate(KeywordMatcher(words))


def chosen(text: str) -> list[str]:
    compiled = compile_expression(text)
    assert len(compiled.text) == len(text)
    return [task.id for task in TASKS if engine(compiled, task)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price>1000", "dear"),
        ("price >= 1000", "edge dear"),
        ("price<250", "cheap cents"),
        ("price<=250", "cheap cents limit"),
        ("price==249.99", "cents"),
        ("price!=$1,000", "cheap dear cents limit"),
        ("price>'$1,000' or price<\"100\"", "cheap dear"),
        ("price>1000 and price>1000", "dear"),
        ("not price>1000", "cheap edge cents limit"),
        ("(price>1000 or ui)", "cheap edge dear cents"),
        ("price>=250 and variant==swe_manager and not dear", "edge"),
        ("variant==IC_SWE", "cheap cents limit"),
        ("variant!=ic_swe", "edge dear"),
        ("variant~manager", "edge dear"),
        ("tag==ui", "cheap edge"),
        ("tag!=ui", "dear cents limit"),
        ("tag~ui", "cheap edge cents"),
        ("tag!~ui", "dear limit"),
        ('tag==api or title~"zip code"', "cheap limit"),
        ("title~'price>1000 (and'", "edge"),
        ("title~'\"'", "cents"),
        ("title=='strasse or strasse'", "limit"),
        ("title~''", "cheap edge dear cents limit"),
        ("split==diamond", "cheap edge cents"),
        ("set == DIAMOND", "cheap edge cents"),
        ("split!=diamond", "dear limit"),
        ("split~diamond", "cheap edge cents limit"),
        ("split!~non", "cheap edge dear cents"),
        ("dataset==expenses and id~e", "cheap edge dear cents"),
        ("dataset!=expenses", ""),
        ("ID==edge", "edge"),
        ("id~e\tand\tPrice>100", "edge dear cents"),
        ("price>1and id==dear", None),
        ("price>1 and not 1", "cheap edge dear cents limit"),
        ("not (price>1 and 0)", "cheap edge dear cents limit"),
    ],
)
def test_selects(text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(SelectionError, match="1and"):
            chosen(text)
    else:
        assert chosen(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("prize>250", 1, r"unknown task field 'prize' \(did you mean price\? known: id, price, "),
        ("ui and xyzzy==3", 8, r"unknown task field 'xyzzy' \(known: "),
        ("not hard==true", 5, "write hard, or not hard"),
        ("ui and variant>ic_swe", 15, "'>' compares prices only; variant takes"),
        ("price ~ 10", 7, "'~' searches text; price takes"),
        ("price>abc", 7, "'abc' is not an amount of dollars"),
        ("price>= -5", 9, "'-5' is not an amount of dollars"),
        ("price>1.005", 7, "fraction of a cent"),
        ("price>,000", 7, "single quotes outside"),
        ("price>00", 7, "single quotes outside"),
        ("variant==manager", 10, r"unknown variant 'manager' \(known: ic_swe, swe_manager\)"),
        ("variant != ''", 12, "unknown variant ''"),
        ("ui or price=250", 12, "'=' is no comparison: use '=='"),
        ("not (price=250)", 11, "use '=='"),
        ("price=>250", 6, "use '>='"),
        ("price=<250", 6, "use '<='"),
        ("price<>250", 6, "use '!='"),
        ("title=~x", 6, "use '~'"),
        ("tag===x", 4, "use '=='"),
        ("price>", 7, "a value is missing after '>'"),
        ("price> and ui", 8, "a value is missing after '>'"),
        ("(price>)", 8, "a value is missing after '>'"),
        ("title~'zip", 7, "closing quote ' is missing"),
        ("price>1 and prize>2", 13, "prize"),
    ],
)
def test_refuses(text: str, column: int, message: str) -> None:
    with pytest.raises(SelectionError, match=message) as caught:
        compile_expression(text)
    assert caught.value.column == column
    assert str(caught.value) == f"at column {column}: {caught.value.message}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "price",
        "a/b[c-1] and x::y or not (c\\d.e+f)",
        "swelancer(price=250)",
        'swelancer(title="price>250", b=True)',
        "foo=1",
        "> 250",
        "not > 250",
        "don't price>250",
        "'price>250'",
    ],
)
def test_text_without_a_comparison_is_untouched(text: str) -> None:
    compiled = compile_expression(text)
    assert (compiled.text, compiled.atoms, compiled.source) == (text, (), text)


def test_atoms_tell_what_they_stand_for() -> None:
    compiled = compile_expression("ui and set == 'a b' or price>$1,000")
    first, second = compiled.atoms
    assert (first.field, first.op, first.value, first.column) == ("split", "==", "a b", 8)
    assert (second.field, second.cents, second.source) == ("price", 100_000, "price>$1,000")
    assert compiled.matches(TASKS[2], second)
    assert not compiled.matches(TASKS[2], first)
    restored = compiled.restore(f"no {compiled.text}: not {second.ident}")
    assert restored == f"no {compiled.source}: not price>$1,000"


def test_calls_are_found() -> None:
    assert compile_expression("price>1 and (ui or not (web))").call_column is None
    assert compile_expression("price>1 and ui (a=1)").call_column == 13
    assert compile_expression("price>1(a=1)").call_column == 1


def test_names_that_stand_for_comparisons_are_never_parts_of_one_another() -> None:
    compiled = compile_expression(" or ".join(f"id=={number}" for number in range(1000)))
    idents = [atom.ident for atom in compiled.atoms]
    assert len(set(idents)) == 1000
    assert {len(ident) for ident in idents} == {3}
    again = compile_expression(f"price>1 and not {idents[0]}")
    assert again.atoms[0].ident not in again.source


def test_a_comparison_of_prices_counts_in_cents() -> None:
    dear = make_task(dollars=1000.01)
    compiled = compile_expression("price>1000")
    assert compiled.idents(dear) == {compiled.atoms[0].ident}
    assert compiled.idents(replace(dear, brief=replace(dear.brief, price_cents=100_000))) == set()
