"""What an engine's answers mean: who is to blame decides between ComputerGone and EngineError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import docker.errors
import requests
import urllib3.exceptions

from swelancer_plugin.computers.interface import ComputerGone, EngineError

if TYPE_CHECKING:
    from docker import APIClient

TROUBLE: Final = (
    docker.errors.DockerException,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
)
"""What the client library raises when an engine refuses, fails, or does not answer."""


@contextmanager
def engine_asked(what: str, *, about_container: bool = True) -> Iterator[None]:
    """Turn the client library's exceptions into ours; `what` says what was asked for.

    A container that is not there, or in no state for it (404, 409), is a ComputerGone; an engine
    that fails or does not answer is an EngineError, and so is everything when no container is
    asked about yet.
    """
    try:
        yield
    except docker.errors.APIError as error:
        said = f"{what}: {reason(error)}"
        if about_container and error.status_code in (404, 409):
            raise ComputerGone(said) from error
        raise EngineError(said) from error
    except TROUBLE as error:
        raise EngineError(f"{what}: the engine does not answer: {error}") from error


def require_alive(api: APIClient, container: str, what: str) -> dict[str, Any]:
    """Return the state of a container, to be asked when a call about its inside has failed.

    The inside can make such a call fail in any way, and even keep the engine from saying anything
    about this one container. So it is an EngineError only where the engine as a whole does not
    answer; a container that is gone, has ended, or can't be asked about is a ComputerGone.
    """
    with engine_asked(what, about_container=False):
        api.ping()
    try:
        state: dict[str, Any] = api.inspect_container(container)["State"]
    except TROUBLE as error:
        raise ComputerGone(f"{what}: {reason(error)}") from error
    if not state["Running"]:  # a paused one is running, too
        raise ComputerGone(f"{what}: the container has ended")
    return state


def reason(error: Exception) -> str:
    """Return what an engine said, as it said it."""
    explanation = error.explanation if isinstance(error, docker.errors.APIError) else None
    return str(explanation or error).strip()
