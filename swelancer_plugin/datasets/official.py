"""The official SWE-Lancer task lists: CSV files of two generations.

Whatever is wrong with a row is that row's own error; the others are read. No pandas, no `eval`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from swelancer_plugin.datasets.errors import DatasetError, RowError
from swelancer_plugin.datasets.fields import dataset_name
from swelancer_plugin.datasets.rows import FieldError, task_from_row
from swelancer_plugin.task import Task, valid_id

MAX_FIELD: Final = 64 * 1024 * 1024
"""Characters of one cell; the csv module's own limit is 131,072."""

MAX_FILE: Final = 1024 * 1024 * 1024
"""Bytes of a list, which is read whole."""

SNIFFED: Final = 64 * 1024
"""Bytes in which a list's header ends."""

_SIGNATURE: Final = {"question_id", "variant", "price"}
_COMMON: Final = (
    "question_id",
    "variant",
    "price",
    "acceptable_folders",
    "manager_data",
    "manager_commit",
    "cwd",
)
GENERATIONS: Final = {"first": (*_COMMON, "prompt"), "second": (*_COMMON, "title", "description")}
"""The columns that are read, by generation; `set` is read where there is one."""


def is_official(path: Path) -> bool:
    """Tell by the header whether a file is an official task list, cheaply; never raises.

    A list that lacks further columns counts as one, so that `read` says what is missing.
    """
    try:
        if not path.is_file():  # reading a pipe would wait
            return False
        with path.open("rb") as file:
            start = file.read(SNIFFED)
        lines = start.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").splitlines()
        endless = len(lines) == 1 and len(start) == SNIFFED
        if not lines or endless or b"\0" in lines[0]:
            return False
        columns = next(csv.reader([lines[0].decode("utf-8")]), [])
    except (OSError, ValueError, csv.Error):
        return False
    return set(columns) >= _SIGNATURE


def dataset_of(path: Path) -> str:
    """Return the dataset's name: the file's, without suffix, as a valid id."""
    return dataset_name(path.stem)


def read(path: Path) -> list[Task | RowError]:
    """Return the tasks of an official list in file order, and in its place an error per bad row.

    Raises DatasetError if the file can't be read as such a list at all.
    """
    text = _text(path)
    if not text or text.isspace():
        raise DatasetError(path, "is empty")
    with _large_fields():
        rows = _rows(path, text)
        header = next(rows, (0, []))
        if isinstance(header, RowError):
            raise DatasetError(path, header.reason)
        columns = header[1]
        _check_header(path, columns)
        return list(_tasks(path, columns, rows))


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise DatasetError(path, "is not a file" if path.exists() else "does not exist")
        if path.stat().st_size > MAX_FILE:
            raise DatasetError(path, f"is larger than {MAX_FILE:,} bytes")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise DatasetError(path, f"can't be read: {error}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"is not UTF-8 ({error.reason} on line {line}); save it as UTF-8"
        raise DatasetError(path, reason) from error


@contextmanager
def _large_fields() -> Iterator[None]:
    # the limit is the whole process's: others get theirs back
    before = csv.field_size_limit(MAX_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]] | RowError]:
    """Yield each row that is not blank with the line that it starts on.

    Broken quoting ends the reading with an error: where the next row starts can't be told.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = f"is no CSV ({error}); what follows in the file is not read"
            yield RowError(path, line, None, None, reason)
            return
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield line, cells


def _check_header(path: Path, columns: list[str]) -> None:
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise DatasetError(path, f"the header names {', '.join(map(repr, twice))} more than once")
    lacks = [
        f"{', '.join(missing)} of the {generation} generation"
        for generation, names in GENERATIONS.items()
        if (missing := [name for name in names if name not in columns])
    ]
    if len(lacks) == len(GENERATIONS):
        reason = f"is no official task list of a known generation: lacks {'; lacks '.join(lacks)}"
        raise DatasetError(path, reason)


def _tasks(
    path: Path, columns: list[str], rows: Iterator[tuple[int, list[str]] | RowError]
) -> Iterator[Task | RowError]:
    dataset = dataset_of(path)
    lines: dict[str, int] = {}
    for row in rows:
        if isinstance(row, RowError):
            yield row
            continue
        line, cells = row
        task_id = dict(zip(columns, cells, strict=False)).get("question_id") or None
        try:
            _check_cells(columns, cells)
            if task_id in lines:
                raise FieldError("question_id", f"is already the id of line {lines[task_id]}")
            if task_id is not None and valid_id(task_id):
                lines[task_id] = line
            yield task_from_row(dict(zip(columns, cells, strict=True)), dataset)
        except FieldError as error:
            yield RowError(path, line, task_id, error.column or None, error.reason)


def _check_cells(columns: list[str], cells: list[str]) -> None:
    if len(cells) != len(columns):
        raise FieldError("", f"the row has {len(cells)} fields, the header {len(columns)}")
    for column, cell in zip(columns, cells, strict=True):
        if "\0" in cell:
            raise FieldError(column, "holds a NUL byte")
