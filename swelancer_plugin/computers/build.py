"""Building an image by the engine's own builder, wholly or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swelancer_plugin.computers import online
from swelancer_plugin.computers.context import context
from swelancer_plugin.computers.engine import address
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.locks import lock
from swelancer_plugin.computers.recipe import cut, own_files
from swelancer_plugin.computers.stopping import Stopped, hang_up, stop
from swelancer_plugin.datasets.checkout import without_credentials

if TYPE_CHECKING:
    from docker import DockerClient
    from requests import Response

BUILD_SECONDS: Final = 1800.0
"""How long one process waits for another that builds the same image."""
SILENCE_SECONDS: Final = 900.0
"""How long a step of a build may say nothing."""
BUILD_LABEL: Final = "swelancer.build"
"""On all that a build makes: the name of the image that it is to become."""
POOL_LABEL: Final = "swelancer.pool"
"""On all images that are ours: whose budget they count in."""
POOL: Final = "SWELANCER_IMAGE_POOL"
"""Variable that names the pool; images of another one are never removed."""
_TAIL: Final = 2000


@dataclass(frozen=True, slots=True)
class Plan:
    """How an image is made."""

    tag: str
    stage: str
    """Of the recipe."""
    given: Mapping[str, str]
    """Images that stand for stages of the recipe."""
    arguments: Mapping[str, str]
    source: Path | None = None
    only: Collection[str] = ()
    """The files of the source that it takes; all, if none are named."""
    labels: Mapping[str, str] = field(default_factory=dict)
    network: bool = False


def pool() -> str:
    """Return the name of the pool that images of this process count in."""
    return os.environ.get(POOL) or "default"


def has(client: DockerClient, tag: str) -> bool:
    """Tell whether the engine has an image. Raises EngineError."""
    from docker.errors import DockerException, ImageNotFound

    try:
        client.images.get(tag)
    except ImageNotFound:
        return False
    except (DockerException, OSError) as error:
        raise EngineError(f"asking for {tag} failed: {error}") from error
    return True


def ensure(client: DockerClient, tag: str, build: Callable[[], object]) -> bool:
    """Have an image made unless the engine has it; once, however many ask. Tell whether it was.

    Raises EngineError; Stopped when this thread's work was ended.
    """
    from docker.errors import DockerException

    word = stop.get()
    with lock(f"{tag} of {address(client)}", BUILD_SECONDS, lambda: word.said):
        if has(client, tag):
            return False
        try:
            build()
        except (DockerException, OSError) as error:
            raise EngineError(f"building {tag} failed: {error}") from error
        return True


def build(client: DockerClient, plan: Plan) -> None:
    """Build an image; whatever ends it early, nothing is left of it. The tag's lock is held.

    Raises EngineError, naming the step of a failed build; Stopped.
    """
    sweep(client, plan.tag)  # what a process that was killed had begun
    try:
        _build(client, plan)
    finally:
        sweep(client, plan.tag)


def sweep(client: DockerClient, tag: str) -> None:
    """Remove what the build of an image has made beside it; its containers the engine removes."""
    from docker.errors import APIError

    chosen = {"label": f"{BUILD_LABEL}={tag}", "dangling": True}
    for image in client.api.images(filters=chosen):
        try:
            client.api.remove_image(image["Id"])
        except APIError as error:
            if error.status_code not in (
                404,
                409,
            ):  # it went with another, or others are made of it
                raise


def _build(client: DockerClient, plan: Plan) -> None:
    labels = {BUILD_LABEL: plan.tag, POOL_LABEL: pool(), **plan.labels}
    dockerfile = cut(plan.stage, plan.given, labels)
    files = {"Dockerfile": dockerfile.encode(), **own_files(dockerfile)}
    arguments = dict(plan.arguments)
    if plan.network:
        arguments |= online.arguments(os.environ)
        if trusted := online.certificates(os.environ):
            files["certificates/host.pem"] = trusted
    with context(files, plan.source, plan.only) as file:
        api = client.api
        with api.post(
            f"{api.base_url}/v{api.api_version}/build",
            data=file,
            headers={"Content-Type": "application/x-tar"},
            params={
                **{"t": plan.tag, "rm": "1", "forcerm": "1"},
                "buildargs": json.dumps(arguments),
                "networkmode": "host" if plan.network else "none",
            },
            stream=True,
            timeout=SILENCE_SECONDS,
        ) as response:
            _follow(response, plan.tag)


def _follow(response: Response, tag: str) -> None:
    """Read what the engine says until the build has ended."""
    if not response.ok:
        raise EngineError(f"building {tag} failed: {response.text[:_TAIL]}")
    word = stop.get()
    events: list[dict[str, Any]] = []
    # In a thread, since a Ctrl-C in the midst of reading would break the connection: this one
    # hangs up and reads on until the engine has ended the build.
    with word.watching(response), ThreadPoolExecutor(1) as threads:
        reading = threads.submit(lambda: events.extend(_events(response)))
        try:
            reading.result()
        except BaseException:
            hang_up(response.raw.fileno())
            raise
    if word.said:
        raise Stopped(f"building {tag} was ended")
    if any("error" in event for event in events):
        raise EngineError(_failed_build(tag, events))


def _events(response: Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        if line:
            yield json.loads(line)


def _failed_build(tag: str, events: Sequence[Mapping[str, Any]]) -> str:
    lines = [str(event.get("stream") or event.get("error") or "") for event in events]
    steps = [line.strip() for line in lines if line.startswith("Step ")]
    tail = without_credentials("".join(lines))[-_TAIL:].rstrip()  # a proxy may have a password
    return f"building {tag} failed at {steps[-1] if steps else 'the start'}:\n{tail}"
