"""The browser of hidden tests: a real one, sandboxed, with recorded traffic and nothing else."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from io import BytesIO

import pytest

from swelancer_plugin.grading.hidden_tests import Procedure
from swelancer_plugin.outcome import Outcome
from tests.grading.conftest import SERVER, Play

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]
API = "https://api.tiny.example/v1"
WEBM = b"\x1a\x45\xdf\xa3"
PNG = b"\x89PNG"


def page(script: str, body: str = "<h1>Tiny</h1><p role='status'></p>") -> dict[str, str]:
    """An app that is one page."""
    html = f"<!doctype html><title>Tiny</title>{body}<script type='module'>{script}</script>"
    length = 'self.send_header("Content-Length"'
    server = SERVER.replace(length, f'self.send_header("Content-Type", "text/html"); {length}')
    return {"app.py": server, "answer.txt": html}


def recorded(*answers: tuple[str, str, Mapping[str, object]]) -> str:
    """Recorded traffic: method, path and JSON of each answer."""
    cors = [
        {"name": "access-control-allow-origin", "value": "*"},
        {"name": "content-type", "value": "application/json"},
    ]
    entries = []
    for method, path, answer in answers:
        text = json.dumps(answer)
        entries.append(
            {
                "startedDateTime": "2025-01-01T00:00:00.000Z",
                "time": 1,
                "request": {
                    **{"method": method, "url": API + path, "httpVersion": "HTTP/1.1"},
                    **{"headers": [], "cookies": [], "queryString": []},
                    **{"headersSize": -1, "bodySize": 0},
                },
                "response": {
                    **{"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1"},
                    **{"headers": cors, "cookies": [], "redirectURL": ""},
                    "content": {"size": len(text), "mimeType": "application/json", "text": text},
                    **{"headersSize": -1, "bodySize": -1},
                },
                "cache": {},
                "timings": {"send": 0, "wait": 1, "receive": 0},
            }
        )
    log = {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": entries}
    return json.dumps({"log": log})


SHOWS = f"""
const say = (text) => {{ document.querySelector('[role=status]').textContent = text }};
fetch('{API}/me').then((answer) => answer.json()).then(({{ name }}) => say('Hello ' + name));
"""
GREETED = """
    from playwright.sync_api import Page, expect

    def test_greets(page: Page):
        page.goto("/")
        expect(page.get_by_role("status")).to_have_text("Hello Ana")
    """


async def test_a_page_is_tested_and_what_was_seen_is_kept(play: Play) -> None:
    play.hide(GREETED)
    (play.tests / "traffic.har").write_text(recorded(("GET", "/me", {"name": "Ana"})))
    grade = await play.submit(page(SHOWS))
    assert (grade.outcome, grade.details) == (Outcome.EARNED, {"tests": "1/1"}), play.kept
    kept = {name.rpartition("/")[2]: content for name, content in play.kept.items()}
    assert kept["video.webm"].startswith(WEBM)
    assert kept["test-finished-1.png"].startswith(PNG)
    with zipfile.ZipFile(BytesIO(kept["trace.zip"])) as trace:
        assert any(name.endswith(".trace") for name in trace.namelist())
    assert b"test: 'test_greets[chromium]'" in kept["console.log"]
    assert all(name.startswith("browser/") for name in play.kept if name.endswith(".webm"))


async def test_another_answer_is_no_pass(play: Play) -> None:
    play.hide(GREETED)
    (play.tests / "traffic.har").write_text(recorded(("GET", "/me", {"name": "Bruno"})))
    grade = await play.submit(page(SHOWS))
    assert grade.outcome is Outcome.UNEARNED
    assert "Hello Bruno" in play.kept["tests.log"].decode()
    assert any(name.endswith("test-failed-1.png") for name in play.kept)


async def test_what_was_not_recorded_is_refused_and_listed(play: Play) -> None:
    play.hide("""
        def test_refused(page):
            page.goto("/")
            page.get_by_text("refused 3").wait_for()
        """)
    (play.tests / "traffic.har").write_text(recorded(("GET", "/me", {"name": "Ana"})))
    script = f"""
    let refused = 0;
    for (const url of ['{API}/me?x=1', 'http://collect.example/', 'https://collect.example/']) {{
        await fetch(url, {{ method: 'POST', mode: 'no-cors' }}).catch(() => {{ refused += 1 }});
    }}
    document.querySelector('[role=status]').textContent = `refused ${{refused}}`;
    """
    grade = await play.submit(page(script))
    assert grade.outcome is Outcome.EARNED, play.kept["tests.log"]
    assert play.kept["browser/refused.txt"].decode().splitlines() == [
        f"POST {API}/me?x=1",
        "POST http://collect.example/",
        "POST https://collect.example/",
    ]
    assert grade.details["refused"].startswith(f"3 requests, the first: POST {API}/me?x=1")


async def test_the_browser_is_sandboxed_and_nobody_is_root(play: Play) -> None:
    play.hide("""
        import os

        def test_sandbox(page):
            page.goto("chrome://sandbox")
            assert "You are adequately sandboxed." in page.inner_text("body")

        def test_user():
            assert os.getuid() == os.geteuid() == 1000
            status = open("/proc/self/status").read()
            assert "CapEff:\\t0000000000000000" in status
            assert "NoNewPrivs:\\t1" in status
            assert "Seccomp:\\t2" in status
        """)
    grade = await play.submit(page(""))
    assert grade.outcome is Outcome.EARNED, play.kept["tests.log"].decode()


async def test_headed_it_draws_on_a_screen_of_its_own(play: Play) -> None:
    play.procedure = Procedure(headed=True)
    play.hide("""
        def test_screen(page):
            page.goto("/")
            assert "Headless" not in page.evaluate("navigator.userAgent")
        """)
    grade = await play.submit(page(""))
    assert grade.outcome is Outcome.EARNED, play.kept["tests.log"].decode()


FLAKY = """
    from pathlib import Path

    def test_flaky():
        count = Path("/judge/count")
        count.write_text(count.read_text() + "x" if count.exists() else "x")
        assert len(count.read_text()) != %d
    """


async def test_every_run_has_to_pass(play: Play) -> None:
    play.procedure = Procedure(runs=3)
    play.hide(FLAKY % 2)
    grade = await play.submit()
    assert grade.outcome is Outcome.UNEARNED
    assert grade.reason.startswith("run 2 of 3: 0 of 1 hidden tests passed")
    assert grade.details["test runs"] == "3 wanted, each had to pass"
    assert {"junit.xml", "junit-2.xml"} <= set(play.kept)
    assert "junit-3.xml" not in play.kept


async def test_all_runs_pass(play: Play) -> None:
    play.procedure = Procedure(runs=2)
    play.hide(FLAKY % 9)
    grade = await play.submit()
    assert (grade.outcome, grade.reason) == (
        Outcome.EARNED,
        "run 2 of 2: all 1 hidden tests passed",
    )


async def test_what_a_page_prints_is_bounded(play: Play) -> None:
    play.hide("""
        def test_noise(page):
            page.goto("/")
            page.get_by_text("done").wait_for(timeout=60_000)
        """)
    script = """
    for (let i = 0; i < 2500; i += 1) console.log('<script>' + 'x'.repeat(2000));
    document.querySelector('[role=status]').textContent = 'done';
    """
    grade = await play.submit(page(script))
    assert grade.outcome is Outcome.EARNED, play.kept["tests.log"].decode()
    log = play.kept["browser/console.log"].decode("ascii").splitlines()
    assert len(log) == 2000
    assert max(map(len, log)) < 1100
