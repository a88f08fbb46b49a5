"""The judge's image: what a hidden test with a browser needs, for a user without any rights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.images import desktop_image, judge_image
from tests.computers.test_images import run

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]

BROWSE = """
import glob, os
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", chromium_sandbox=True)
    context = browser.new_context(record_video_dir="/judge/video")
    page = context.new_page()
    page.goto("data:text/html,<h1>hi")
    print(page.inner_text("h1"))
    context.close()
    browser.close()
print(*(os.path.getsize(path) > 0 for path in glob.glob("/judge/video/*.webm")))
"""


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


def test_judges_have_what_they_need(client: DockerClient) -> None:
    image = judge_image(client)
    assert image.startswith("swelancer/judge:")
    assert judge_image(client) == image
    script = (
        "python3 -c 'import pytest, pytest_playwright, requests, sys; print(sys.prefix)'; "
        "mitmdump --version | head -1 | cut -d: -f1; id judge; "
        "stat -c '%a %U' /judge /home/judge /opt/swelancer /opt/swelancer/*; ls /tmp; "
        "cat /opt/swelancer/relay.py"
    )
    relay = ROOT / "swelancer_plugin/computers/relay.py"
    assert run(client, image, script) == (
        "/opt/judge\nMitmproxy\nuid=1000(judge) gid=1000(judge) groups=1000(judge)\n"
        f"755 judge\n755 judge\n755 root\n644 root\n{relay.read_text()}"
    )


def test_a_browser_in_its_own_sandbox_with_a_film_of_it(client: DockerClient) -> None:
    output: bytes = client.containers.run(
        judge_image(client),
        ["python3", "-c", BROWSE],
        user="1000",
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["seccomp=unconfined", "no-new-privileges"],
        remove=True,
    )
    assert output.decode().split() == ["hi", "True"]


def test_a_desktop_is_a_judge_with_a_screen_to_look_at(client: DockerClient) -> None:
    image = desktop_image(client)
    layers, below = (
        client.images.get(name).attrs["RootFS"]["Layers"] for name in (image, judge_image(client))
    )
    assert layers[: len(below)] == below
    script = "which x11vnc websockify fluxbox Xvfb; ls /usr/share/novnc/vnc.html"
    assert len(run(client, image, script).split()) == 5
