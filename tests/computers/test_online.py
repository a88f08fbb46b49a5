from __future__ import annotations

from pathlib import Path

import pytest

from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.online import arguments, certificates


def pem(word: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{word}\n-----END CERTIFICATE-----\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "usr/local/share/ca-certificates/company"
    folder.mkdir(parents=True)
    (folder.parent / "b.crt").write_text(f"a comment\n{pem('two')}")
    (folder / "a.crt").write_text(pem("three"))
    (folder / "binary.crt").write_bytes(b"\x30\x82\xff")
    return tmp_path


def test_the_certificates_of_a_machine_each_once(root: Path) -> None:
    (root / "named.pem").write_text(pem("one") + pem("two"))
    environ = {"SSL_CERT_FILE": str(root / "named.pem"), "REQUESTS_CA_BUNDLE": "/nowhere"}
    expected = pem("one") + pem("two") + pem("three")
    assert certificates(environ, root).decode() == expected
    assert certificates({}, root).decode() == pem("two") + pem("three")
    assert certificates({}, root / "empty") == b""


def test_a_file_that_was_asked_for_has_to_be_there(root: Path) -> None:
    with pytest.raises(EngineError, match=r"SWELANCER_CA_BUNDLE: can't read /nowhere: No such"):
        certificates({"SWELANCER_CA_BUNDLE": "/nowhere"}, root)


def test_proxies_and_registries_are_handed_on() -> None:
    environ = {
        "https_proxy": "http://me:secret@proxy:1",
        "NO_PROXY": "localhost",
        "npm_config_registry": "https://npm.example/",
        "PIP_INDEX_URL": "https://pip.example/simple",
        "PIP_NO_INDEX": "",
    }
    assert arguments(environ) == {
        "https_proxy": "http://me:secret@proxy:1",
        "NO_PROXY": "localhost",
        "NPM_CONFIG_REGISTRY": "https://npm.example/",
        "PIP_INDEX_URL": "https://pip.example/simple",
    }


def test_a_registry_with_a_password_is_refused_without_telling_it() -> None:
    with pytest.raises(EngineError, match="PIP_INDEX_URL has a password") as caught:
        arguments({"PIP_INDEX_URL": "https://me:hidden-word@pip.example/simple"})
    assert "hidden-word" not in str(caught.value)
