"""deploy/kubernetes.yaml, as far as it can be read without a cluster."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from holistic_rtc.settings import Settings, load_settings

MANIFEST = Path(__file__).parents[2] / "deploy" / "kubernetes.yaml"


@pytest.fixture
def pod() -> dict[str, Any]:
    (deployment,) = (part for part in yaml.safe_load_all(MANIFEST.read_text()) if part["kind"] == "Deployment")
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return spec


@pytest.fixture
def settings(pod: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for variable in pod["containers"][0]["env"]:
        assert variable["name"].removeprefix("HOLISTIC_").lower() in Settings.model_fields
        monkeypatch.setenv(variable["name"], variable.get("value", "of a secret"))
    return load_settings()


def test_the_server_takes_its_environment(settings: Settings) -> None:
    assert settings.turn_urls
    assert settings.turn_secret is not None


def test_it_is_confined(pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_it_is_given_the_time_to_drain_and_to_end(pod: dict[str, Any], settings: Settings) -> None:
    (_, seconds) = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert pod["terminationGracePeriodSeconds"] >= int(seconds) + settings.drain_seconds + 10


def test_probes_ask_what_the_server_answers(pod: dict[str, Any]) -> None:
    container = pod["containers"][0]
    paths = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert paths == {"startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {
        "http": Settings.model_fields["port"].default
    }
