"""What a repository depends on: installed once, online, below all of the repository's states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.images import image_names, repository_image
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.task import Dependencies, Repository
from tests.computers.test_images import run

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.slow


class Shop:
    """Makes repositories of one name, and takes away the images that were made of them."""

    def __init__(self, client: DockerClient, folder: Path) -> None:
        self.client = client
        self._folder = folder
        self._name = f"test-{uuid4().hex[:12]}"
        self._made: list[tuple[str, ...]] = []

    def repository(self, install: str, files: dict[str, str], *lock: str) -> Repository:
        """Write a repository that depends on what `lock` says."""
        source = self._folder / uuid4().hex
        for name, text in files.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text)
        needed = Dependencies(f"{install} # {self._name}", lock)
        return Repository(self._name, "/app/it", source, packages=("git",), dependencies=needed)

    def image(self, repository: Repository) -> str:
        """Return a repository's image."""
        self._made.append(image_names(self.client, repository))
        return repository_image(self.client, repository)

    def close(self) -> None:
        """Remove all but the packages."""
        tops, middles = ({names[place] for names in self._made} for place in (-1, -2))
        for tag in [*tops, *middles]:
            if self.client.images.list(tag):
                self.client.images.remove(tag)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    client = connect()
    shop = Shop(client, tmp_path)
    yield shop
    shop.close()
    client.close()


def test_states_of_a_repository_share_what_it_depends_on(shop: Shop) -> None:
    install = "ls -A . sub > installed && head -c 20000000 /dev/urandom > big"
    files = {"sub/lock": "1", "app.js": "one\n", ".gitignore": "big\ninstalled\n"}
    images = [
        shop.image(shop.repository(install, {**files, "app.js": text}, "sub/lock"))
        for text in ("one\n", "two\n")
    ]
    layers = [shop.client.images.get(image).attrs["RootFS"]["Layers"] for image in images]
    assert layers[0] != layers[1]
    shared = sum(1 for one, other in zip(*layers, strict=True) if one == other)
    history = shop.client.api.history(images[1])  # type: ignore[no-untyped-call]
    sizes = [step["Size"] for step in history if step["Size"]]  # the topmost first
    assert sum(sizes[: len(layers[1]) - shared]) < 100_000
    script = "cat installed app.js; ls -A; git status --short; stat -L -c %s big; ls -A /tmp"
    assert run(shop.client, images[1], script).split() == [
        *(".:", "installed", "sub", "sub:", "lock", "two"),  # nothing but the lock was there
        *(".git", ".gitignore", "app.js", "big", "installed", "sub", "20000000"),
    ]
    other = shop.image(shop.repository(install, {**files, "sub/lock": "2"}, "sub/lock"))
    assert shop.client.images.get(other).attrs["RootFS"]["Layers"][: shared + 1] != layers[0]


def test_it_is_online_with_the_certificates_of_this_machine_and_then_forgets_them(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = uuid4().hex
    pem = f"-----BEGIN CERTIFICATE-----\n{word}\n-----END CERTIFICATE-----\n"
    (tmp_path / "company.pem").write_text(pem)
    monkeypatch.setenv("SWELANCER_CA_BUNDLE", str(tmp_path / "company.pem"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv("https_proxy", f"http://me:{word}@127.0.0.1:9")
    install = (
        f"grep -c {word} $NODE_EXTRA_CA_CERTS $SSL_CERT_FILE $PIP_CERT >found; "
        "echo $PIP_INDEX_URL $https_proxy >said; apt-config dump | grep -c online/all.pem >>said"
    )
    image = shop.image(shop.repository(install, {"lock": ""}, "lock"))
    assert run(shop.client, image, "cat found said").split() == [
        "/tmp/online/host.pem:1",
        *("/tmp/online/all.pem:1", "/tmp/online/all.pem:1"),
        *("https://pip.example/simple", f"http://me:{word}@127.0.0.1:9", "1"),
    ]
    script = f"env | grep -ci -e cert -e proxy -e pip; grep -rl {word} /etc /usr /tmp /root"
    assert run(shop.client, image, f"{script}; true") == "0\n"
    history = shop.client.api.history(image)  # type: ignore[no-untyped-call]
    assert word not in str(history).replace(f"grep -c {word}", "")


def test_what_can_not_be_installed_is_told_with_the_end_of_what_was_said(shop: Shop) -> None:
    repository = shop.repository("echo it said this; exit 3", {"lock": ""}, "lock")
    with pytest.raises(EngineError) as caught:
        repository_image(shop.client, repository)
    text = str(caught.value)
    assert text.startswith("building swelancer/dependencies:")
    assert "failed at Step" in text
    assert "it said this" in text
    label = {"label": f"swelancer.build={image_names(shop.client, repository)[-2]}"}
    assert shop.client.api.images(all=True, filters=label) == []
    gone = replace(repository, dependencies=Dependencies("true", ("nowhere.json",)))
    with pytest.raises(EngineError, match=r"nowhere\.json: can't be read"):
        repository_image(shop.client, gone)


def test_a_real_package_of_npm(shop: Shop) -> None:
    package = {"name": "tiny", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}}
    integrity = (
        "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/"
        "s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA=="
    )
    packages = {"": package, "node_modules/ms": {"version": "2.1.3", "integrity": integrity}}
    lock = {"name": "tiny", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
    files = {"package.json": json.dumps(package), "package-lock.json": json.dumps(lock)}
    files |= {".gitignore": "node_modules\n"}
    repository = shop.repository("npm ci --ignore-scripts", files, *[*files][:2])
    image = shop.image(replace(repository, packages=("git", "nodejs", "npm")))
    script = "node -p \"require('ms')('2d')\"; git status --short; ls -A /root/.npm 2>/dev/null"
    assert run(shop.client, image, f"{script}; true") == "172800000\n"
