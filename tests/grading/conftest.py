"""A tiny app, its hidden tests, and a judge for it: real containers, nothing left of them."""

from __future__ import annotations

import textwrap
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import docker
import docker.errors
import pytest

from swelancer_plugin.computers.docker import DockerComputer, DockerProvider
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.images import judge_image
from swelancer_plugin.computers.interface import (
    Changes,
    ComputerInterface,
    ComputerSpec,
    JudgeSpec,
    TreeFile,
)
from swelancer_plugin.grading.grade import Grade
from swelancer_plugin.grading.hidden_tests import ONCE, Procedure
from swelancer_plugin.grading.ic_swe import judge
from swelancer_plugin.grading.submission import Ending, Submission
from swelancer_plugin.runs.cleanup import RUN_LABEL
from swelancer_plugin.task import App, Brief, IcAnswer, Repository, Task

PORT = 8080
WORKDIR = "/app/tiny"
PRICE_CENTS = 250_00
APP = App(serve="exec python3 -u app.py", port=PORT, build="sh build.sh", ready_seconds=20.0)
FINISHED = Ending()
SERVER = textwrap.dedent("""
    import http.server, pathlib

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.answer()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def answer(self):
            return pathlib.Path("answer.txt").read_bytes()

    def serve(handler=Handler):
        http.server.ThreadingHTTPServer(("127.0.0.1", 8080), handler).serve_forever()

    if __name__ == "__main__":
        serve()
    """)
HIDDEN = textwrap.dedent("""
    import requests

    def test_up(app_url):
        assert requests.get(app_url, timeout=20).status_code == 200

    def test_answer(app_url):
        assert requests.get(app_url + "/answer", timeout=20).text == "right"
    """)


class Recorded(DockerProvider):
    """A provider that tells what it started, before anything else happens to it."""

    def __init__(self, client: docker.DockerClient) -> None:
        super().__init__(client)
        self.volumes: list[str] = []
        self.judges: list[str] = []
        self.apps: list[str] = []
        self.joined: Callable[[str], object] = str
        """Called with the app's container when the judge is there."""

    async def start_judge(self, app: ComputerInterface, spec: JudgeSpec) -> DockerComputer:
        started = await super().start_judge(app, spec)
        assert isinstance(app, DockerComputer)
        self.apps.append(app.container)
        self.judges.append(started.container)
        mounts = self.client.api.inspect_container(started.container)["Mounts"]
        self.volumes += [mount["Name"] for mount in mounts if mount["Type"] == "volume"]
        self.joined(app.container)
        return started


@dataclass
class Play:
    """Judges submissions for a tiny app, and sees to it that nothing stays on the engine."""

    provider: Recorded
    tests: Path
    """Directory of the hidden tests."""
    kept: dict[str, bytes] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=lambda: {RUN_LABEL: uuid.uuid4().hex})
    app: App = APP
    ending: Ending = FINISHED
    test_seconds: float = 60.0
    workdir: str = WORKDIR
    on_keep: Callable[[str], object] = str
    procedure: Procedure = ONCE

    @property
    def task(self) -> Task:
        return Task(
            "play",
            Brief("tiny-1", "ic_swe", "t", "d", PRICE_CENTS, self.workdir),
            IcAnswer((str(self.tests),), test_seconds=self.test_seconds),
            Repository("tiny", self.workdir, app=self.app),
        )

    def keep(self, name: str, content: bytes) -> None:
        self.kept[name] = content
        self.on_keep(name)

    def app_spec(self) -> ComputerSpec:
        # the judge's image has the Python that the app needs, which spares another one
        return ComputerSpec(
            self.task.repository,
            judge_image(self.provider.client),
            self.workdir,
            memory_bytes=256 * 1024**2,
            pids=128,
            labels=self.labels,
        )

    def judge_spec(self) -> JudgeSpec:
        image = judge_image(self.provider.client)
        return JudgeSpec(image, PORT, 512 * 1024**2, labels=self.labels)

    async def submit(
        self, files: Mapping[str, str] | None = None, deleted: tuple[str, ...] = ()
    ) -> Grade:
        """Judge the tiny app with other files in it; by default it is right."""
        content = {"app.py": SERVER, "build.sh": "echo building", "answer.txt": "right"}
        content.update(files or {})
        changes = Changes(
            tuple(TreeFile(path, text.encode()) for path, text in sorted(content.items())), deleted
        )
        return await self.judge(Submission(self.ending, True, changes=changes))

    async def judge(self, submission: Submission) -> Grade:
        try:
            return await judge(
                self.task,
                submission,
                self.provider,
                self.app_spec(),
                self.judge_spec(),
                self.keep,
                procedure=self.procedure,
            )
        finally:
            assert self.left() == []

    def left(self) -> list[str]:
        """Return what is still on the engine of all that was started."""
        api = self.provider.client.api
        wanted = f"{RUN_LABEL}={self.labels[RUN_LABEL]}"
        found = [str(each["Id"]) for each in api.containers(all=True, filters={"label": wanted})]
        for volume in self.provider.volumes:
            try:
                found.append(str(api.inspect_volume(volume)["Name"]))
            except docker.errors.NotFound:
                continue
        return found

    def serve(self, **changes: object) -> None:
        """Change how the app is built and served."""
        self.app = replace(self.app, **changes)  # type: ignore[arg-type]

    def hide(self, text: str, name: str = "test_hidden.py") -> None:
        """Write a hidden test."""
        (self.tests / name).write_text(textwrap.dedent(text))


@pytest.fixture(scope="session")
def client() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture
def play(client: docker.DockerClient, tmp_path: Path) -> Play:
    tests = tmp_path / "hidden_tests"
    tests.mkdir()
    made = Play(Recorded(client), tests)
    made.hide(HIDDEN)
    return made
