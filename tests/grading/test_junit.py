from __future__ import annotations

from contextlib import suppress
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.grading.junit import (
    ID_PROPERTY,
    REPORT_LIMIT,
    Case,
    UnreadableReport,
    parse_report,
    shown,
    unpassed,
)

REAL = f"""<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="1"
 failures="1" skipped="1" tests="5" time="0.1"><testcase classname="test_a" name="test_1" time="0">
<properties><property name="{ID_PROPERTY}" value="test_a.py::test_1" /></properties></testcase>
<testcase classname="test_a" name="test_2"><properties><property name="{ID_PROPERTY}"
 value="test_a.py::test_2[a&lt;b]" /></properties><failure message="AssertionError: assert 1 == 2
  more of it">def test_2(): ...</failure></testcase>
<testcase classname="test_a" name="test_3"><properties><property name="{ID_PROPERTY}"
 value="test_a.py::test_3" /></properties><skipped type="pytest.skip" message="why">x</skipped>
</testcase><testcase classname="test_a" name="test_4"><properties><property name="{ID_PROPERTY}"
 value="test_a.py::test_4" /></properties><error message="failed on teardown">x</error></testcase>
<testcase classname="" name="test_b"><error message="collection failure">x</error></testcase>
</testsuite></testsuites>"""


def test_what_pytest_writes() -> None:
    assert parse_report(REAL.encode()) == (
        Case("test_a.py::test_1"),
        Case("test_a.py::test_2[a<b]", "failure: AssertionError: assert 1 == 2 more of it"),
        Case("test_a.py::test_3", "skipped: why"),
        Case("test_a.py::test_4", "error: failed on teardown"),
        Case("", "error: collection failure"),
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not XML"),
        (b"\xff\xfe<\0a\0/\0>\0", "not UTF-8"),
        (b"<testsuites>", "not XML"),
        (b"<html/>", "its root is html"),
        (b"<testsuite><testcase/></testsuite>", "its root is testsuite"),
        (b"<!doctype a [<!ENTITY b 'c'>]><testsuites/>", "document type"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><testsuites>&a;</testsuites>", "document type"),
        (b"<testsuites>&a;</testsuites>", "undefined entity"),
        (b"<testsuites>\0</testsuites>", "not XML"),
        (b"<?xml version='1.0' encoding='utf-16'?><testsuites>", "not XML"),
        (b"<a>" * 100_000, "not XML"),
        (b" " * (REPORT_LIMIT + 1), "larger than"),
    ],
)
def test_what_is_no_report(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableReport, match=reason):
        parse_report(content)


def test_elements_within_elements_are_no_tests() -> None:
    deep = "<testsuites>" + "<testsuite>" * 5000 + "<testcase/>" + "</testsuite>" * 5000
    assert parse_report(f"{deep}</testsuites>".encode()) == ()


@pytest.mark.parametrize(
    ("inside", "passed"),
    [
        ("", True),
        ("<system-out>x</system-out><system-err>y</system-err>", True),
        ("<rerunFailure/>", False),
        ("<flakyError message='x'/>", False),
        ("<skipped/>", False),
        ("<failure/><failure/>", False),
    ],
)
def test_only_what_is_known_to_be_harmless_is_a_pass(inside: str, passed: bool) -> None:
    named = f"<properties><property name='{ID_PROPERTY}' value='a'/></properties>"
    text = f"<testsuites><testsuite><testcase>{named}{inside}</testcase></testsuite></testsuites>"
    (case,) = parse_report(text.encode())
    assert (case.id, case.problem == "") == ("a", passed)


def test_two_names_are_none() -> None:
    named = f"<property name='{ID_PROPERTY}' value='a'/>" * 2
    case = f"<testcase><properties>{named}</properties></testcase>"
    text = f"<testsuites><testsuite>{case}</testsuite></testsuites>"
    assert parse_report(text.encode()) == (Case(""),)


def test_missing_and_doubled_tests_have_not_passed() -> None:
    cases = [Case("a"), Case("b"), Case("b"), Case("c", "skipped"), Case("e"), Case("")]
    assert unpassed(["a", "b", "c", "d"], cases) == [
        ("b", "reported 2 times"),
        ("c", "skipped"),
        ("d", "did not run"),
    ]
    assert unpassed(["a"], []) == [("a", "did not run")]
    assert unpassed(["a"], [Case("a")]) == []


@given(st.binary(max_size=2000) | st.text(max_size=500).map(lambda text: text.encode("utf-8")))
def test_anything_is_read_or_refused(content: bytes) -> None:
    for whole in (content, b"<testsuites>" + content + b"</testsuites>"):
        with suppress(UnreadableReport):
            assert all(case.problem.isprintable() for case in parse_report(whole))


XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40).filter(
    lambda text: all(ord(each) not in (0xFFFE, 0xFFFF) for each in text)
)


@given(
    st.dictionaries(
        XML_TEXT.filter(bool), st.sampled_from(["", "failure", "error", "skipped"]), min_size=1
    ),
    XML_TEXT,
)
def test_each_test_is_what_its_entry_says(tests: dict[str, str], message: str) -> None:
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(root, "testsuite")
    for name, what in tests.items():
        case = ElementTree.SubElement(suite, "testcase")
        properties = ElementTree.SubElement(case, "properties")
        ElementTree.SubElement(properties, "property", name=ID_PROPERTY, value=name)
        if what:
            ElementTree.SubElement(case, what, message=message).text = message
    cases = parse_report(ElementTree.tostring(root, encoding="utf-8"))
    assert [case.id for case in cases] == list(tests)
    assert {name for name, _ in unpassed(list(tests), cases)} == {
        name for name, what in tests.items() if what
    }
    assert all(case.problem.isprintable() for case in cases)


@given(st.text(), st.integers(min_value=3, max_value=50))
def test_shown_is_one_bounded_printable_line(text: str, limit: int) -> None:
    line = shown(text, limit)
    assert len(line) <= limit
    assert line.isprintable()
    line.encode("utf-8")


def test_shown_keeps_the_beginning() -> None:
    assert shown("a\n b\t\x1bc", 50) == "a b \N{REPLACEMENT CHARACTER}c"
    assert shown("x" * 20, 10) == "xxxxxxx..."
