"""Generated task lists, shaped like the official ones; no text of theirs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, str]

FIRST = (
    "question_id",
    "variant",
    "price",
    "price_limit",
    "prompt",
    "manager_data",
    "manager_commit",
    "acceptable_folders",
    "cwd",
)
SECOND = (
    "question_id",
    "variant",
    "price",
    "price_limit",
    "manager_data",
    "manager_commit",
    "acceptable_folders",
    "cwd",
    "set",
    "title",
    "description",
    "proposals",
)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PROMPT = (
    "Mend this issue of the repository in /app/expensify:\n\n[$250] The total is wrong\n\n"
    "Steps:\r\n1. Add an expense\n\n2. Look — it's off\n\n"
    "The reward for the correct fix is $250.0. Say nothing else.\n\nHow to answer: in code."
)


def manager_data(ids: Sequence[int], right: int, **contents: str) -> dict[str, Any]:
    """Return what stands in `manager_data`; `contents` by `p<id>`."""
    return {
        "all_proposals": [],
        "fix_commit_hash": COMMIT,
        "game": {
            "all_formal_proposals": [
                {
                    "id": number,
                    "content": contents.get(f"p{number}", f"  Proposal {number}: it's fine\n"),
                    "explanation": f"SECRET why {number}",
                    "source_url": "https://example.com/1",
                }
                for number in ids
            ],
            "correct_proposal": {
                "id": right,
                "explanation": "SECRET reason",
                "approval_comment_url": None,
            },
            "correct_proposal_scraped_beforehand": True,
        },
        "html_description": "From the data: it is *wrong*",
        "issue_repo_steps": "",
        "price": 0.0,
        "title": "[$250] Title of the data",
    }


def ic(task_id: str = "100_1", **cells: str) -> Row:
    row = {
        "question_id": task_id,
        "variant": "ic_swe",
        "price": "250.0",
        "price_limit": "2000000.0",
        "prompt": repr([{"content": PROMPT, "role": "user"}, {"content": "x", "role": "user"}]),
        "manager_data": "",
        "manager_commit": "",
        "acceptable_folders": repr([task_id]),
        "cwd": "/app/expensify",
        "set": "diamond",
        "title": "[$250] The total is wrong",
        "description": r"Steps:\n1. Match \d+ — in C:\temp",
        "proposals": "",
    }
    return row | cells


def manager(task_id: str = "100-manager-0", data: object = None, **cells: str) -> Row:
    given = manager_data([0, 2, 5], 2) if data is None else data
    row = {
        "variant": "swe_manager",
        "price": "1000.0",
        "manager_data": repr(given),
        "manager_commit": COMMIT,
        "acceptable_folders": "[]",
        "proposals": r"Proposal: 0:\n\nnot read",
    }
    return ic(task_id, **(row | cells))


def as_json(value: object) -> str:
    return json.dumps(value)


def render(rows: Sequence[Mapping[str, str]], columns: Sequence[str], end: str = "\n") -> str:
    file = io.StringIO(newline="")
    writer: csv.DictWriter[str] = csv.DictWriter(
        file, columns, extrasaction="ignore", lineterminator=end
    )
    if any("\r" in cell for row in rows for cell in row.values()):
        # by default the writer leaves a lone CR unquoted, which no reader takes
        writer = csv.DictWriter(
            file, columns, extrasaction="ignore", lineterminator=end, quoting=csv.QUOTE_ALL
        )
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def write(
    folder: Path,
    rows: Sequence[Mapping[str, str]],
    columns: Sequence[str] = SECOND,
    end: str = "\n",
    encoding: str = "utf-8",
) -> Path:
    path = folder / "list.csv"
    path.write_bytes(render(rows, columns, end).encode(encoding))
    return path
