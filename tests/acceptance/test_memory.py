"""What a worker holds in memory: many of them share a machine."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.project import Project
from tests.models.scripted import ScriptedServer

pytestmark = pytest.mark.slow

# The high-water mark of each process, in kB, as it ends.
TOLD = """
    import os

    def pytest_unconfigure(config):
        if os.environ.get("PYTEST_XDIST_WORKER"):
            status = open("/proc/self/status").read()
            line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
            open("memory.txt", "a").write(line + "\\n")
"""


def megabytes(project: Project) -> list[float]:
    text = (project.path / "memory.txt").read_text()
    return [int(kilobytes) / 1024 for kilobytes in re.findall(r"(\d+) kB", text)]


def test_a_worker_that_has_met_no_model_stays_small(project: Project) -> None:
    project.pytester.makeconftest(TOLD)
    project.tasks({f"task-{number}": 100 for number in range(4)})
    project.run("--model=longest", "-n2", "-p", "no:hypothesispytest")
    assert len(project.records()) == 4
    assert max(megabytes(project)) < 75


def test_a_worker_with_a_model_stays_small(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    project.pytester.makeconftest(TOLD)
    project.tasks({f"task-{number}": 100 for number in range(4)})
    project.repository('packages = ["python3"]')
    with ScriptedServer(lambda request: "DONE") as server:
        project.run("--model=m", f"--base-url={server.url}", "-n2", "-p", "no:hypothesispytest")
    assert all(record["turns"] for record in project.records())
    assert max(megabytes(project)) < 130
