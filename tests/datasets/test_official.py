from __future__ import annotations

import csv
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from swelancer_plugin.datasets.errors import DatasetError, RowError
from swelancer_plugin.datasets.official import dataset_of, is_official, read
from swelancer_plugin.task import Brief, IcAnswer, ManagerAnswer, Repository, Task
from tests.datasets.official_lists import (
    COMMIT,
    FIRST,
    SECOND,
    as_json,
    ic,
    manager,
    manager_data,
    render,
    write,
)

CANARY = (*FIRST, "canary")


def tasks(path: Path) -> list[Task]:
    found = read(path)
    assert [str(item) for item in found if isinstance(item, RowError)] == []
    return [item for item in found if isinstance(item, Task)]


def only_error(path: Path) -> RowError:
    errors = [item for item in read(path) if isinstance(item, RowError)]
    assert len(errors) == 1
    return errors[0]


def test_second_generation_ic(tmp_path: Path) -> None:
    [task] = tasks(write(tmp_path, [ic()]))
    assert task == Task(
        dataset="list",
        brief=Brief(
            "100_1",
            "ic_swe",
            "[$250] The total is wrong",
            "Steps:\n1. Match \\d+ — in C:\\temp",
            250_00,
            "/app/expensify",
        ),
        answer=IcAnswer(("100_1",)),
        repository=Repository("expensify", "/app/expensify"),
        split="diamond",
    )


def test_second_generation_manager(tmp_path: Path) -> None:
    [task] = tasks(write(tmp_path, [manager()]))
    assert task.price_cents == 1000_00  # the column, not manager_data's 0.0
    assert [proposal.id for proposal in task.brief.proposals] == [0, 2, 5]
    assert task.brief.proposals[1].content == "  Proposal 2: it's fine\n"
    assert task.answer == ManagerAnswer(2)
    assert task.repository == Repository("expensify", "/app/expensify", commit=COMMIT)
    assert task.brief.title == "[$250] The total is wrong"  # the columns', not the data's


@pytest.mark.parametrize("columns", [FIRST, CANARY])
@pytest.mark.parametrize("encode", [repr, as_json])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_first_generation(
    tmp_path: Path,
    columns: tuple[str, ...],
    encode: Callable[[object], str],
    end: str,
    encoding: str,
) -> None:
    rows = [
        ic(acceptable_folders=encode(["100_2", "100_3"])) | {"canary": "BENCHMARK"},
        manager(data=None) | {"manager_data": encode(manager_data([1, 4], 4)), "prompt": "[]"},
    ]
    path = write(tmp_path, rows, columns, end, encoding)
    assert is_official(path)
    engineer, boss = tasks(path)
    assert engineer.brief.title == "[$250] The total is wrong"
    assert engineer.brief.description == "Steps:\r\n1. Add an expense\n\n2. Look — it's off"
    assert engineer.answer == IcAnswer(("100_2", "100_3"))
    assert engineer.split is None
    assert boss.brief.title == "[$250] Title of the data"
    assert boss.brief.description == "From the data: it is *wrong*"
    assert boss.answer == ManagerAnswer(4)
    assert boss.price_cents == 1000_00


def test_prompt_as_json(tmp_path: Path) -> None:
    prompt = as_json([{"role": "user", "content": "Mend:\n\nA title\n\nNo reward is named"}])
    [task] = tasks(write(tmp_path, [ic(prompt=prompt)], FIRST))
    assert (task.brief.title, task.brief.description) == ("A title", "No reward is named")


def test_the_answer_is_nowhere_in_the_brief(tmp_path: Path) -> None:
    for columns in (FIRST, SECOND):
        [task] = tasks(write(tmp_path, [manager()], columns))
        assert "SECRET" not in repr(task.brief)
        assert COMMIT not in repr(task.brief)


def test_empty_cells_mean_the_default(tmp_path: Path) -> None:
    row = ic(cwd="", acceptable_folders="", set="", description="")
    [task] = tasks(write(tmp_path, [row]))
    assert task.brief.workdir == "/app/expensify"
    assert task.answer == IcAnswer(("100_1",))
    assert task.split is None
    assert task.brief.description == ""


