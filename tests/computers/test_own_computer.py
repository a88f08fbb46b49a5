"""The computers of docs/computers.md can be made as they are printed there."""

from __future__ import annotations

import asyncio
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

from swelancer_plugin.computers import interface
from swelancer_plugin.computers.interface import (
    Changes,
    ComputerInterface,
    FrozenFile,
    JudgingProvider,
    SealedComputer,
)

PAGE = (Path(__file__).parents[2] / "docs" / "computers.md").read_text()


def printed() -> dict[str, Any]:
    """Run the blocks of code that need no infrastructure."""
    names: dict[str, Any] = vars(interface).copy()
    for block in re.findall(r"(?:^(?:    .*)?\n)+", PAGE, re.MULTILINE):
        if re.search(r"^    (from|class MyP)", block, re.MULTILINE):
            exec(textwrap.dedent(block), names)
    return names


def test_the_printed_computers_have_all_methods() -> None:
    names = printed()
    assert isinstance(names["MyComputer"](), ComputerInterface)
    assert not isinstance(names["MyComputer"](), SealedComputer)
    sealed = names["MySealed"]()
    assert isinstance(sealed, SealedComputer)
    assert asyncio.run(sealed.export_changes("/app", ())) == Changes()
    assert asyncio.run(sealed.read_frozen("/app", 1)) == FrozenFile("missing")
    assert asyncio.run(sealed.read_whole("/app", (), 1)) is None


def test_the_printed_methods_take_what_they_are_given() -> None:
    names = printed()
    for printed_one, ours in (("MyComputer", ComputerInterface), ("MySealed", SealedComputer)):
        for name in ours.__abstractmethods__:
            wanted = inspect.signature(getattr(ours, name)).parameters
            assert list(inspect.signature(getattr(names[printed_one], name)).parameters) == list(
                wanted
            )


def test_every_method_is_named() -> None:
    methods = [name for name, _ in inspect.getmembers(SealedComputer, inspect.isfunction)]
    for name in [*methods, "start_judge"]:
        assert re.search(rf"\b{name}\b", PAGE), name


def test_the_printed_provider_answers_to_one_name() -> None:
    names = printed()
    provider = names["pytest_swelancer_computer_provider"]("mine", None)
    assert provider.name == "mine"
    assert not isinstance(provider, JudgingProvider)
    assert names["pytest_swelancer_computer_provider"]("other", None) is None
