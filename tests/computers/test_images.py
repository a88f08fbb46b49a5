from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from swelancer_plugin.computers.base_image import BASE_IMAGE, base_image_id, ensure_base_image
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.host import Host
from swelancer_plugin.computers.images import (
    image_tag,
    repository_image,
)
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.locks import lock
from swelancer_plugin.computers.steps import Steps
from swelancer_plugin.task import Repository

if TYPE_CHECKING:
    from docker import DockerClient

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    client = connect()
    ensure_base_image(client, Host.current(), Steps())
    yield client
    client.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "web").mkdir(parents=True)
    (source / "web/app.js").write_text("let a = 1\n")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o700)
    (source / "link").symlink_to("web/app.js")
    (source / "empty").mkdir()
    return source


@pytest.fixture
def repository(client: DockerClient, source: Path) -> Iterator[Repository]:
    """A repository of a name that no other test has; its images go away with it."""
    repository = Repository(f"test-{uuid4().hex[:12]}", "/app/it", source)
    yield repository
    for image in client.images.list(f"swelancer/{repository.name}"):
        client.images.remove(image.tags[0], force=True)


def run(client: DockerClient, image: str, script: str) -> str:
    output: bytes = client.containers.run(
        image, ["sh", "-c", script], network_mode="none", remove=True
    )
    return output.decode()


def test_the_image_holds_the_repository_in_its_working_directory(
    client: DockerClient, repository: Repository, source: Path
) -> None:
    for name in (".git", "node_modules", "web/__pycache__"):
        (source / name).mkdir()
        (source / name / "secret").write_text("x")
    image = repository_image(client, repository)
    assert image.startswith(f"swelancer/{repository.name}:")
    script = "pwd; find . -printf '%p %y %m %U %l\\n' | LC_ALL=C sort; cat link"
    assert run(client, image, script).splitlines() == [
        "/app/it",
        ". d 755 0 ",
        "./empty d 755 0 ",
        "./link l 777 0 web/app.js",
        "./run.sh f 755 0 ",
        "./web d 755 0 ",
        "./web/app.js f 644 0 ",
        "let a = 1",
    ]


def test_the_working_directory_lies_on_the_containers_own_layer(
    client: DockerClient, repository: Repository
) -> None:
    image = repository_image(client, repository)
    container = client.containers.create(image, ["touch", "new"], network_mode="none")
    try:
        container.start()
        container.wait(timeout=30)
        assert {"Path": "/app/it/new", "Kind": 1} in container.diff()
    finally:
        container.remove(force=True)


def test_the_second_call_costs_nothing(
    client: DockerClient, repository: Repository, source: Path
) -> None:
    first = repository_image(client, repository)
    (source / "run.sh").unlink()
    start = time.perf_counter()
    assert repository_image(client, repository) == first
    assert time.perf_counter() - start < 0.01


def test_sixteen_processes_build_it_once(client: DockerClient, repository: Repository) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from swelancer_plugin.computers.engine import connect\n"
        "from swelancer_plugin.computers.images import Repository, repository_image\n"
        "print(repository_image(connect(), Repository(sys.argv[1], '/app/it', Path(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", script, repository.name, str(repository.source)]
    since = int(time.time()) - 1
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(16)]
    tags = {process.communicate(timeout=120)[0].strip() for process in processes}
    assert all(process.returncode == 0 for process in processes)
    (tag,) = tags
    until = int(time.time()) + 1
    tagged = {"type": "image", "event": "tag", "image": tag}
    events = list(client.events(since=since, until=until, filters=tagged, decode=True))
    assert len(events) == 1


@pytest.fixture(scope="module")
def with_git(
    client: DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Repository, str]]:
    """A repository with git in its computer, and its image."""
    source = tmp_path_factory.mktemp("with-git")
    (source / ".gitignore").write_text("ignored\n")
    (source / "ignored").write_text("there all the same\n")
    (source / "dos.txt").write_bytes(b"a\r\n")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    name = f"test-{uuid4().hex[:12]}"
    repository = Repository(name, "/app/it", source, packages=("git",))
    yield repository, repository_image(client, repository)
    for image in client.images.list(f"swelancer/{name}"):
        client.images.remove(image.tags[0], force=True)


@pytest.mark.slow
def test_with_git_the_files_are_one_commit(
    client: DockerClient, with_git: tuple[Repository, str]
) -> None:
    _, image = with_git
    script = (
        "git log --all --format='%an <%ae> %aI %cn %cI %s'; git status --porcelain --ignored; "
        "git ls-files -s | cut -d' ' -f1,3 | cut -f2; cat ignored; od -c dos.txt | head -1; "
        "git stash list; git reflog | wc -l; echo x > new; git add new; git commit -qm mine; "
        "git log --oneline | wc -l; chown 5:5 /app/it; git status --short"
    )
    date = "2025-01-01T00:00:00+00:00"
    assert run(client, image, script).splitlines() == [
        f"SWE-Lancer <swelancer@example.invalid> {date} SWE-Lancer {date} "
        "The repository as it was handed out",
        "!! ignored",
        *(".gitignore", "dos.txt", "run.sh"),
        "there all the same",
        "0000000   a  \\r  \\n",
        *("1", "2"),
    ]


