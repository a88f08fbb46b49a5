"""What users' own code, odd options and accidents do to a run: nothing that was earned is lost."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from tests.acceptance.project import Project

pytestmark = pytest.mark.slow

LOCAL = ("--computer=local", "--allow-host-execution")

AGENT = """
    import asyncio
    import os
    import sys
    import pytest
    from swelancer_plugin.agents.baselines import Gold, baseline

    class Odd:
        name = {name}
        async def solve(self, brief, computer, model, limits, transcript):
            if brief.task_id == "a":
                {does}
            await baseline("longest", 0, 1).solve(brief, computer, model, limits, transcript)

    @pytest.fixture
    def agent(task):
        return {returns}
"""


def two_tasks(project: Project) -> None:
    project.task("a", 100, correct=5)
    project.task("b", 100, correct=5)


def agent(does: str = "pass", name: str = "'odd'", returns: str = "Odd()") -> str:
    return AGENT.format(does=does, name=name, returns=returns)


def outcomes(project: Project) -> dict[str, str]:
    return {record["task_id"]: record["outcome"] for record in project.records()}


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    "does",
    [
        "sys.exit(3)",
        "raise asyncio.CancelledError()",
        "pytest.fail('no')",
        "pytest.skip('not today')",
        "pytest.exit('stop it all')",
        "raise BaseException('base')",
    ],
)
def test_whatever_an_agent_raises_is_its_own_failure_and_no_other_task_s(
    project: Project, does: str, workers: int
) -> None:
    two_tasks(project)
    project.pytester.makeconftest(agent(does))
    result = project.run("--model=nop", "-n", workers, *LOCAL)
    assert result.ret == 1
    assert outcomes(project) == {"a": "agent_error", "b": "earned"}


@pytest.mark.parametrize("name", ["None", "b'bytes'", "'\\udc80'", "3"])
def test_an_odd_name_of_an_agent_is_recorded_as_text(project: Project, name: str) -> None:
    two_tasks(project)
    project.pytester.makeconftest(agent(name=name))
    for workers in (0, 1):
        assert project.run("--model=nop", "-n", workers, *LOCAL).ret == 0
        assert outcomes(project) == {"a": "earned", "b": "earned"}
        assert project.summary()["total"]["earned_cents"] == 200_00


@pytest.mark.parametrize(
    "grade",
    [
        "None",
        "Grade(Outcome.EARNED, 50_00, 'half')",
        "Grade(Outcome.NOT_RUN, 0, 'no')",
        "Grade(Outcome.UNEARNED, 1, 'a slip')",
    ],
)
def test_a_grade_that_is_none_is_an_error_of_its_task_alone(project: Project, grade: str) -> None:
    two_tasks(project)
    project.pytester.makeconftest(
        f"""
        import pytest
        from swelancer_plugin.grading.grade import Grade
        from swelancer_plugin.outcome import Outcome

        @pytest.fixture
        def grade(task):
            if task.id == "a":
                return {grade}
            return Grade(Outcome.EARNED, task.price_cents, "right", {{"turns": 3}})
        """
    )
    for workers in (0, 1):
        result = project.run("--model=nop", "--computer=local", "-n", workers)
        assert result.ret == 1
        assert outcomes(project) == {"a": "void", "b": "earned"}
        result.assert_outcomes(errors=1)


def test_gold_by_another_door_is_still_gold(project: Project) -> None:
    two_tasks(project)
    project.pytester.makeconftest(agent(returns="Gold(task.answer)"))
    result = project.run("--model=first", "--min-payout=1")
    assert result.ret == 1
    assert "gold saw the answers" in result.stdout.str()
    assert [record["privileged"] for record in project.records()] == [True, True]


def test_no_agent_of_a_user_s_runs_on_the_host_unasked(project: Project) -> None:
    two_tasks(project)
    project.pytester.makeconftest(
        agent().replace(
            "class Odd:", "from swelancer_plugin.agents.baselines import Nop\n\n    class Odd(Nop):"
        )
    )
    project.run("--model=nop", "--computer=local")
    assert outcomes(project) == {"a": "void", "b": "void"}
    assert "--allow-host-execution" in project.records()[0]["reason"]


TEARDOWN = """
    import os
    import pytest

    @pytest.fixture(autouse=True)
    def around(task):
        yield
        if task.id == "a":
            {does}
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_clean_up_that_fails_is_an_error_that_no_gate_hides(
    project: Project, workers: int
) -> None:
    two_tasks(project)
    project.pytester.makeconftest(TEARDOWN.format(does="raise OSError('left behind')"))
    gate = ("--min-payout=1", "--allow-untrusted-gate", "--computer=local")
    result = project.run("--model=longest", "-n", workers, *gate)
    assert result.ret == 1
    result.assert_outcomes(errors=1)
    assert project.summary()["total"]["earned_cents"] == 200_00
    result.stdout.fnmatch_lines(["*Earned $200 of $200*"])


def test_a_worker_that_dies_after_the_end_of_its_task_takes_nothing_back(project: Project) -> None:
    two_tasks(project)
    project.pytester.makeconftest(TEARDOWN.format(does="os._exit(3)"))
    result = project.run("--model=longest", "-n2", "--computer=local", "--junitxml=junit.xml")
    assert result.ret == 1
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*Earned $200 of $200*", "*1 error*2 earned*"])
    assert outcomes(project) == {"a": "earned", "b": "earned"}
    money = [row for row in project.rows() if "$100" in "".join(row["resultsTableRow"])]
    assert len(money) == 2