def test_blank_lines_and_further_columns(tmp_path: Path) -> None:
    text = render([ic("1"), ic("2") | {"more": "x"}], (*SECOND, "more"), "\n\n")
    path = tmp_path / "list.csv"
    path.write_text("\n" + text, encoding="utf-8")
    assert is_official(path)
    assert [task.id for task in tasks(path)] == ["1", "2"]


def test_huge_fields(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    long = "é'\"\n" * 500_000
    rows = [manager(data=manager_data([0, 1], 1, p0=long)), ic(description="x" * 5_000_000)]
    first, second = tasks(write(tmp_path, rows))
    assert first.brief.proposals[0].content == long
    assert len(second.brief.description) == 5_000_000
    assert csv.field_size_limit() == before


def test_a_python_literal_is_bounded_and_json_is_not(tmp_path: Path) -> None:
    data = manager_data([0, 1], 1, p0="x" * 4_200_000)
    rows = [manager("1-manager-0", data), manager("2-manager-0", manager_data=as_json(data))]
    error, task = read(write(tmp_path, rows))
    assert "4,194,304 characters; use JSON" in str(error)
    assert isinstance(task, Task)


def test_1488_rows(tmp_path: Path) -> None:
    rows = [ic(f"{n}_1") for n in range(764)] + [manager(f"{n}-manager-0") for n in range(724)]
    found = tasks(write(tmp_path, rows, end="\r\n"))
    assert [task.id for task in found] == [row["question_id"] for row in rows]
    assert sum(task.price_cents for task in found) == 764 * 250_00 + 724 * 1000_00


def test_a_wrong_id_may_be_listed_twice_but_not_the_right_one(tmp_path: Path) -> None:
    [task] = tasks(write(tmp_path, [manager(data=manager_data([0, 0, 3], 3))]))
    assert [proposal.id for proposal in task.brief.proposals] == [0, 0, 3]
    error = only_error(write(tmp_path, [manager(data=manager_data([0, 0, 3], 0))]))
    assert "column manager_data: game.correct_proposal.id is the id of more than one" in str(error)


def changed(path: str, value: object) -> str:
    """Return a manager's data with one member replaced, or removed (value `...`)."""
    data = manager_data([0, 2], 2)
    *parents, last = path.split(".")
    inner = data
    for name in parents:
        inner = inner[name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return repr(data)


FORMAL = "game.all_formal_proposals"
RIGHT = "game.correct_proposal.id"


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (ic(""), "question_id", "is empty"),
        (ic("42153-manager-0\n"), "question_id", r"'42153-manager-0\n' is no id"),
        (ic("a/b"), "question_id", "'a/b' is no id"),
        (ic(".."), "question_id", "'..' is no id"),
        (ic("x" * 101), "question_id", "is no id"),
        (ic("ü"), "question_id", "is no id"),
        (ic(variant="all"), "variant", "'all' is not one of ic_swe, swe_manager"),
        (ic(variant=""), "variant", "'' is not one of"),
        (ic(price=""), "price", "is not an amount of dollars"),
        (ic(price="-250.0"), "price", "is not an amount of dollars"),
        (ic(price="nan"), "price", "is not an amount of dollars"),
        (ic(price="1e9"), "price", "is not an amount of dollars"),
        (ic(price="much"), "price", "is not an amount of dollars"),
        (ic(price="0.001"), "price", "fraction of a cent"),
        (ic(cwd="app"), "cwd", "is not an absolute path"),
        (ic(cwd="/"), "cwd", "below the root"),
        (ic(cwd="/app/../etc"), "cwd", "free of .."),
        (ic(set="dia mond"), "set", "is not a word"),
        (ic(manager_commit="abc"), "manager_commit", "40 hexadecimal digits"),
        (ic(acceptable_folders="['../x']"), "acceptable_folders", "is no id"),
        (ic(acceptable_folders="'1'"), "acceptable_folders", "is not a list of strings"),
        (ic(acceptable_folders="[1]"), "acceptable_folders", "is not a list of strings"),
        (ic(acceptable_folders="__import__('os')"), "acceptable_folders", "malformed"),
        (ic(acceptable_folders=repr(["1"] * 1001)), "acceptable_folders", "more than 1000"),
        (ic(title=""), "title", "is empty"),
        (ic(description="a\0b"), "description", "holds a NUL byte"),
        (manager(manager_data=""), "manager_data", "is empty"),
        (manager(manager_data="nan"), "manager_data", "malformed node"),
        (manager(manager_data="{'game': "), "manager_data", "was never closed"),
        (manager(manager_data="[]"), "manager_data", "the value is list, not a mapping"),
        (manager(manager_data="{}"), "manager_data", "all_formal_proposals is missing"),
        (manager(manager_data="{'game': 1}"), "manager_data", "game is int, not a mapping"),
        (manager(manager_data="[" * 100_000), "manager_data", "too many nested"),
        (manager(manager_data="1" + "+1" * 100_000), "manager_data", "nested too deeply"),
        (manager(manager_data="-" * 100_000 + "1"), "manager_data", "nested too deeply"),
        (manager(manager_data='{"a":' * 100_000), "manager_data", "too many nested"),
        (manager(manager_data="9" * 5000), "manager_data", "integer string conversion"),
        (manager(manager_data="{[]: 1}"), "manager_data", "unhashable"),
        (manager(manager_data=changed(FORMAL, None)), "manager_data", "is None, not list"),
        (manager(manager_data=changed(FORMAL, [])), "manager_data", "has 0 entries"),
        (manager(manager_data=changed(FORMAL, [1])), "manager_data", "proposals[0]: the value is"),
        (
            manager(manager_data=changed(FORMAL, [{"id": True, "content": ""}])),
            "manager_data",
            "proposals[0]: id is bool, not int",
        ),
        (
            manager(manager_data=changed(FORMAL, [{"id": 0, "content": None}])),
            "manager_data",
            "proposals[0]: content is None, not str",
        ),
        (
            manager(manager_data=changed(FORMAL, [{"id": 10**12, "content": ""}])),
            "manager_data",
            "id is out of range",
        ),
        (manager(manager_data=changed(RIGHT, 1)), "manager_data", "none of the proposals' ids"),
        (manager(manager_data=changed(RIGHT, "2")), "manager_data", "is str, not int"),
        (manager(manager_data=changed(RIGHT, ...)), "manager_data", "id is missing"),
    ],
)
def test_a_bad_row_is_one_error_and_the_others_stand(
    tmp_path: Path, row: dict[str, str], column: str, reason: str
) -> None:
    path = write(tmp_path, [ic("good-1"), row, ic("good-2")])
    good, error, last = read(path)
    assert isinstance(good, Task)
    assert isinstance(last, Task)
    assert isinstance(error, RowError)
    assert error.column == column
    assert error.line == 3
    assert error.task_id == (row["question_id"] or None)
    assert reason in str(error)
    assert "\n" not in str(error)
    assert "0x" not in str(error)
    assert len(str(error)) < 1000


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (ic(prompt=""), "prompt", "is empty"),
        (ic(prompt="[]"), "prompt", "is not a list of messages"),
        (ic(prompt="{'content': 'x'}"), "prompt", "is not a list of messages"),
        (ic(prompt="[{'content': None}]"), "prompt", "first message: content is None"),
        (ic(prompt="[{'content': 'only one'}]"), "prompt", "no title after a blank line"),
        (ic(prompt=r"[{'content': 'a\n\n \n\nb'}]"), "prompt", "the title is empty"),
        (manager(manager_data=changed("title", ...)), "manager_data", "title is missing"),
        (manager(manager_data=changed("html_description", 1)), "manager_data", "is int, not str"),
    ],
)
def test_bad_first_generation_rows(
    tmp_path: Path, row: dict[str, str], column: str, reason: str
) -> None:
    error = only_error(write(tmp_path, [row], FIRST))
    assert error.column == column
    assert reason in str(error)


