"""The one recipe of all images, and the parts of it that one image needs.

The files ``Dockerfile`` and ``Dockerfile_x86`` of the project carry the same text for people who
build by hand (a test compares them), since an installed package has no such files beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

RECIPE: Final = Path(__file__).with_name("recipe.Dockerfile").read_text(encoding="utf-8")
_PACKAGE: Final = Path(__file__).parents[2]
_OWN_FILE: Final = re.compile(r"^COPY (swelancer_plugin/\S+)", re.MULTILINE)
_FROM: Final = re.compile(r"FROM (?P<base>\S+) AS (?P<name>\S+)")
_COPY_FROM: Final = re.compile(r"^COPY --from=(\S+)", re.MULTILINE)
_ALTERNATIVE: Final = re.compile(r"\$\{\w+:\+[^}]*\}")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the recipe."""

    name: str
    base: str
    """The stage, or the image, that it stands on."""
    text: str
    """All of it but the first line."""

    @property
    def needs(self) -> tuple[str, ...]:
        """What has to be there before it, stages and images."""
        return (self.base, *_COPY_FROM.findall(self.text))


@cache
def stages() -> dict[str, Stage]:
    """Return the recipe's stages by name, in their order, without comments."""
    lines = (line for line in RECIPE.splitlines() if line and not line.startswith("#"))
    blocks = re.split(r"^(?=FROM )", "\n".join(lines), flags=re.MULTILINE)[1:]
    return {stage.name: stage for stage in map(_stage, blocks)}


def _stage(block: str) -> Stage:
    first, _, text = block.partition("\n")
    found = _FROM.fullmatch(first)
    assert found is not None, f"not a stage with a name: {first}"
    # The engine's own builder is always given the files, so it is the plain stage it takes.
    return Stage(found["name"], _ALTERNATIVE.sub("", found["base"]), text.rstrip("\n"))


def cut(target: str, given: Mapping[str, str], labels: Mapping[str, str] | None = None) -> str:
    """Return a Dockerfile of a stage and what it needs, and of nothing else.

    The engine's own builder would run every stage before the target, and knows no
    ``RUN --mount``. Stages in `given` are images that exist. Every stage has the labels, so that
    whatever an interrupted build leaves can be told from other things.
    """
    lines = ["ARG BASE_IMAGE"] if "base" not in given else []
    marks = [f"{name}={json.dumps(value)}" for name, value in (labels or {}).items()]
    mark = [f"LABEL {' '.join(marks)}"] if marks else []
    for name in _needed(target, given):
        if name in given:
            lines.append(f"FROM {given[name]} AS {name}")
        else:
            stage = stages()[name]
            lines += [f"FROM {stage.base} AS {name}", *mark, stage.text]
    return "\n".join(lines) + "\n"


def _needed(target: str, given: Mapping[str, str]) -> list[str]:
    wanted, waiting = set(), [target]
    while waiting:
        name = waiting.pop()
        if name in stages() and name not in wanted:
            wanted.add(name)
            waiting += () if name in given else stages()[name].needs
    return [name for name in stages() if name in wanted]


def own_files(dockerfile: str) -> dict[str, bytes]:
    """Return the files of this package that a Dockerfile copies, by their names in its context."""
    names = sorted(set(_OWN_FILE.findall(dockerfile)))
    return {name: (_PACKAGE / name).read_bytes() for name in names}


def inputs(target: str, *built_upon: str) -> Iterator[bytes]:
    """Yield what of the recipe is in the image of a stage, those that it stands on taken as said.

    Certificates, proxies and registries are how an image is made, and no part of what it is.
    """
    text = cut(target, dict.fromkeys(built_upon, "scratch"))
    yield text.encode()
    yield from own_files(text).values()
