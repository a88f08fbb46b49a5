"""A small ic_swe job: an app that adds wrongly, its fix, its hidden tests."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

from tests.acceptance.project import Project

APP = '''\
"""Adds two numbers: GET /add?a=1&b=2"""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from numbers_of import total


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        body = str(total(*(int(query[name][0]) for name in "ab"))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", 4700), Handler).serve_forever()
'''
RIGHT = "def total(a, b):\n    return a + b\n"
WRONG = "def total(a, b):\n    return abs(a) + b\n"
REPOSITORY = """\
packages = ["git", "python3"]
[app]
build = "python3 -m py_compile app.py numbers_of.py"
serve = "exec python3 app.py"
port = 4700
ready = "/add?a=1&b=1"
outputs = ["__pycache__"]
ready_seconds = 15
"""
TESTS = """\
import requests


def test_it_adds(app_url):
    assert requests.get(app_url + "/add?a=1&b=2", timeout=5).text == "3"


def test_it_adds_what_is_below_zero(app_url):
    assert requests.get(app_url + "/add?a=-1&b=2", timeout=5).text == "1"
"""
FIX = "```python\nfrom pathlib import Path\nPath('numbers_of.py').write_text({text!r})\n```"


def job(project: Project, task_id: str = "12", price: int = 500, **more: object) -> Path:
    """Write the job; the source has the bug, as the agent gets it."""
    source = project.repository(REPOSITORY)
    (source / "app.py").write_text(APP)
    (source / "numbers_of.py").write_text(WRONG)
    folder = project.path / "tasks" / task_id
    (folder / "hidden_tests").mkdir(parents=True)
    keys = {
        "variant": "ic_swe",
        "title": "Sums of debts are wrong",
        "price": price,
        "repository": "../app",
        **more,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    (folder / "task.toml").write_text("\n".join(lines) + "\n")
    (folder / "issue.md").write_text("Adding -1 and 2 gives 3. It should be 1.\n")
    (folder / "hidden_tests" / "test_sums.py").write_text(TESTS)
    (folder / "bug.patch").write_text("")
    (folder / "gold.patch").write_text(
        textwrap.dedent(
            """\
            --- a/numbers_of.py
            +++ b/numbers_of.py
            @@ -1,2 +1,2 @@
             def total(a, b):
            -    return abs(a) + b
            +    return a + b
            """
        )
    )
    return folder


def fix(text: str = RIGHT) -> str:
    """Return a model's reply that writes the app's arithmetic anew."""
    return FIX.format(text=text)