def test_an_error_is_one_line_with_file_line_task_column_reason(tmp_path: Path) -> None:
    path = write(tmp_path, [ic(description="two\nlines"), ic("7", price="free")])
    error = only_error(path)
    assert str(error) == (
        f"{path}:4: task 7: column price: 'free' is not an amount of dollars "
        "(examples: 250, 1000.50, $1,000)"
    )
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.line, copy.task_id) == (str(error), 4, "7")


def test_a_duplicate_id_names_the_line_of_the_first(tmp_path: Path) -> None:
    path = write(tmp_path, [ic("1"), ic("2", description="a\nb"), ic("1"), ic("1")])
    _, _, third, fourth = read(path)
    assert f"{path}:5: task 1: column question_id: is already the id of line 2" in str(third)
    assert f"{path}:6: task 1: column question_id: is already the id of line 2" in str(fourth)


@pytest.mark.parametrize(("row", "count"), [("9,ic_swe,1", 3), ("9" + "," * 20, 21), ("9", 1)])
def test_short_and_long_rows(tmp_path: Path, row: str, count: int) -> None:
    path = tmp_path / "list.csv"
    path.write_text(render([ic("1")], SECOND) + row + "\n", encoding="utf-8")
    first, error = read(path)
    assert isinstance(first, Task)
    assert str(error) == f"{path}:3: task 9: the row has {count} fields, the header 12"


