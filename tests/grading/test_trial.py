from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.computers.interface import CommandResult, FrozenFile
from swelancer_plugin.grading.junit import ID_PROPERTY
from swelancer_plugin.grading.trial import batches, decide
from swelancer_plugin.outcome import Outcome

CASE = (
    f"<testcase><properties><property name='{ID_PROPERTY}' value='%s'/></properties>%s</testcase>"
)


def report(**problems: str) -> FrozenFile:
    cases = "".join(CASE % (name, f"<{what}/>" if what else "") for name, what in problems.items())
    content = f"<testsuites><testsuite>{cases}</testsuite></testsuites>".encode()
    return FrozenFile("file", len(content), content)


def decided(exit_code: int, file: FrozenFile, *expected: str) -> tuple[Outcome, str]:
    verdict = decide(expected, CommandResult(b"", exit_code), file)
    return verdict.outcome, verdict.reason


def test_all_signs_together_are_a_pass() -> None:
    assert decided(0, report(a="", b=""), "a", "b") == (
        Outcome.EARNED,
        "all 2 hidden tests passed",
    )


@pytest.mark.parametrize("exit_code", [0, 1])
def test_one_that_has_not_passed_is_enough(exit_code: int) -> None:
    assert decided(exit_code, report(a="", b="failure"), "a", "b") == (
        Outcome.UNEARNED,
        "1 of 2 hidden tests passed; first not to: b: failure",
    )
    assert decided(exit_code, report(b=""), "a", "b") == (
        Outcome.UNEARNED,
        "1 of 2 hidden tests passed; first not to: a: did not run",
    )


@pytest.mark.parametrize("exit_code", [2, 3, 4, 5, 124, 137, -9])
def test_another_exit_is_no_pass(exit_code: int) -> None:
    assert decided(exit_code, report(a=""), "a") == (
        Outcome.LIMIT,
        f"the hidden tests broke off (exit {exit_code})",
    )


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (FrozenFile("missing"), "the report of the hidden tests is missing"),
        (FrozenFile("link", 5), "the report of the hidden tests is missing"),
        (FrozenFile("file", 10**9), "the report of the hidden tests is too large"),
        (FrozenFile("file", 1, b"<"), "the hidden tests: the report is not XML: "),
    ],
)
def test_no_report_is_no_pass(file: FrozenFile, reason: str) -> None:
    outcome, said = decided(0, file, "a")
    assert outcome is Outcome.LIMIT
    assert said.startswith(reason)


def test_signs_that_contradict_each_other_are_no_pass() -> None:
    assert decided(1, report(a="", other="failure"), "a")[0] is Outcome.LIMIT
    assert decided(0, report(), *[])[0] is Outcome.LIMIT


@given(
    st.integers(0, 6),
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "failure", "skipped"])),
    st.lists(st.sampled_from("abcd"), unique=True),
)
def test_nothing_less_is_a_pass(
    exit_code: int, reported: dict[str, str], expected: list[str]
) -> None:
    outcome, _ = decided(exit_code, report(**reported), *expected)
    passed = exit_code == 0 and expected and all(reported.get(name) == "" for name in expected)
    assert (outcome is Outcome.EARNED) == bool(passed)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_batches_hold_every_path_once(paths: list[str]) -> None:
    assert [path for batch in batches(paths) for path in shlex.split(batch)] == paths


def test_batches_are_bounded() -> None:
    found = list(batches(["x" * 4000] * 100))
    assert len(found) == 7
    assert max(map(len, found)) <= 64 * 1024
