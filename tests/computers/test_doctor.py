from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from swelancer_plugin.computers import doctor, probes
from swelancer_plugin.computers.base_image import ensure_base_image
from swelancer_plugin.computers.doctor import Check, examine, healthy
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.host import Host
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.steps import Steps

if TYPE_CHECKING:
    from docker import DockerClient

NEEDED = {
    "engine",
    "base image",
    "no network",
    "no capabilities",
    "no new privileges",
    "system calls",
    "processor limit",
    "memory limit",
    "process limit",
    "disk",
    "freeze",
    "changes",
    "user namespaces",
}


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    client = connect()
    ensure_base_image(client, Host.current(), Steps())
    yield client
    client.close()


def test_this_engine_has_what_a_sealed_run_needs(client: DockerClient) -> None:
    checks = examine(client)
    assert [check for check in checks if check.needed and not check.ok] == []
    assert {check.name for check in checks if check.needed} == NEEDED
    assert healthy(checks)


def test_a_missing_base_image_is_a_finding_and_ends_the_examination(
    client: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swelancer_plugin.computers.base_image.BASE_IMAGE", "swelancer/gone:now")
    checks = examine(client)
    assert checks[-1].name == "base image"
    assert checks[-1].fix == "run swelancer setup"
    assert not healthy(checks)


def test_the_limit_probes_see_a_limit_that_is_not_kept(client: DockerClient) -> None:
    with probes.probe_container(client, doctor._FILL, mem_limit=1024**3) as container:
        assert probes.exit_code(container) == 0
    with probes.probe_container(client, doctor._FORK, pids_limit=512) as container:
        assert probes.exit_code(container) == 0


def test_a_container_that_outlives_its_client_is_seen(client: DockerClient) -> None:
    with probes.probe_container(client, "sleep 20") as container:
        assert not probes.ends_within(container, 0.5)


def test_a_container_inside_which_the_seal_is_open_is_seen() -> None:
    facts = {
        "interfaces": "eth0 lo",
        "CapEff:": "000001ffffffffff",
        "CapBnd:": "000001ffffffffff",
        "NoNewPrivs:": "0",
        "Seccomp:": "0",
        "cpus": "max 100000",
        "free": "1024",
    }
    checks = [*doctor._isolation_checks(facts), *doctor._resource_checks(facts)]
    assert [check.name for check in checks if check.ok] == []
    assert all(check.fix for check in checks)


def test_nothing_known_is_nothing_granted() -> None:
    checks = [*doctor._isolation_checks({}), *doctor._resource_checks({})]
    assert [check.name for check in checks if check.ok] == []


def test_a_clock_that_is_off_is_seen() -> None:
    assert doctor._clock_check(1000, 1000.9, 1003.0).found == "0 s from this machine's"
    late = doctor._clock_check(1000, 4601.0, 4603.0)
    assert not late.ok
    assert late.found == "3600 s from this machine's"


def test_a_probe_that_the_engine_refuses_is_a_finding(client: DockerClient) -> None:
    def _broken_probe(client: DockerClient) -> Iterator[Check]:
        with probes.probe_container(client, "true", user="no-such-user"):
            yield Check("never", True, "", "", "")

    (check,) = doctor._guarded("it", False, _broken_probe, client)
    assert (check.name, check.ok, check.needed) == ("it", False, False)
    assert "no-such-user" in check.found


def test_an_engine_that_can_start_no_container_is_asked_only_once(
    client: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_REPORT", "echo no luck; exit 3")
    checks = examine(client)
    assert checks[-1].name == "hardened container"
    assert checks[-1].found == "the container ended by itself: no luck"
    assert not healthy(checks)


def test_a_probe_that_fails_leaves_no_container(client: DockerClient) -> None:
    seen: list[str | None] = []

    def paused_for_ever() -> None:
        with probes.probe_container(client, "sleep 20") as container:
            seen.append(container.id)
            container.pause()
            probes.wait_until(lambda: False, "rain", 0.1)

    with pytest.raises(EngineError, match=r"waited 0.1 s in vain for rain"):
        paused_for_ever()
    assert seen[0] not in [container["Id"] for container in client.api.containers(all=True)]


def test_what_a_killed_doctor_left_is_removed_and_a_running_one_spared(
    client: DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with probes.probe_container(client, "sleep 20") as young:
        probes.remove_leftovers(client)
        young.reload()
        assert young.status == "running"
    # Even what was just made is older than less than nothing, so it counts as left; its label is
    # this test's own, to spare the containers of others.
    monkeypatch.setattr(probes, "LABEL", "swelancer.doctor-test")
    old = client.containers.create("swelancer/base:bookworm", labels={probes.LABEL: "1"})
    monkeypatch.setattr(probes, "LIFETIME_SECONDS", -5)
    probes.remove_leftovers(client)
    assert old.id not in [container["Id"] for container in client.api.containers(all=True)]
