"""What an engine's answers mean: who is to blame decides between ComputerGone and EngineError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import requests
import urllib3.exceptions

from swelancer_plugin.computers.interface import ComputerGone, EngineError


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
        said = f"{what}: {error.explanation or error}"
        if about_container and error.status_code in (404, 409):
            raise ComputerGone(said) from error
        raise EngineError(said) from error
    except (
        docker.errors.DockerException,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
    ) as error:
        raise EngineError(f"{what}: the engine does not answer: {error}") from error
