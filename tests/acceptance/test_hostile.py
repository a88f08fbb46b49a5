"""What an agent, a list or a task can send, and what becomes of it: nothing breaks."""

from __future__ import annotations

import pytest

from tests.acceptance.project import Project

pytestmark = pytest.mark.slow

HOSTILE_AGENT = """
    import logging
    import sys
    import pytest

    class Hostile:
        name = "hostile"
        async def solve(self, brief, computer, model, limits, transcript):
            print("\\x1b[2J printed " + "x" * 200_000)
            logging.warning("\\udc80 logged")
            await computer.check_shell_command({command!r})

    @pytest.fixture
    def agent():
        return Hostile()
"""


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("command", "outcome", "reason"),
    [
        ("ln -s /etc/passwd manager_decisions.json", "no_submission", "is a link"),
        ("mkdir manager_decisions.json", "no_submission", "is a directory"),
        ("mkfifo manager_decisions.json", "no_submission", "no regular file"),
        ("truncate -s 1G manager_decisions.json", "no_submission", "larger than"),
        (r"printf '\377\200' > manager_decisions.json", "no_submission", "not UTF-8"),
        ("yes '[' | head -c 60000 > manager_decisions.json", "no_submission", "not JSON"),
        (
            r"""printf '{"selected_proposal_id": true}' > manager_decisions.json""",
            "no_submission",
            "True",
        ),
        (
            r"""printf '{"selected_proposal_id": 77}' > manager_decisions.json""",
            "unearned",
            "does not exist",
        ),
        (
            r"""printf '{"selected_proposal_id": "2"}' > manager_decisions.json""",
            "earned",
            "as the manager did",
        ),
        ("kill -9 -1", "agent_error", "exit code 137"),
    ],
)
def test_whatever_an_agent_leaves_behind_is_graded(
    project: Project, workers: int, command: str, outcome: str, reason: str
) -> None:
    folder = project.task("one", 100)
    (folder / "task.toml").write_text(
        (folder / "task.toml").read_text().replace("Issue one", "<script>alert(1)</script>")
    )
    full = f"cd /app/app && rm -f manager_decisions.json && {command}"
    project.pytester.makeconftest(HOSTILE_AGENT.format(command=full))
    result = project.run("--model=nop", "-n", workers)
    (record,) = project.records()
    assert (record["outcome"], reason in record["reason"]) == (outcome, True), record["reason"]
    assert "\x1b" not in result.stdout.str()
    page = (project.latest / "report.html").read_text()
    assert "<script>alert(1)" not in page
    assert len(page) < 200_000
    home = project.latest / "tasks" / "tasks" / "one" / "attempt-1" / "try-1"
    assert (home / record["files"]["log"]).stat().st_size > 200_000
    (row,) = project.rows()
    assert "<script>" not in "".join(row["resultsTableRow"])
