"""A scripted user in a real browser, on an app that runs in another container."""

from __future__ import annotations

import re
import textwrap
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest

from swelancer_plugin.computers.docker import DockerComputer
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.grading.user_session import Session, visit
from tests.grading.conftest import APP, PORT, SERVER, WORKDIR, Play
from tests.grading.test_browser import API, PNG, page, recorded

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]
GREETS = f"""
const status = document.querySelector('[role=status]');
document.querySelector('button').onclick = async () => {{
    const answer = await fetch('{API}/me');
    status.textContent = 'Hello ' + (await answer.json()).name;
    console.log('greeted');
}};
"""
BODY = "<h1>Tiny</h1><button>Greet</button><p role='status'></p>"
STEPS = """
    def use(page, step):
        with step("Open the start page"):
            page.goto("/")
        with step("Press Greet"):
            page.get_by_role("button", name="Greet").click()
            page.get_by_text("Hello").wait_for()
    """


def script(play: Play, steps: str = STEPS) -> Path:
    directory = play.tests.parent / "user_tool"
    directory.mkdir(exist_ok=True)
    (directory / "steps.py").write_text(textwrap.dedent(steps))
    (directory / "traffic.har").write_text(recorded(("GET", "/me", {"name": "Ana"})))
    return directory


@asynccontextmanager
async def agents_computer(play: Play, files: dict[str, str]) -> AsyncIterator[DockerComputer]:
    computer = await play.provider.start(play.app_spec())
    try:
        for name, text in {"build.sh": "echo building", "app.py": SERVER, **files}.items():
            path = play.tests.parent / "file"
            path.write_text(text)
            await computer.upload(str(path), f"{WORKDIR}/{name}")
        yield computer
    finally:
        await computer.cleanup()
        assert play.left() == []


async def visited(play: Play, computer: DockerComputer, directory: Path) -> Session:
    return await visit(APP, computer, WORKDIR, play.provider, play.judge_spec(), [directory])


async def test_a_user_tells_what_was_seen_and_can_come_again(play: Play) -> None:
    async with agents_computer(play, page(GREETS, BODY)) as computer:
        first = await visited(play, computer, script(play))
        assert "1. Open the start page\n   done in" in first.said
        assert '- button "Greet"' in first.said
        assert "2. Press Greet\n   done in" in first.said
        assert "- status: Hello Ana" in first.said
        assert "log: 'greeted'" in first.said
        files = {file.path: file.content for file in first.files}
        assert files["02.png"].startswith(PNG)
        assert files["trace.zip"].startswith(b"PK")
        second = await visited(play, computer, script(play))
        assert "- status: Hello Ana" in second.said


def _unpacked(session: Session) -> Iterator[bytes]:
    for file in session.files:
        yield file.content
        if file.path.endswith(".zip"):
            with zipfile.ZipFile(BytesIO(file.content)) as archive:
                yield from map(archive.read, archive.namelist())


async def test_the_file_of_the_script_never_enters_the_agents_computer(play: Play) -> None:
    canary = "canary-of-the-user"
    steps = f"{textwrap.dedent(STEPS)}\n# {canary}\n"
    async with agents_computer(play, page(GREETS, BODY)) as computer:
        session = await visited(play, computer, script(play, steps))
        assert not any(canary.encode() in content for content in _unpacked(session))
        search = "grep -rls {} /app /etc /home /opt /root /run /tmp /usr /var"
        found = await computer.send_shell_command(search.format(canary), timeout=60)
        assert found.output == b""
        found = await computer.send_shell_command(search.format("echo.building"), timeout=60)
        assert b"/app/tiny/build.sh\n" in found.output
        assert "Press Greet" in session.said


async def test_a_step_that_does_not_work_ends_the_steps(play: Play) -> None:
    steps = """
        def use(page, step):
            page.set_default_timeout(500)
            with step("Open the start page"):
                page.goto("/")
            with step("Press Save"):
                page.get_by_role("button", name="Save").click()
            with step("Press Greet"):
                page.get_by_role("button", name="Greet").click()
        """
    async with agents_computer(play, page(GREETS, BODY)) as computer:
        session = await visited(play, computer, script(play, steps))
    assert "2. Press Save\n   did not work: Locator.click: Timeout 500ms exceeded" in session.said
    assert 'waiting for get_by_role("button", name="Save")' in session.said
    assert "The steps after this one were not tried." in session.said
    assert "3. Press Greet" not in session.said


async def test_an_app_that_is_served_already_is_used_as_it_is(play: Play) -> None:
    files = {**page(GREETS, BODY), "build.sh": "echo never; exit 9"}
    async with agents_computer(play, files) as computer:
        serve = f"cd {WORKDIR} && (setsid python3 app.py >/tmp/log 2>&1 </dev/null &)"
        probe = f"until (echo >/dev/tcp/127.0.0.1/{PORT}) 2>/dev/null; do sleep 0.05; done"
        await computer.check_shell_command(f"{serve}\nbash -c '{probe}'", timeout=20)
        session = await visited(play, computer, script(play))
    assert "- status: Hello Ana" in session.said


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"build.sh": "echo half; exit 3"}, "the build failed with exit code 3. .*\nhalf"),
        ({"app.py": "print('no port'); raise SystemExit(4)"}, "ended before it .*\nno port"),
    ],
)
async def test_an_app_that_does_not_start_is_told_with_its_output(
    play: Play, files: dict[str, str], said: str
) -> None:
    async with agents_computer(play, {**page(GREETS, BODY), **files}) as computer:
        session = await visited(play, computer, script(play))
    assert re.search(said, session.said), session.said
    assert session.files == ()


async def test_a_page_that_hangs_the_browser_bounds_the_visit(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swelancer_plugin.grading.user_session.SESSION_SECONDS", 6.0)
    async with agents_computer(play, page("for (;;) {}", BODY)) as computer:
        session = await visited(play, computer, script(play))
    assert "The user gave up after 6 s." in session.said


async def test_a_script_that_can_t_be_had_is_a_broken_task(play: Play) -> None:
    directory = script(play)
    (directory / "link").symlink_to("/etc/passwd")
    async with agents_computer(play, page(GREETS, BODY)) as computer:
        with pytest.raises(EngineError, match=r"the user's script can't be had: .* is a link"):
            await visited(play, computer, directory)


@pytest.mark.parametrize("steps", ["import nothing_of_the_kind", "def use(page, step): 1 / 0"])
async def test_a_script_that_breaks_before_its_first_step_is_told_apart(
    play: Play, steps: str
) -> None:
    async with agents_computer(play, page(GREETS, BODY)) as computer:
        with pytest.raises(EngineError, match=r"the user's script broke: .*(nothing_of|division)"):
            await visited(play, computer, script(play, steps))
