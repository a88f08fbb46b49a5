"""Ctrl-C, SIGTERM and dying workers: nothing is left behind and nothing is lost."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from swelancer_plugin.computers.engine import connect
from tests.acceptance.project import Project

pytestmark = pytest.mark.slow

# The agent says through a pipe that it is at work, then sits in a command that would never end.
STUCK = """
    import os
    import pytest

    class Stuck:
        name = "stuck"
        async def solve(self, brief, computer, model, limits, transcript):
            pipe = os.open({pipe!r}, os.O_WRONLY)
            os.write(pipe, b"x")
            os.close(pipe)
            await computer.send_shell_command("sleep 3600")

    @pytest.fixture
    def agent():
        return Stuck()
"""


def containers_of(run: str) -> list[str]:
    client = connect()
    found = client.api.containers(all=True, filters={"label": f"swelancer.name={run}"})
    return [each["Id"] for each in found]


class StuckRun:
    """A run whose agents never end, and the moment when so many of them are at work."""

    def __init__(self, project: Project, tasks: int, workers: int) -> None:
        self.name = f"stuck-{uuid.uuid4().hex[:8]}"
        pipe = project.path / "at-work"
        os.mkfifo(pipe)
        self._pipe = os.open(pipe, os.O_RDWR)  # for reading too, so that it never ends
        project.pytester.makeconftest(STUCK.format(pipe=str(pipe)))
        for number in range(tasks):
            project.task(f"task-{number}", 100)
        command = [sys.executable, "-m", "pytest", "--model=nop", f"--run-id={self.name}"]
        with (project.path / "out.txt").open("wb") as out:
            self.process = subprocess.Popen(
                [*command, f"-n{workers}"],
                cwd=project.path,
                start_new_session=True,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait_at_work(self, count: int) -> None:
        at_work = 0
        while at_work < count:
            ready, _, _ = select.select([self._pipe], [], [], 90)
            assert ready, "the agents are not at work"
            at_work += len(os.read(self._pipe, count))
        os.close(self._pipe)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("whole_group", [False, True], ids=["controller", "group"])
@pytest.mark.parametrize("workers", [0, 4])
def test_an_interrupted_run_leaves_no_container_and_keeps_its_records(
    project: Project, number: signal.Signals, whole_group: bool, workers: int
) -> None:
    run = StuckRun(project, 8, workers)
    process = run.process
    run.wait_at_work(max(workers, 1))
    assert len(containers_of(run.name)) == max(workers, 1)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    process.wait(timeout=15)
    assert containers_of(run.name) == []
    output = (project.path / "out.txt").read_text()
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    outcomes = [record["outcome"] for record in project.records()]
    assert outcomes == ["interrupted"] * max(workers, 1), output
    assert project.summary()["outcomes"]["not_run"]["items"] == 8 - max(workers, 1)
    assert "Earned $0 of $800" in output


def test_a_worker_that_dies_leaves_a_void_task_everywhere_and_no_container(
    project: Project,
) -> None:
    project.pytester.makeconftest(
        """
        import os
        import pytest

        class Deadly:
            name = "deadly"
            async def solve(self, brief, computer, model, limits, transcript):
                if brief.task_id == "b":
                    os._exit(3)

        @pytest.fixture
        def agent():
            return Deadly()
        """
    )
    for name in "abc":
        project.task(name, 100)
    run = f"crash-{uuid.uuid4().hex[:8]}"
    result = project.run("--model=nop", "-n2", f"--run-id={run}", "--junitxml=junit.xml")
    assert result.ret == 1
    result.assert_outcomes(errors=1)
    records = {record["task_id"]: record for record in project.records()}
    assert {name: record["outcome"] for name, record in records.items()} == {
        "a": "no_submission",
        "b": "void",
        "c": "no_submission",
    }
    assert "crashed while running" in records["b"]["reason"]
    assert project.summary()["outcomes"]["void"]["items"] == 1
    assert len(project.rows()) == 3
    assert 'tests="3"' in (project.path / "junit.xml").read_text()
    assert 'errors="1"' in (project.path / "junit.xml").read_text()
    assert containers_of(run) == []


def test_computers_can_be_kept_to_look_into(project: Project) -> None:
    project.task("one", 100)
    run = f"kept-{uuid.uuid4().hex[:8]}"
    result = project.run("--model=gold", "--keep-computers", f"--run-id={run}")
    (kept,) = containers_of(run)
    client = connect()
    try:
        assert "docker exec -it ID sh" in " ".join(map(str.strip, result.outlines))
        container = client.containers.get(kept)
        decision = container.exec_run("cat /app/app/manager_decisions.json")
        assert decision.exit_code == 0
        assert b"selected_proposal_id" in decision.output
    finally:
        client.api.remove_container(kept, force=True)


def test_a_run_id_is_taken_once(project: Project) -> None:
    project.task("one", 100)
    assert project.run("--model=nop", "--computer=local", "--run-id=mine").ret == 1
    result = project.run("--model=nop", "--computer=local", "--run-id=mine")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --run-id: *mine exists*"])


def test_no_engine_is_one_clear_error(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    project.task("one", 100)
    for workers in (0, 2):
        result = project.run("--model=nop", "-n", workers)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        errors = [line for line in result.errlines if line.startswith("ERROR")]
        assert len(errors) == 1
        result.stderr.fnmatch_lines(
            ["ERROR: no container engine answers*", "*(DOCKER_HOST): no such socket*"]
        )
