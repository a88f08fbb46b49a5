"""The main road: tasks are collected, worked on, graded, reported."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ElementTree

import pytest

from tests.acceptance.project import Project

WORKERS = pytest.mark.parametrize("workers", [0, 2])


@WORKERS
def test_dollars_are_earned_in_containers_and_every_output_says_the_same(
    project: Project, workers: int
) -> None:
    project.task("one", 1000)
    project.task("two", 250, correct=5)
    project.task("three", 50, correct=1)
    result = project.run("--model", "longest", "-n", workers, "--junitxml=junit.xml")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*selected 3 tasks, $1,300*", "*Earned $250 of $1,300 (19.2%): 1 of 3 tasks*"]
    )
    assert project.summary()["total"]["earned_cents"] == 250_00
    with (project.latest / "results.csv").open() as file:
        table = {row["task_id"]: row for row in csv.DictReader(file)}
    assert {name: row["outcome"] for name, row in table.items()} == {
        "one": "unearned",
        "two": "earned",
        "three": "unearned",
    }
    assert [record["sealed"] for record in project.records()] == [True] * 3
    assert len(project.rows()) == 3
    suite = ElementTree.parse(project.path / "junit.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0")


@pytest.mark.parametrize(
    ("model", "cents", "outcome"),
    [("gold", 100_00, "earned"), ("nop", 0, "no_submission"), ("first", 0, "unearned")],
)
def test_baselines(project: Project, model: str, cents: int, outcome: str) -> None:
    project.task("one", 100)
    result = project.run("--model", model)
    assert result.ret == (0 if cents else 1)
    (record,) = project.records()
    assert (record["earned_cents"], record["outcome"]) == (cents, outcome)
    assert record["privileged"] is (model == "gold")
    if model == "gold":
        result.stdout.fnmatch_lines(["*privileged*"])


@WORKERS
def test_attempts_pay_their_mean(project: Project, workers: int) -> None:
    project.task("one", 100)
    result = project.run("--model=random", "--attempts=4", "--computer=local", "-n", workers)
    records = project.records()
    assert [record["attempt"] for record in records] == [1, 2, 3, 4]
    assert [record["nodeid"].rpartition("::")[2] for record in records] == [
        "one",
        "one@2",
        "one@3",
        "one@4",
    ]
    earned = sum(record["earned_cents"] for record in records)
    assert 0 < earned < 400_00
    result.stdout.fnmatch_lines([f"*Earned ${earned // 400:,}* of $100 *mean of 4 attempts*"])


def test_a_run_over_an_official_list_says_that_it_had_no_repository(project: Project) -> None:
    project.official("list.csv", [{"question_id": "7-manager-0"}, {"question_id": "8-manager-0"}])
    result = project.run("--dataset", "list.csv", "--model", "longest", "--without-repository")
    result.stdout.fnmatch_lines(["*without their repository*", "*Earned $0 of $2,000*"])
    assert {record["repository"] for record in project.records()} == {"none"}


def test_a_repository_can_be_supplied(project: Project) -> None:
    project.official("list.csv", [{"question_id": "7-manager-0"}])
    checkout = project.path / "checkout"
    checkout.mkdir()
    (checkout / "app.js").write_text("1\n")
    result = project.run("--dataset=list.csv", "--model=gold", "--repository", "checkout")
    assert result.ret == 0
    assert project.records()[0]["repository"].startswith("swelancer/")


def test_an_official_task_without_its_repository_is_an_error_that_names_the_ways_out(
    project: Project,
) -> None:
    project.official("list.csv", [{"question_id": "7-manager-0"}])
    for workers in (0, 2):
        result = project.run("--dataset=list.csv", "--model=gold", "-n", workers)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["ERROR: *--repository*--without-repository*"])
        assert not project.records()


def test_users_override_fixtures_and_keep_their_scopes(project: Project) -> None:
    project.task("one", 100)
    project.pytester.makeconftest(
        """
        import pytest
        from swelancer_plugin.grading.grade import Grade
        from swelancer_plugin.outcome import Outcome

        @pytest.fixture(scope="module", autouse=True)
        def per_file():
            yield "module"

        @pytest.fixture
        def grade(task, computer, tmp_path, record_property, per_file):
            record_property("mine", per_file)
            return Grade(Outcome.EARNED, task.price_cents, "generous")
        """
    )
    result = project.run("--model=nop", "--junitxml=junit.xml", "--computer=local")
    assert result.ret == 0
    assert project.records()[0]["reason"] == "generous"
    assert 'name="mine" value="module"' in (project.path / "junit.xml").read_text()


def test_an_agent_that_raises_fails_its_task_and_leaves_its_traceback(project: Project) -> None:
    project.task("one", 100)
    project.pytester.makeconftest(
        """
        import pytest

        class Broken:
            name = "broken"
            async def solve(self, brief, computer, model, limits, transcript):
                raise KeyError("\\udc80 lost")

        @pytest.fixture
        def agent():
            return Broken()
        """
    )
    for workers in (0, 1):
        result = project.run("--model=nop", "-n", workers)
        assert result.ret == 1
        (record,) = project.records()
        assert (record["outcome"], record["agent"]) == ("agent_error", "broken")
        assert "KeyError" in record["reason"]
        trace = project.latest / "tasks/tasks/one/attempt-1/try-1/agent_error.txt"
        assert "in solve" in trace.read_text()


def test_a_fixture_that_raises_is_void(project: Project) -> None:
    project.task("one", 100)
    project.pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def computer():
            raise ConnectionError("\\udc80 the cloud is down")
        """
    )
    for workers in (0, 1):
        result = project.run("--model=first", "-n", workers)
        assert result.ret == 1
        result.assert_outcomes(errors=1)
        (record,) = project.records()
        assert record["outcome"] == "void"
        assert "the cloud is down" in record["reason"]
        assert len(project.rows()) == 1
