"""Finding a container engine: whatever speaks Docker's API and answers first.

Light to import: the docker package is loaded when something listens at an address.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from swelancer_plugin.computers.host import Host, advice
from swelancer_plugin.computers.interface import EngineError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.tls import TLSConfig

PROBE_SECONDS = 5.0
"""How long an address may take to say that it is an engine."""
REQUEST_SECONDS = 120.0
"""How long an engine may be silent within one request, unless a caller says otherwise."""
POOL_SIZE = 64
"""Connections kept open: more than the threads of the largest run hold at once."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address at which an engine may answer."""

    origin: str
    """Where the address comes from, in words."""
    url: str
    chosen: bool = False
    """Named by the user for this command: then no other address is tried."""
    tls_dir: Path | None = None
    """Directory with ca.pem, cert.pem and key.pem."""
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """A candidate that did not answer, and why."""

    candidate: Candidate
    reason: str
    denied: bool = False

    def __str__(self) -> str:
        return f"{self.candidate.url} ({self.candidate.origin}): {self.reason}"


class EngineUnreachable(EngineError):
    """No engine answers. Carries what was tried, and says the one thing to do."""

    def __init__(self, host: Host, failures: tuple[Failure, ...]) -> None:
        self.failures = failures
        self.chosen = any(failure.candidate.chosen for failure in failures)
        self.denied = any(failure.denied for failure in failures)
        tried = "\n".join(f"  {failure}" for failure in failures)
        todo = advice(host, chosen=self.chosen, denied=self.denied)
        super().__init__(f"no container engine answers. Tried:\n{tried}\nTo do: {todo}")


def connect(host: Host | None = None) -> DockerClient:
    """Return a client of the first engine that answers; the caller closes it.

    The order: ``DOCKER_HOST`` or ``DOCKER_CONTEXT`` (then nothing else), the current docker
    context, the default sockets of Docker, Docker Desktop, rootless Docker and Podman. Every
    request is bounded by `REQUEST_SECONDS`. Raises EngineUnreachable.
    """
    host = host or Host.current()
    failures: list[Failure] = []
    for candidate in candidates(host):
        try:
            return _open(candidate)
        except Exception as error:
            if not _is_engine_trouble(error):
                raise
            failures.append(_failure(candidate, error))
    raise EngineUnreachable(host, tuple(failures))


def address(client: DockerClient) -> str:
    """Return where a client's engine is; the library itself calls every socket localhost."""
    url = client.api.base_url
    path = getattr(client.api.get_adapter(url), "socket_path", None)
    return f"unix://{path}" if path else url


def candidates(host: Host) -> list[Candidate]:
    """Return the addresses to try on this machine, in order."""
    if url := host.environ.get("DOCKER_HOST", "").strip():
        return [_from_docker_host(host, url)]
    found: list[Candidate] = []
    context = _from_context(host)
    if context is not None:
        found.append(context)
        if context.chosen:
            return found
    known = {_socket_path(candidate.url) for candidate in found}
    for origin, path in _default_sockets(host):
        if path.resolve() not in known:
            known.add(path.resolve())
            found.append(Candidate(origin, f"unix://{path}"))
    return found


def _from_docker_host(host: Host, url: str) -> Candidate:
    verify = bool(host.environ.get("DOCKER_TLS_VERIFY"))
    certificates = host.environ.get("DOCKER_CERT_PATH")
    tls_dir = Path(certificates) if certificates else host.home / ".docker"
    uses_tls = verify or bool(certificates)
    return Candidate("DOCKER_HOST", url, True, tls_dir if uses_tls else None, verify)


def _from_context(host: Host) -> Candidate | None:
    """Read the context as docker's own client does; None for the default one."""
    config = Path(host.environ.get("DOCKER_CONFIG") or host.home / ".docker")
    name, origin, chosen = host.environ.get("DOCKER_CONTEXT", ""), "DOCKER_CONTEXT", True
    if not name:
        settings = _read_json(config / "config.json")
        name, origin, chosen = str(settings.get("currentContext") or ""), "docker context", False
    if name in {"", "default"}:
        return None
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = _read_json(config / "contexts/meta" / digest / "meta.json")
    endpoints = meta.get("Endpoints")
    endpoint = endpoints.get("docker", {}) if isinstance(endpoints, dict) else {}
    tls_dir = config / "contexts/tls" / digest / "docker"
    return Candidate(
        f"{origin} {name!r}",
        str(endpoint.get("Host") or "(no such context)"),
        chosen,
        tls_dir if tls_dir.is_dir() else None,
        not endpoint.get("SkipTLSVerify", False),
    )


def _read_json(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _default_sockets(host: Host) -> Iterator[tuple[str, Path]]:
    yield "Docker's default socket", host.root_dir / "var/run/docker.sock"
    yield "Docker Desktop", host.home / ".docker/run/docker.sock"
    runtime = host.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        yield "rootless Docker", Path(runtime) / "docker.sock"
        yield "rootless Podman", Path(runtime) / "podman/podman.sock"
    yield "Podman", host.root_dir / "run/podman/podman.sock"


def _socket_path(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(parts.path).resolve() if parts.scheme in {"unix", "http+unix"} else None


def _open(candidate: Candidate) -> DockerClient:
    _knock(candidate.url)
    import docker

    client = docker.DockerClient(
        base_url=candidate.url,
        version="auto",
        timeout=int(PROBE_SECONDS),
        max_pool_size=POOL_SIZE,
        tls=_tls(candidate),
        use_ssh_client=candidate.url.startswith("ssh://"),
    )
    client.api.timeout = int(REQUEST_SECONDS)
    return client


def _knock(url: str) -> None:
    """Open and close a plain connection, whose errors name the cause; the client's bury it."""
    path = _socket_path(url)
    if path is not None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.settimeout(PROBE_SECONDS)
            stream.connect(str(path))
        return
    parts = urlsplit(url)
    if parts.scheme in {"tcp", "http", "https"} and parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), PROBE_SECONDS).close()


def _tls(candidate: Candidate) -> TLSConfig | bool:
    if candidate.tls_dir is None:
        return False
    from docker.tls import TLSConfig

    ca, cert, key = (candidate.tls_dir / f"{name}.pem" for name in ("ca", "cert", "key"))
    return TLSConfig(
        client_cert=(str(cert), str(key)) if cert.exists() and key.exists() else None,
        ca_cert=str(ca) if ca.exists() else None,
        verify=candidate.verify,
    )


def _is_engine_trouble(error: Exception) -> bool:
    if isinstance(error, (OSError, ValueError)):  # requests' errors are OSErrors
        return True
    with contextlib.suppress(ImportError):
        from docker.errors import DockerException

        return isinstance(error, DockerException)
    return False


def _failure(candidate: Candidate, error: Exception) -> Failure:
    causes = list(_causes(error))
    reasons = {
        FileNotFoundError: "no such socket",
        PermissionError: "permission denied",
        ConnectionRefusedError: "nothing listens there",
        socket.gaierror: "no such host",
        TimeoutError: f"no answer in {PROBE_SECONDS:g} s",
    }
    for kind, reason in reasons.items():
        if any(isinstance(cause, kind) for cause in causes):
            return Failure(candidate, reason, kind is PermissionError)
    return Failure(candidate, f"not an engine: {' '.join(str(error).split())[:300]}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all it stems from; libraries hide the cause among the arguments too."""
    yield error
    for inner in (error.__cause__ or error.__context__, *error.args):
        if isinstance(inner, BaseException):
            yield from _causes(inner)
