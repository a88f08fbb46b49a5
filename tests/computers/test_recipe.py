from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from swelancer_plugin.computers.recipe import RECIPE, cut, inputs, own_files, stages

ROOT = Path(__file__).parents[2]


def test_the_dockerfiles_of_the_project_are_the_recipe() -> None:
    here, x86 = ((ROOT / name).read_text() for name in ("Dockerfile", "Dockerfile_x86"))
    assert here.endswith(RECIPE)
    assert x86.endswith(RECIPE.replace("FROM ${BASE", "FROM --platform=linux/amd64 ${BASE"))
    for text in (here, x86):
        head = text[: text.index("ARG BASE_IMAGE=")]
        assert all(line.startswith("#") for line in head.splitlines())
        assert "docker buildx build -f Dockerfile" in head


def test_by_hand_they_build_the_bundled_repository() -> None:
    about = tomllib.loads((ROOT / "tasks/evenly/repository.toml").read_text())
    said = dict(re.findall(r'^ARG (\w+)="?(.*?)"?$', RECIPE, re.MULTILINE))
    dependencies = about.get("dependencies", {"install": "", "lock": []})
    assert said["PACKAGES"].split() == sorted(about["packages"])
    assert said["WORKDIR"] == about["workdir"]
    assert said["SOURCE"] == f"tasks/evenly/{about['source']}"
    assert said["INSTALL"] == dependencies["install"]
    assert said["LOCK"].split() == dependencies["lock"]


def test_the_stages() -> None:
    assert [*stages()] == [
        *("base", "judge", "desktop", "source", "source-cloned", "files", "locks"),
        *("dependencies", "app"),
    ]


@pytest.mark.parametrize("target", ["base", "judge", "desktop", "dependencies", "app"])
def test_no_part_of_it_needs_more_than_the_engines_own_builder(target: str) -> None:
    text = cut(target, {})
    assert "--mount" not in text
    assert "REPOSITORY_URL" not in text
    assert re.findall(r"^FROM .* AS (\S+)$", text, re.MULTILINE)[-1] == target


def test_a_part_holds_what_it_needs_and_nothing_else() -> None:
    text = cut("app", {"base": "a:1", "dependencies": "b:2"}, {"x": "1"})
    lines = [line for line in text.splitlines() if line.startswith(("ARG B", "FROM", "LABEL"))]
    assert lines == [
        "FROM a:1 AS base",
        *("FROM base AS source", 'LABEL x="1"'),
        *("FROM source AS files", 'LABEL x="1"'),
        "FROM b:2 AS dependencies",
        *("FROM dependencies AS app", 'LABEL x="1"'),
    ]
    assert own_files(text) == {}


def test_what_is_in_an_image_decides_and_not_what_is_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {name: [*inputs(name)] for name in ("judge", "app")}
    names = [*own_files(cut("judge", {}))]
    assert [name.rpartition("/")[2] for name in names] == [
        *("judge_requirements.txt", "online.sh", "relay.py"),
    ]
    monkeypatch.setitem(stages(), "judge", stages()["app"])
    assert [*inputs("app")] == before["app"]
    assert [*inputs("judge")] != before["judge"]
