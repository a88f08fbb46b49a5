from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from swelancer_plugin.datasets.errors import DatasetError, RowError
from swelancer_plugin.datasets.fields import clean, newlines, structure
from swelancer_plugin.datasets.official import is_official, read
from swelancer_plugin.task import ManagerAnswer, Task
from tests.datasets.official_lists import (
    FIRST,
    SECOND,
    as_json,
    ic,
    manager,
    manager_data,
    render,
)

# any text that a UTF-8 file can hold, but NUL
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ANY_TEXT = st.text(st.characters())
TITLES = CELLS.filter(str.strip)


def read_bytes(data: bytes) -> list[Task | RowError]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list.csv")
        path.write_bytes(data)
        is_official(path)
        return read(path)


def read_or_error(data: bytes) -> list[Task | RowError] | DatasetError:
    try:
        return read_bytes(data)
    except DatasetError as error:
        return error


def one_task(row: dict[str, str], columns: tuple[str, ...], end: str) -> Task:
    [task] = read_bytes(render([row], columns, end).encode())
    assert isinstance(task, Task), str(task)
    return task


@given(TITLES, CELLS, st.integers(0, 10**12), st.sampled_from(["\n", "\r\n"]))
def test_second_generation_rows_round_trip(
    title: str, description: str, cents: int, end: str
) -> None:
    price = f"{cents // 100}.{cents % 100:02d}"
    task = one_task(ic(title=title, description=description, price=price), SECOND, end)
    assert task.brief.title == newlines(title)
    assert task.brief.description == newlines(description)
    assert task.price_cents == cents


@given(
    st.lists(
        st.tuples(st.integers(0, 10**9), ANY_TEXT), min_size=1, unique_by=lambda item: item[0]
    ),
    st.data(),
    st.sampled_from([repr, as_json]),
    st.sampled_from([FIRST, SECOND]),
)
def test_manager_rows_round_trip(
    proposals: list[tuple[int, str]], data: st.DataObject, encode: object, columns: tuple[str, ...]
) -> None:
    assert callable(encode)
    right = data.draw(st.sampled_from(proposals))[0]
    contents = {f"p{number}": content for number, content in proposals}
    value = manager_data([number for number, _ in proposals], right, **contents)
    task = one_task(manager(manager_data=encode(value)), columns, "\n")
    found = [(proposal.id, proposal.content) for proposal in task.brief.proposals]
    assert found == [(number, clean(content)) for number, content in proposals]
    assert task.answer == ManagerAnswer(right)


@given(ANY_TEXT)
def test_cleaned_text_travels_and_fit_text_is_left_alone(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned
    assert "\0" not in cleaned
    assert clean(cleaned) == cleaned
    if not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
        assert cleaned == text


def test_surrogates_are_joined_or_replaced() -> None:
    assert clean("\ud83d\ude00 \ud800x\udfff \0") == "\U0001f600 \ufffdx\ufffd \ufffd"


@given(st.binary())
def test_arbitrary_bytes_raise_nothing_but_a_dataset_error(data: bytes) -> None:
    assert len(str(read_or_error(data)).splitlines()) == 1


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(),
        CELLS.map(str.encode),
        st.lists(st.text('",\r\n\0aé1', max_size=5), max_size=30).map(
            lambda x: ",".join(x).encode()
        ),
    )
)
def test_arbitrary_rows_are_errors_of_their_own(tail: bytes) -> None:
    start = render([ic("good")], SECOND).encode()
    found = read_or_error(start + tail)
    if isinstance(found, DatasetError):
        assert "is not UTF-8" in str(found)
        return
    first, *rest = found
    assert isinstance(first, Task)
    for item in rest:
        assert isinstance(item, RowError)
        assert len(str(item).splitlines()) == 1
        assert 3 <= item.line <= (start + tail).count(b"\n") + tail.count(b"\r") + 1


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=20,
)


@given(LITERALS)
def test_python_and_json_values_round_trip(value: object) -> None:
    assert structure(as_json(value)) == value
    if "inf" not in repr(value):
        assert structure(repr(value)) == value


@given(LITERALS, LITERALS, LITERALS)
def test_data_of_any_shape_is_a_task_or_an_error(
    whole: object, game: object, formal: object
) -> None:
    for value in (
        whole,
        {"game": game},
        {"game": {"all_formal_proposals": formal, "correct_proposal": {"id": 0}}},
        {"game": {"all_formal_proposals": [formal], "correct_proposal": game}},
    ):
        [item] = read_bytes(render([manager(manager_data=as_json(value))], SECOND).encode())
        assert isinstance(item, RowError)
        assert item.column == "manager_data"
