"""The compositions, as far as they can be read without Docker."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from holistic_rtc.settings import Settings

ROOT = Path(__file__).parents[2]
Services = dict[str, dict[str, Any]]


def read(path: str) -> Services:
    services: Services = yaml.safe_load((ROOT / path).read_text())["services"]
    return services


SERVICES = read("docker-compose.yml")
NODES = read("deploy/compose.nodes.yml")


@pytest.mark.parametrize(
    "service",
    [*SERVICES.values(), *NODES.values()],
    ids=[*SERVICES, *(f"{name} of several" for name in NODES)],
)
def test_every_container_is_confined(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    # Docker's seccomp profile is in force unless it is named here.
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}
    assert service["pids_limit"]
    assert service["mem_limit"]


def test_the_nodes_are_those_that_haproxy_knows_and_have_their_own_addresses() -> None:
    config = (ROOT / "deploy" / "haproxy.nodes.cfg").read_text()
    nodes = {name: service for name, service in NODES.items() if name.startswith("node")}
    assert len(nodes) == config.count("\n    server node") == 3
    spans = set()
    for name, service in nodes.items():
        assert f"server {name} {name}:8080" in config
        environment = service["environment"]
        assert {variable.removeprefix("HOLISTIC_").lower() for variable in environment} <= Settings.model_fields.keys()
        http, media = service["ports"]
        assert http.endswith(f":{environment['HOLISTIC_NODE_URL'].rpartition(':')[2]}:8080")
        span = service["sysctls"]["net.ipv4.ip_local_port_range"].replace(" ", "-")
        assert media == f"{span}:{span}/udp"
        spans.add(span)
    assert len(spans) == 3
