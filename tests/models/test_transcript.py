from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from swelancer_plugin.models.interface import JournalBroken, ModelError
from swelancer_plugin.models.transcript import Transcript


def test_lines_follow_each_other(tmp_path: Path) -> None:
    story = Transcript(tmp_path / "t")
    story.write("one", fact="\udcff")
    story.close()
    story.write("two")
    story.close()
    told = [json.loads(line) for line in (tmp_path / "t").read_text().splitlines()]
    assert [(line["event"], line.get("fact")) for line in told] == [
        ("one", "\udcff"),
        ("two", None),
    ]


def test_a_full_disk_is_the_machinery_s_fault() -> None:
    story = Transcript(Path("/dev/full"))
    for _ in range(2):
        with pytest.raises(JournalBroken, match="transcript /dev/full can't be written: No space"):
            story.write("one")
    story.close()
    assert issubclass(JournalBroken, ModelError)


def test_a_file_that_can_t_be_made_is_the_machinery_s_fault(tmp_path: Path) -> None:
    with pytest.raises(JournalBroken, match="can't be written: No such file or directory"):
        Transcript(tmp_path / "absent" / "t").write("one")


def test_a_line_that_is_taken_in_pieces_is_written_whole(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    taken = bytearray()

    class Slow:
        """Takes three bytes at a time, as a file may."""

        def write(self, data: memoryview) -> int:
            return os.write(writing, data[:3])

        def close(self) -> None:
            os.close(writing)

    story = Transcript(tmp_path / "t")
    story._file = Slow()  # type: ignore[assignment]  # what of a file is used
    story.write("one")
    story.close()
    with os.fdopen(reading, "rb") as end:
        taken += end.read()
    assert json.loads(taken)["event"] == "one"
