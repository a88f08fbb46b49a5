"""What a run leaves on the engine, found by its label and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import DockerClient

RUN_LABEL = "swelancer.run"
"""Holds a run's token, which no other run has."""
NAME_LABEL = "swelancer.name"
TASK_LABEL = "swelancer.task"
OWNER_LABEL = "swelancer.owner"
"""Process id of the worker that started it."""
KEEP_LABEL = "swelancer.keep"


def sweep(client: DockerClient, token: str, task: str | None = None) -> int:
    """Remove the containers of a run, or of one task (``dataset/id``) of it; return how many.

    Running, created, frozen or dead, but not those that the user asked to keep. Raises EngineError
    for whatever the engine has against it, when all others are removed; or if it does not answer.
    """
    from docker.errors import APIError

    from swelancer_plugin.computers.engine_answers import engine_asked

    labels = [f"{RUN_LABEL}={token}"] + ([f"{TASK_LABEL}={task}"] if task else [])
    removed = 0
    refused: APIError | None = None
    with engine_asked("remove the containers of a run", about_container=False):
        for found in client.api.containers(all=True, filters={"label": labels}):
            if KEEP_LABEL in (found.get("Labels") or {}):
                continue
            try:
                client.api.remove_container(found["Id"], force=True, v=True)
            except APIError as error:
                if error.status_code not in (404, 409):  # gone, or going, by itself
                    refused = refused or error
                    continue
            removed += 1
        if refused is not None:
            raise refused
    return removed
