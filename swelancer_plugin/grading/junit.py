"""The report of the judge's pytest, read strictly: a test that is not plainly passed is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

REPORT_LIMIT: Final = 8 * 1024 * 1024
"""Bytes; failures carry their messages, which the app can make long."""
ID_PROPERTY: Final = "nodeid"
"""The property by which our ``judge_conftest.py`` names each test in the report."""
_HARMLESS: Final = frozenset({"properties", "system-out", "system-err"})
_MESSAGE_CHARACTERS: Final = 300


class UnreadableReport(ValueError):
    """The report is none; the message is the reason, for people."""


@dataclass(frozen=True, slots=True)
class Case:
    """One entry of the report."""

    id: str
    """pytest's node id; empty where the entry has none."""
    problem: str = ""
    """Empty where the test passed; else what it did, and the first line of its message."""


def parse_report(content: bytes) -> tuple[Case, ...]:
    """Return the entries of a JUnit file. Raises UnreadableReport."""
    if len(content) > REPORT_LIMIT:
        raise UnreadableReport(f"the report is larger than {REPORT_LIMIT} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableReport("the report is not UTF-8 text") from error
    if "<!DOCTYPE" in text.upper():  # entities, which grow without end, need one
        raise UnreadableReport("the report has a document type")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  # no document type, no entities
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise UnreadableReport(f"the report is not XML: {error}") from error
    if root.tag != "testsuites":
        raise UnreadableReport(f"the report is no JUnit file: its root is {shown(root.tag, 40)}")
    return tuple(_case(case) for case in root.iterfind("testsuite/testcase"))


def unpassed(expected: Sequence[str], cases: Iterable[Case]) -> list[tuple[str, str]]:
    """Return those of the expected tests that did not pass, in their order, each with why."""
    reported: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        reported[case.id].append(case)
    found = []
    for name in expected:
        entries = reported[name]
        if len(entries) != 1:
            found.append((name, f"reported {len(entries)} times" if entries else "did not run"))
        elif entries[0].problem:
            found.append((name, entries[0].problem))
    return found


def shown(text: str, limit: int) -> str:
    """Return text that a report or a terminal can carry: one line, printable, bounded."""
    line = " ".join(text[: 4 * limit].split())
    safe = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
    return safe if len(safe) <= limit else f"{safe[: limit - 3]}..."


def _case(element: Element) -> Case:
    ids = [
        found.get("value", "")
        for found in element.iterfind("properties/property")
        if found.get("name") == ID_PROPERTY
    ]
    problems = [_problem(child) for child in element if child.tag not in _HARMLESS]
    return Case(ids[0] if len(ids) == 1 else "", "; ".join(problems[:3]))


def _problem(child: Element) -> str:
    message = shown(child.get("message", ""), _MESSAGE_CHARACTERS)
    what = shown(child.tag, 40)
    return f"{what}: {message}" if message else what
