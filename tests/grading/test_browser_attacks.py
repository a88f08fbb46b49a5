"""Pages that attack the browser that tests them, its proxy and its computer. None is ever paid."""

from __future__ import annotations

import pytest

from swelancer_plugin.outcome import Outcome
from tests.grading.conftest import SERVER, Play
from tests.grading.test_browser import API, GREETED, page, recorded

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]
NO_PAY = {Outcome.UNEARNED, Outcome.LIMIT, Outcome.BROKEN_BUILD}
# The hidden test wants "Hello Ana", which is not what these pages say.
WRONG = "document.querySelector('[role=status]').textContent = 'Hello nobody';"
ATTACKS = {
    "what a page shows is read behind its back": """
        for (const [of, name] of [[Node, 'textContent'], [HTMLElement, 'innerText']]) {
            Object.defineProperty(of.prototype, name, { get: () => 'Hello Ana', set() {} });
        }
        window.playwright = { evaluate: () => true };
        String.prototype.includes = RegExp.prototype.test = () => true;
        JSON.stringify = () => '{"matches":true,"received":"Hello Ana"}';
        """,
    "the proxy is asked for other answers": f"""
        const bodies = ['{{"name":"Ana"}}', ''];
        for (const method of ['GET', 'POST', 'PUT', 'CONNECT', 'OPTIONS']) {{
            for (const path of ['/', '/options', '/flows', '/commands', '/mitm.it']) {{
                fetch('http://127.0.0.1:8899' + path, {{ method, mode: 'no-cors' }}).catch(() => 0);
                fetch('{API}/me' + path, {{ method, body: bodies[0] }}).catch(() => 0);
            }}
        }}
        fetch('http://mitm.it/', {{ mode: 'no-cors' }}).catch(() => 0);
        """,
    "dialogs without end": "setInterval(() => { alert(1); confirm(2); prompt(3); }, 1);",
    "windows without end": "for (let i = 0; i < 200; i += 1) window.open('/?' + i);",
    "a page that is never ready": "for (;;) {}",
    "a page that leaves": "window.close(); location = 'about:blank';",
    "memory without end": "const all = []; for (;;) all.push(new Array(1e6).fill(all.length));",
    "workers without end": """
        const url = URL.createObjectURL(new Blob(['for (;;) {}']));
        for (let i = 0; i < 200; i += 1) new Worker(url);
        """,
    "a console without end": "setInterval(() => console.log('x'.repeat(1e6)), 0);",
    "text that no encoding has": """
        console.log('\\ud800'); document.title = '\\udfff';
        history.pushState(0, '', '/\\ud800'); throw new Error('\\ud800');
        """,
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_an_attack_earns_nothing(play: Play, attack: str) -> None:
    play.test_seconds = 45.0
    play.hide(GREETED)
    (play.tests / "traffic.har").write_text(recorded(("GET", "/me", {"name": "Ana"})))
    grade = await play.submit(page(WRONG + attack))
    assert grade.earned_cents == 0
    assert grade.outcome in NO_PAY, grade


LOOKS = """
    const found = [];
    const look = async (what) => {
        try {
            const answer = await what();
            const text = typeof answer === 'string' ? answer : await answer.text();
            if (text) found.push(text);
        } catch { /* it is out of reach */ }
    };
    for (const path of ['tests/test_hidden.py', 'conftest.py', 'names.json', 'junit.xml']) {
        const url = 'file:///judge/' + path;
        await look(() => fetch(url));
        await look(() => new Promise((resolve, reject) => {
            const frame = document.createElement('iframe');
            frame.onload = () => {
                try { resolve(frame.contentDocument.body.innerText); } catch (e) { reject(e); }
            };
            setTimeout(reject, 500);
            frame.src = url;
            document.body.append(frame);
        }));
    }
    for (const port of [9222, 9229, 5900, 6000, 6099, 5901]) {
        await look(async () => {
            await fetch(`http://127.0.0.1:${port}/json/version`, { mode: 'no-cors' });
            return `port ${port} answers`;
        });
    }
    await fetch('/looked?' + encodeURIComponent(JSON.stringify(found)));
    """


async def test_a_page_finds_neither_tests_nor_ports(play: Play) -> None:
    play.hide("""
        def test_waits(page):
            with page.expect_request("**/looked?**", timeout=30_000):
                page.goto("/")
        """)
    logs = SERVER.replace("def answer(self):", "def answer(self):\n        print(self.path)")
    files = page(LOOKS)
    body = files["answer.txt"]
    grade = await play.submit({**page(LOOKS), "app.py": _html(logs), "answer.txt": body})
    assert grade.outcome is Outcome.EARNED, play.kept["tests.log"].decode()
    assert b"/looked?%5B%5D" in play.kept["server.log"], play.kept["server.log"].decode()


def _html(server: str) -> str:
    length = 'self.send_header("Content-Length"'
    return server.replace(length, f'self.send_header("Content-Type", "text/html"); {length}')


async def test_what_a_submission_brings_for_judges_is_never_used(play: Play) -> None:
    """pytest, Chromium, the path, system files and start scripts of a submission are just files."""
    play.hide(GREETED)
    (play.tests / "traffic.har").write_text(recorded(("GET", "/me", {"name": "Ana"})))
    passes = "import pytest\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport():\n"
    passes += "    report = yield\n    report.outcome = 'passed'\n    return report\n"
    lie = "#!/bin/sh\nexit 0\n"
    files = {
        **page(WRONG),
        **{
            "conftest.py": passes,
            "tests/conftest.py": passes,
            "sitecustomize.py": "raise SystemExit",
        },
        **{
            "pytest.py": "def main(*a): return 0\n",
            "playwright/__init__.py": "raise SystemExit(0)",
        },
        **dict.fromkeys(("bin/chromium", "bin/python3", "usr/bin/chromium", "etc/passwd"), lie),
        "build.sh": (
            "for d in /usr/local/bin /opt/judge/bin; do for p in chromium pytest mitmdump; "
            "do printf '#!/bin/sh\\nexit 0\\n' >$d/$p; chmod +x $d/$p; done; done 2>/dev/null\n"
            "echo '127.0.0.1 api.tiny.example' >>/etc/hosts\n"
            "echo 'export PATH=/app/tiny/bin:$PATH' >>/etc/profile\n"
            "mkdir -p /judge/output && echo '<testsuites/>' >/judge/junit.xml; true"
        ),
    }
    grade = await play.submit(files)
    assert (grade.outcome, grade.earned_cents) == (Outcome.UNEARNED, 0)
    assert "Hello nobody" in play.kept["tests.log"].decode()
