from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from swelancer_plugin.reporting.html_media import MOST, gallery
from tests.reporting.page import report
from tests.reporting.stand_in import attempt

BASE = PurePosixPath("../run/tasks/d/1/attempt-1/try-1")
HOSTILE = "browser/<img src=x onerror=alert(1)>/javascript:alert(1).png"


def files(*paths: str) -> dict[str, str]:
    return {path: path for path in paths}


def test_a_figure_for_each_test_the_failed_ones_first() -> None:
    text = gallery(
        files(
            *("brief.md", "browser/console.log", "browser/tests/a/trace.zip"),
            *("browser/tests/a/video.webm", "browser/tests/a/test-finished-1.png"),
            *("browser/tests/b/video.webm", "browser/tests/b/test-failed-1.png"),
        ),
        BASE,
    )
    a, b = f"{BASE}/browser/tests/a", f"{BASE}/browser/tests/b"
    assert text == (
        '<div class="swl-media">'
        f'<figure><video controls preload="none" poster="{b}/test-failed-1.png"'
        f' src="{b}/video.webm"></video><figcaption>tests/b (failed)</figcaption></figure>'
        f'<figure><video controls preload="none" poster="{a}/test-finished-1.png"'
        f' src="{a}/video.webm"></video>'
        f'<figcaption>tests/a <a href="{a}/trace.zip">trace</a></figcaption></figure></div>'
    )


def test_a_users_visit_is_pictures() -> None:
    text = gallery(files("user_tool/1/01.png", "user_tool/1/02.png", "user_tool/1/01.txt"), BASE)
    assert text.count("<img ") == text.count("<a ") == 2
    assert "<figcaption>user_tool/1</figcaption>" in text


def test_names_are_no_more_than_addresses() -> None:
    text = gallery(files(HOSTILE), BASE)
    assert "%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E/javascript%3Aalert%281%29.png" in text
    assert "<figcaption>browser/&lt;img src=x onerror=alert(1)&gt;</figcaption>" in text
    assert "<img src=x" not in text


def test_a_page_bears_only_so_many_and_without_any_there_is_nothing() -> None:
    many = files(*(f"browser/{n}/video.webm" for n in range(500)))
    assert gallery(many, BASE).count("<figure>") == MOST
    assert gallery(files("brief.md", "build.log"), BASE) == ""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_page_has_them_once_and_no_link_to_each(
    pytester: pytest.Pytester, workers: str
) -> None:
    record = attempt("1_1", 500, files=files("brief.md", "browser/a/video.webm", HOSTILE))
    page = report(pytester, [record], "-n", workers)
    (test,) = page.tests
    (extra,) = test["extras"]
    assert extra["format_type"] == "html"
    assert extra["content"].count("<figure>") == 2
    assert "onerror" not in "".join(test["resultsTableRow"])
    assert ">browser" not in "".join(test["resultsTableRow"])
