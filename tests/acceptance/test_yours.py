"""An agent and a computer as users write them, each on a job that hidden tests judge."""

from __future__ import annotations

import pytest

from tests.acceptance.jobs import job
from tests.acceptance.project import Project
from tests.models.scripted import ScriptedServer

pytestmark = pytest.mark.slow

AGENT = """
    from swelancer_plugin.models.interface import Message

    class Mine:
        name = "mine"

        async def solve(self, brief, computer, model, limits, transcript):
            messages = [Message("user", brief.description)]
            while True:
                reply = await model.ask(messages)
                if reply.message.content == "DONE":
                    return
                command = f"cd {brief.workdir} && {reply.message.content}"
                result = await computer.send_shell_command(command)
                messages += [reply.message, Message("user", f"{limits.turns_left}: {result.text}")]

    def pytest_swelancer_agent(name, config):
        return Mine() if name == "mine" else None
"""

COMPUTER = """
    import asyncio, shutil, tempfile
    from pathlib import Path
    from swelancer_plugin.computers.interface import (
        CommandError, CommandResult, ComputerInterface, DownloadError,
    )

    class Mine(ComputerInterface):
        def __init__(self, source):
            self.workdir = tempfile.mkdtemp()
            shutil.copytree(source, self.workdir, dirs_exist_ok=True)

        async def send_shell_command(self, command):
            process = await asyncio.create_subprocess_exec(
                "sh", "-c", command, cwd=self.workdir, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
            output, _ = await process.communicate()
            return CommandResult(output, process.returncode)

        async def check_shell_command(self, command):
            result = await self.send_shell_command(command)
            if result.exit_code:
                raise CommandError(command, result)
            return result

        async def upload(self, local_path, remote_path):
            Path(remote_path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(local_path, remote_path)

        async def download(self, remote_path):
            try:
                return Path(remote_path).read_bytes()
            except OSError as error:
                raise DownloadError(str(error)) from error

        async def cleanup(self):
            shutil.rmtree(self.workdir, ignore_errors=True)

    class Provider:
        name, sealed = "mine", False
        async def start(self, spec):
            return Mine(spec.repository.source)

    def pytest_swelancer_computer_provider(name, config):
        return Provider() if name == "mine" else None
"""
MEND = "sed -i 's/abs(a)/a/' numbers_of.py"


def test_a_users_own_agent_earns_money(project: Project) -> None:
    job(project)
    project.pytester.makeconftest(AGENT)
    with ScriptedServer(["cat numbers_of.py", MEND, "DONE"]) as server:
        result = project.run("--model=m", "--agent=mine", f"--base-url={server.url}")
        assert "return abs(a) + b" in server.requests[1]["messages"][-1]["content"]
    (record,) = project.records()
    assert (record["outcome"], record["agent"], record["turns"]) == ("earned", "mine", 3)
    assert record["sealed"]
    result.stdout.fnmatch_lines(["Earned $500 of $500*", "*agent: mine (with --model m)*"])


def test_an_agent_that_nobody_knows_is_a_usage_error(project: Project) -> None:
    job(project)
    result = project.run("--model=m", "--agent=nobody", "--base-url=http://127.0.0.1:9/v1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--agent: nobody knows 'nobody' (known: code_blocks, tools*"])


def test_a_users_own_computer_earns_money_unsealed(project: Project) -> None:
    job(project)
    project.pytester.makeconftest(COMPUTER)
    block = f"```python\nimport subprocess\nsubprocess.run({MEND!r}, shell=True)\n```\nDONE"
    with ScriptedServer([block]) as server:
        url = f"--base-url={server.url}"
        result = project.run("--model=m", "--computer=mine", url, "--min-payout=1")
    (record,) = project.records()
    assert (record["outcome"], record["earned_cents"]) == ("earned", 500_00), result.outlines
    assert (record["computer"], record["sealed"]) == ("mine", False)
    result.stdout.fnmatch_lines(["Earned $500 of $500*", "*1 task UNSEALED*"])
    assert result.ret == 1, "no gate holds on unsealed work"


SILENT = """
    class Silent:
        name = "silent"
        async def solve(self, brief, computer, model, limits, transcript):
            {does}

    def pytest_swelancer_agent(name, config):
        return {returns}
"""


def silent(project: Project, does: str = "pass", returns: str = "Silent()") -> pytest.RunResult:
    project.task("a", 100)
    project.pytester.makeconftest(SILENT.format(does=does, returns=returns))
    return project.run("--model=claude", "--agent=silent")


def test_an_agent_that_asks_no_model_needs_no_key(project: Project) -> None:
    result = silent(project)
    assert [record["outcome"] for record in project.records()] == ["no_submission"], result.outlines


def test_an_agent_that_asks_without_a_key_ends_the_run(project: Project) -> None:
    result = silent(project, does="await model.ask([])")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [record["outcome"] for record in project.records()] == ["interrupted"]
    result.stdout.fnmatch_lines(["*OPENAI_API_KEY*"])


@pytest.mark.parametrize(
    ("returns", "said"),
    [("[][1]", "raised IndexError"), ("object()", "which has no name and solve")],
)
def test_a_hook_that_gives_no_agent_is_a_usage_error(
    project: Project, returns: str, said: str
) -> None:
    result = silent(project, returns=returns)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*hook pytest_swelancer_agent*{said}*"])


def test_the_host_is_no_place_for_a_model_unless_it_is_said(project: Project) -> None:
    project.task("a", 100)
    result = project.run("--model=m", "--base-url=http://127.0.0.1:9/v1", "--computer=local")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--allow-host-execution*"])
    assert not (project.path / "reports").exists()


SPENDS_AND_DIES = """
    import os
    from swelancer_plugin.models.interface import Message

    class Deadly:
        name = "deadly"
        async def solve(self, brief, computer, model, limits, transcript):
            await model.ask([Message("user", "hello")])
            os._exit(3)

    def pytest_swelancer_agent(name, config):
        return Deadly() if name == "deadly" else None
"""


def test_what_a_worker_spent_before_it_died_is_counted(project: Project) -> None:
    project.task("a", 100)
    project.pytester.makeconftest(SPENDS_AND_DIES)
    (project.path / "prices.toml").write_text('["m"]\ninput = 1000.0\noutput = 1000.0\n')
    with ScriptedServer(["hello"]) as server:
        url = f"--base-url={server.url}"
        project.run("--model=m", "--agent=deadly", url, "--price-file=prices.toml", "-n1")
    (record,) = project.records()
    assert (record["outcome"], record["agent"], record["turns"]) == ("void", "deadly", 1)
    assert record["input_tokens"] > 0
    assert float(record["cost"]) > 0
    assert set(record["files"]) == {"transcript", "brief"}
    assert project.summary()["spend"]["cost_usd"] == record["cost"]