@pytest.mark.slow
def test_packages_lie_below_the_files_and_are_shared(
    client: DockerClient, with_git: tuple[Repository, str], tmp_path: Path
) -> None:
    repository, first = with_git
    (tmp_path / "other").write_text("x")
    second = repository_image(client, replace(repository, source=tmp_path))
    assert second != first
    layers, others = (
        client.images.get(image).attrs["RootFS"]["Layers"] for image in (first, second)
    )
    empty = client.images.get(repository_image(client, replace(repository, source=None)))
    shared = empty.attrs["RootFS"]["Layers"]
    assert layers[: len(shared)] == others[: len(shared)] == shared
    assert empty.tags[0].startswith("swelancer/packages:")
    assert run(client, second, "ls /var/lib/apt/lists /var/cache/apt/archives/*.deb 2>&1; ls") == (
        "ls: cannot access '/var/cache/apt/archives/*.deb': No such file or directory\n"
        "/var/lib/apt/lists:\nother\n"
    )


@pytest.mark.slow
def test_packages_that_can_not_be_had(
    client: DockerClient, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineError, match=r"failed at Step (\d+)/\1 : RUN (?s:.*)no-such-package"):
        repository_image(client, replace(repository, packages=("no-such-package",)))
    monkeypatch.setenv("http_proxy", "http://someone:hidden-word@127.0.0.1:9")
    with pytest.raises(EngineError, match=r"failed at Step (\d+)/\1 : RUN") as caught:
        repository_image(client, replace(repository, packages=("sl",)))
    assert "127.0.0.1" in str(caught.value)  # so the proxy was asked
    assert "hidden-word" not in str(caught.value)


@pytest.mark.slow
def test_no_proxy_stays_in_the_image(
    client: DockerClient, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*.hidden.example")
    image = repository_image(client, replace(repository, source=None, packages=("sl",)))
    try:
        assert run(client, image, "test -x /usr/games/sl && env | grep -ci proxy; true") == "0\n"
        history = client.api.history(image)  # type: ignore[no-untyped-call]
        assert "hidden.example" not in str(history)
    finally:
        client.images.remove(image, force=True)


def test_without_a_source_it_is_the_base_image(client: DockerClient) -> None:
    assert repository_image(client, Repository("expensify", "/app/expensify")) == BASE_IMAGE


def test_a_failed_build_names_the_step_and_quotes_the_log(
    client: DockerClient, repository: Repository
) -> None:
    with pytest.raises(EngineError) as caught:
        repository_image(client, replace(repository, workdir="/etc/passwd"))
    assert re.search(r" failed at Step \d+/\d+ : WORKDIR \$\{WORKDIR\}:\n", str(caught.value))
    assert "/etc/passwd" in str(caught.value)
    assert client.images.list(f"swelancer/{repository.name}") == []


def test_a_missing_base_image_is_named_with_what_makes_it(
    client: DockerClient, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swelancer_plugin.computers.base_image.BASE_IMAGE", "swelancer/gone:now")
    assert base_image_id(client) is None
    with pytest.raises(EngineError, match="To do: run swelancer setup"):
        repository_image(client, repository)


def test_a_missing_source_is_an_engine_error(client: DockerClient, repository: Repository) -> None:
    with pytest.raises(EngineError, match="is no directory"):
        repository_image(client, replace(repository, source=Path("/nowhere")))


def tag_of(
    source: Path,
    workdir: str = "/app/it",
    base: str = "sha256:1",
    packages: tuple[str, ...] = (),
) -> str:
    return image_tag(Repository("it", workdir, source, packages=packages), source, base)


def test_the_name_follows_everything_that_is_in_the_image(source: Path) -> None:
    tags = [tag_of(source), tag_of(source, workdir="/app/other"), tag_of(source, base="sha256:2")]
    tags += [tag_of(source, packages=packages) for packages in (("a",), ("a", "b"), ("ab",))]
    (source / "web/app.js").write_text("let a = 2\n")
    tags.append(tag_of(source))
    (source / "web/app.js").chmod(0o755)
    tags.append(tag_of(source))
    (source / "web/app.js").rename(source / "web/b.js")
    tags.append(tag_of(source))
    (source / "link").unlink()
    (source / "link").symlink_to("elsewhere")
    tags.append(tag_of(source))
    (source / "more").mkdir()
    tags.append(tag_of(source))
    assert len(set(tags)) == len(tags)


def test_the_name_does_not_follow_what_no_image_holds(source: Path) -> None:
    before = tag_of(source)
    (source / "web/app.js").chmod(0o600)
    os.utime(source / "web/app.js", (1, 1))
    for name in (".git", "node_modules", "web/node_modules"):
        (source / name).mkdir()
        (source / name / "file").write_text("x")
    (source / "web/.git").write_text("gitdir: elsewhere")
    assert tag_of(source) == before
    assert tag_of(source, packages=("a", "b")) == tag_of(source, packages=("b", "a", "b"))


def test_odd_names_become_image_names(source: Path) -> None:
    assert image_tag(Repository("Ünder_Score!", "/a", source), source, "x").startswith(
        "swelancer/nder-score:"
    )


def test_what_an_image_cannot_hold_is_refused(
    client: DockerClient, repository: Repository, source: Path
) -> None:
    os.mkfifo(source / "pipe")
    with pytest.raises(EngineError, match="pipe: is no file, link or directory"):
        repository_image(client, repository)


def test_a_lock_is_waited_for_and_the_wait_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    script = (
        "import sys; from swelancer_plugin.computers.locks import lock\n"
        "with lock('it', 5): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script]
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            pytest.raises(EngineError, match="another process has been making it"),
            lock("it", 0.2),
        ):
            pass
        holder.kill()  # who dies lets go
    with lock("it", 5):
        pass
