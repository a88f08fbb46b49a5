from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from swelancer_plugin.reporting.html_media import MOST, media
from tests.reporting.page import report
from tests.reporting.stand_in import attempt

BASE = PurePosixPath("../run/tasks/d/1/attempt-1/try-1")
HOSTILE = "browser/<img src=x onerror=alert(1)>/javascript:alert(1).png"


def files(*paths: str) -> dict[str, str]:
    return {path.rpartition(".")[0]: path for path in paths}


def test_pictures_and_videos_are_shown_those_of_failed_tests_first() -> None:
    found = media(
        files(
            *("brief.md", "browser/console.log", "browser/tests/a/trace.zip"),
            *("browser/tests/a/video.webm", "browser/tests/a/test-finished-1.png"),
            *("browser/tests/b/video.webm", "browser/tests/b/test-failed-1.png"),
        ),
        BASE,
    )
    assert [(each["format_type"], each["name"]) for each in found] == [
        ("image", "b: test-failed-1"),
        ("video", "b: video"),
        ("image", "a: test-finished-1"),
        ("video", "a: video"),
    ]
    assert found[1]["content"] == f"{BASE}/browser/tests/b/video.webm"


def test_names_are_no_more_than_addresses() -> None:
    (only,) = media(files(HOSTILE), BASE)
    assert only["content"] == (
        f"{BASE}/browser/%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E/javascript%3Aalert%281%29.png"
    )


def test_a_page_bears_only_so_many() -> None:
    assert len(media(files(*(f"browser/{n}.png" for n in range(500))), BASE)) == MOST


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_page_has_them_once_and_no_link_to_each(
    pytester: pytest.Pytester, workers: str
) -> None:
    record = attempt("1_1", 500, files=files("brief.md", "browser/a/video.webm", HOSTILE))
    page = report(pytester, [record], "-n", workers)
    (test,) = page.tests
    paths = [extra["content"] for extra in test["extras"]]
    assert [path.rpartition("/")[2] for path in paths] == [
        "javascript%3Aalert%281%29.png",
        "video.webm",
    ]
    assert "onerror" not in "".join(test["resultsTableRow"])
    assert ">browser" not in "".join(test["resultsTableRow"])