def test_junit_carries_the_money(project: Project) -> None:
    two_tasks(project)
    for workers in (0, 2):
        project.run("--model=longest", "--computer=local", "--junitxml=junit.xml", "-n", workers)
        suite = ElementTree.parse(project.path / "junit.xml").getroot()[0]
        for case in suite.findall("testcase"):
            found = {each.get("name"): each.get("value") for each in case.iter("property")}
            assert found["outcome"] == "earned"
            assert found["earned_cents"] == found["price_cents"] == "10000"
            assert (found["sealed"], found["privileged"]) == ("False", "False")


@pytest.mark.parametrize("dist", ["each", "loadfile", "loadscope", "loadgroup"])
def test_no_task_is_worked_on_twice(project: Project, dist: str) -> None:
    two_tasks(project)
    result = project.run("--model=nop", "-n2", "--dist", dist)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --dist {dist} can work on a task more than once*"])


def test_a_record_that_cannot_be_read_hides_no_other(project: Project) -> None:
    two_tasks(project)
    project.pytester.makeconftest(
        """
        import pathlib
        import pytest

        @pytest.fixture(autouse=True, scope="session")
        def vandal(request):
            yield
            for path in pathlib.Path("reports").rglob("a/*/*/attempt.json"):
                path.write_bytes(b'{"dataset": "\\xff')
        """
    )
    result = project.run("--model=longest", "--computer=local", "--min-payout=1")
    assert result.ret == 1
    assert project.summary()["total"]["earned_cents"] == 100_00
    assert "unreadable record" in result.stdout.str()


@pytest.mark.parametrize(
    "arguments",
    [
        ["-p", "no:html"],
        ["-p", "no:xdist"],
        ["-p", "no:terminal"],
        ["-p", "no:cacheprovider"],
        ["-p", "no:junitxml"],
        ["-p", "no:metadata", "-p", "no:html"],
        ["--html=elsewhere/page.html"],
        ["--html=page.html", "--self-contained-html"],
        ["--dist=worksteal", "-n2"],
        ["--maxfail=9", "-v"],
        ["-q", "-q"],
        ["--capture=no"],
        ["--setup-show"],
        ["--import-mode=importlib"],
    ],
    ids=" ".join,
)
def test_a_run_stands_whatever_else_is_switched(project: Project, arguments: list[str]) -> None:
    two_tasks(project)
    result = project.run("--model=longest", "--computer=local", *arguments)
    assert result.ret == 0
    assert outcomes(project) == {"a": "earned", "b": "earned"}
    assert project.summary()["total"]["earned_cents"] == 200_00
    for name in ("elsewhere/page.html", "page.html"):
        if f"--html={name}" in arguments:
            assert "Earned $200" in (project.path / name).read_text()


@pytest.mark.parametrize(
    "arguments", [["--fixtures"], ["--markers"], ["--cache-show"], ["--setup-plan"], ["--help"]]
)
def test_looking_needs_no_model_and_leaves_nothing(project: Project, arguments: list[str]) -> None:
    two_tasks(project)
    assert project.run(*arguments).ret == 0
    assert not (project.path / "reports").exists()


def test_ordinary_tests_need_no_model_where_no_task_is_selected(project: Project) -> None:
    two_tasks(project)
    project.pytester.makepyfile(test_plain="def test_plain(): pass")
    for workers in (0, 2):
        result = project.run(".", "-k", "plain", "-n", workers)
        result.assert_outcomes(passed=1)
        assert not (project.path / "reports").exists()


def test_a_run_that_selects_nothing_leaves_nothing(project: Project) -> None:
    two_tasks(project)
    project.run("--model=nop", "--computer=local")
    before = project.latest
    assert project.run("--model=nop", "-k", "price>9000").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert project.run("--model=nop", "-k", "prize>1").ret == pytest.ExitCode.USAGE_ERROR
    assert project.latest == before
    assert len([path for path in before.parent.iterdir() if path.is_dir()]) == 2  # and latest


def test_a_folder_for_reports_that_is_none_is_one_error(project: Project) -> None:
    two_tasks(project)
    (project.path / "reports").write_text("a file")
    result = project.run("--model=nop")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: no run can be kept in *reports*"])


def test_a_token_in_the_repository_s_address_is_shown_nowhere(project: Project) -> None:
    project.official("list.csv", [{"question_id": "7"}])
    address = "https://user:s3cr3t-t0k3n@127.0.0.1:1/app.git"
    result = project.run(
        "--dataset=list.csv", "--model=nop", f"--repository={address}", "--junitxml=junit.xml"
    )
    assert outcomes(project) == {"7": "void"}
    assert "127.0.0.1:1/app.git" in result.stdout.str()
    assert "s3cr3t" not in result.stdout.str() + result.stderr.str()
    written = [*project.path.glob("reports/**/*"), project.path / "junit.xml"]
    assert len(written) > 5
    assert not [path for path in written if path.is_file() and b"s3cr3t" in path.read_bytes()]
