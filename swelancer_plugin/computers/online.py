"""How this machine reaches the network, for the build steps that need one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from swelancer_plugin.computers.interface import EngineError

CA_BUNDLE: Final = "SWELANCER_CA_BUNDLE"
"""Variable that names a file of certificates; it has to be readable."""
_BUNDLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
# Where Debian's and Fedora's tools are given the certificates that a machine trusts in addition.
_FOLDERS: Final = ("usr/local/share/ca-certificates", "etc/pki/ca-trust/source/anchors")
_CERTIFICATE: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", re.ASCII
)
# The engine takes these without a word in the recipe, and keeps them out of the image's history.
_PROXIES: Final = ("http_proxy", "https_proxy", "no_proxy")
_REGISTRIES: Final = ("NPM_CONFIG_REGISTRY", "PIP_INDEX_URL")


def certificates(environ: Mapping[str, str], root: Path = Path("/")) -> bytes:
    """Return the certificates that this machine trusts beside the public ones, as PEM.

    A file that the environment names may hold the public ones as well. Raises EngineError where
    `CA_BUNDLE` names a file that can't be read; other files are used where they can be.
    """
    found: dict[bytes, None] = {}
    for path in _files(environ, root):
        try:
            content = path.read_bytes()
        except OSError as error:
            if str(path) == environ.get(CA_BUNDLE):
                raise EngineError(f"{CA_BUNDLE}: can't read {path}: {error.strerror}") from error
            continue
        found.update(dict.fromkeys(_CERTIFICATE.findall(content)))
    return b"".join(each + b"\n" for each in found)


def _files(environ: Mapping[str, str], root: Path) -> Iterator[Path]:
    for name in (CA_BUNDLE, *_BUNDLES):
        if value := environ.get(name):
            yield Path(value)
    for folder in _FOLDERS:
        for pattern in ("*.crt", "*.pem"):
            yield from sorted((root / folder).rglob(pattern))


def arguments(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the build arguments with the proxies and registries that this machine uses.

    Raises EngineError for a registry whose URL has a password: it would stay in the image.
    """
    found = {}
    for name in _PROXIES:
        for proxy in (name, name.upper()):
            if value := environ.get(proxy):
                found[proxy] = value
    for name in _REGISTRIES:
        value = environ.get(name) or environ.get(name.lower())
        if value:
            if "@" in urlsplit(value).netloc:
                raise EngineError(
                    f"{name} has a password in it, which would stay in the image. "
                    "To do: name a registry that needs none, or unset it for this run"
                )
            found[name] = value
    return found