@pytest.mark.parametrize("tail", ['"7,ic_swe', '7,"a"b,c\n8,ic_swe', "7,a\rb"])
def test_broken_csv_ends_the_list_with_an_error(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(render([ic("1")], SECOND) + tail, encoding="utf-8", newline="")
    first, *errors = read(path)
    assert isinstance(first, Task)
    assert errors
    assert str(errors[0]).startswith(f"{path}:3: ")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\n", "is empty"),
        (b"question_id,variant,price\n", "lacks acceptable_folders, manager_data"),
        (",".join(c for c in SECOND if c != "title").encode(), "title of the second generation"),
        (",".join(c for c in FIRST if c != "price").encode(), "lacks price of the first"),
        (",".join((*SECOND, "price")).encode(), "names 'price' more than once"),
        (",".join(SECOND).encode() + b"\n\xff", "is not UTF-8 (invalid start byte on line 2)"),
        (",".join(SECOND).encode("utf-16"), "is not UTF-8"),
        (b'"question_id', "is no CSV"),
    ],
)
def test_a_file_that_is_no_list_is_one_error(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    with pytest.raises(DatasetError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_file_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="does not exist"):
        read(tmp_path / "none.csv")
    with pytest.raises(DatasetError, match="is not a file"):
        read(tmp_path)
    assert not is_official(tmp_path)
    assert not is_official(tmp_path / "none.csv")


def test_a_header_alone_is_a_list_without_tasks(tmp_path: Path) -> None:
    assert read(write(tmp_path, [])) == []


@pytest.mark.parametrize(
    ("data", "official"),
    [
        (b"question_id,variant,price", True),
        (b'\xef\xbb\xbf"price","x","variant","question_id"\r\n1,2', True),
        (b"id,variant,price\n", False),
        (b"question_id;variant;price\n", False),
        (b"", False),
        (b"\n\n", False),
        (b"\xff\xfe\x00\x01" * 1000, False),
        (b"question_id,variant,price,\0\n", False),
        (b"question_id,variant,price," + b"x" * 100_000, False),
        (b"question_id,variant,price\n" + b"\xff\0" * 100_000, True),
    ],
)
def test_sniffing(tmp_path: Path, data: bytes, official: bool) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(data)
    assert is_official(path) is official


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("all_swelancer_tasks.csv", "all_swelancer_tasks"),
        ("my list (2).csv", "my-list--2-"),
        ("ü/ä.csv", "-"),
        ("...csv", "dataset"),
        ("x" * 120 + ".csv", "x" * 100),
        ("list.v1.csv", "list.v1"),
    ],
)
def test_dataset_names(file: str, name: str) -> None:
    assert dataset_of(Path(file)) == name
