from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path

import pytest

from swelancer_plugin.files import atomic_write
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.reporting import exports
from swelancer_plugin.results.gate import Verdict
from swelancer_plugin.results.summary import summarise
from tests.results.samples import run, selected, tried


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_an_atomic_write_replaces_the_file_and_leaves_no_other(tmp_path: Path) -> None:
    target = tmp_path / ("x" * 255)  # the longest name there can be
    atomic_write(target, b"old")
    atomic_write(target, b"new")
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == [target.name]


def test_an_atomic_write_obeys_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic_write(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_an_atomic_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "file"
    atomic_write(target, b"old")

    def full(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        atomic_write(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_summary_json_has_run_summary_and_gate(tmp_path: Path) -> None:
    summary = summarise(*run(Outcome.EARNED, Outcome.VOID))
    path = tmp_path / "summary.json"
    exports.write_summary_json(path, summary, Verdict(1, False, "missed"), {"model": "nop"})
    document = json.loads(path.read_text())
    assert document["run"] == {"model": "nop"}
    assert document["gate"] == {"exit_status": 1, "holds": False, "sentence": "missed"}
    assert document["summary"]["earned"] == "$1,000"
    assert document["summary"]["total"]["earned_cents"] == 1000_00
    assert document["summary"]["void"]["price_cents"] == 1000_00
    assert list(document["summary"]["outcomes"]) == ["earned", "void"]
    exports.write_summary_json(path, summary, None, {})
    assert json.loads(path.read_text())["gate"] is None


def test_results_csv_has_a_row_per_item_also_for_what_never_ran(tmp_path: Path) -> None:
    items = [selected("1_1", 250), selected("2_1", 500), selected("3_1", 1000)]
    attempts = [
        tried(items[0], Outcome.VOID, number=1),
        tried(items[0], Outcome.EARNED, number=2),
        tried(items[1], Outcome.UNEARNED, sealed=False),
    ]
    exports.write_results_csv(tmp_path / "r.csv", items, attempts)
    rows = rows_of(tmp_path / "r.csv")
    assert [tuple(rows[0])] == [exports.COLUMNS]
    assert [(row["task_id"], row["outcome"], row["earned_usd"], row["try"]) for row in rows] == [
        ("1_1", "earned", "250.00", "2"),
        ("2_1", "unearned", "0.00", "1"),
        ("3_1", "not_run", "0.00", ""),
    ]
    assert [row["price_usd"] for row in rows] == ["250.00", "500.00", "1000.00"]
    assert [row["sealed"] for row in rows] == ["true", "false", ""]
    assert rows[0]["seconds"] == "1.500"


def test_results_csv_says_what_a_model_took(tmp_path: Path) -> None:
    items = [selected("1_1", 250), selected("2_1", 500), selected("3_1", 1000)]
    attempts = [
        tried(items[0], turns=3, input_tokens=1000, cached_tokens=400, output_tokens=9, cost="1.5"),
        tried(items[1], Outcome.UNEARNED, turns=1, reasoning_tokens=2, cost=None),
    ]
    exports.write_results_csv(tmp_path / "r.csv", items, attempts)
    rows = rows_of(tmp_path / "r.csv")
    names = exports.COLUMNS[exports.COLUMNS.index("turns") :]
    assert [[row[name] for name in names] for row in rows] == [
        ["3", "1000", "400", "9", "0", "1.5", "248.5"],
        ["1", "0", "0", "0", "2", "", ""],
        [""] * 7,
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20A1"),
        *("\t=1", "\r=1", "\n=1", "\x1b=1", " =1", "\u202e=1"),
    ],
)
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    item = selected(title=text)
    attempt = tried(item, reason=text, model=text, agent=text)
    exports.write_results_csv(tmp_path / "r.csv", [item], [attempt])
    (row,) = rows_of(tmp_path / "r.csv")
    cells = {row[name] for name in ("title", "reason", "model", "agent")}
    assert cells == {"'" + text.strip(" \t\r\n\x1b\u202e")}


def test_hostile_titles_survive_the_csv(tmp_path: Path) -> None:
    item = selected(title='quote " comma , line\nend \udc80\x1b[31m bell\x07')
    exports.write_results_csv(tmp_path / "r.csv", [item], [])
    (row,) = rows_of(tmp_path / "r.csv")
    assert row["title"] == 'quote " comma , line end [31m bell'


def test_the_agent_stands_beside_the_model(tmp_path: Path) -> None:
    items = [selected("1_1"), selected("2_1")]
    exports.write_results_csv(tmp_path / "r.csv", items, [tried(items[0], agent="Mine")])
    rows = rows_of(tmp_path / "r.csv")
    assert [(row["model"], row["agent"]) for row in rows] == [("longest", "Mine"), ("", "")]
    assert exports.COLUMNS[exports.COLUMNS.index("model") + 1] == "agent"


def test_latest_leads_to_the_newest_run(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run_directory = tmp_path / name
        run_directory.mkdir()
        (run_directory / "report.html").write_text(name)
        exports.point_latest(tmp_path, run_directory)
        assert (tmp_path / "latest" / "report.html").read_text() == name
    assert os.readlink(tmp_path / "latest") == "two"
    assert sorted(os.listdir(tmp_path)) == ["latest", "one", "two"]


def test_latest_may_lead_elsewhere(tmp_path: Path) -> None:
    (reports := tmp_path / "reports").mkdir()
    (elsewhere := tmp_path / "elsewhere").mkdir()
    exports.point_latest(reports, elsewhere)
    assert (reports / "latest").resolve() == elsewhere


def test_latest_is_a_text_file_where_no_link_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("no symlinks here")

    (run_directory := tmp_path / "run").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "symlink_to", refused)
        exports.point_latest(tmp_path, run_directory)
    assert (tmp_path / "latest.txt").read_text() == "run\n"
    exports.point_latest(tmp_path, run_directory)
    assert sorted(os.listdir(tmp_path)) == ["latest", "run"]


def test_latest_never_removes_a_real_directory(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "kept").touch()
    (run_directory := tmp_path / "run").mkdir()
    exports.point_latest(tmp_path, run_directory)
    assert (tmp_path / "latest" / "kept").exists()
    assert (tmp_path / "latest.txt").read_text() == "run\n"
    assert sorted(os.listdir(tmp_path)) == ["latest", "latest.txt", "run"]
