"""The Helm chart, rendered by Helm, and Kubernetes' manifests, checked against Kubernetes' schemas."""

import re
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml

from holistic_rtc.monitoring.metrics import Metrics
from holistic_rtc.settings import Settings, load_settings

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm" / "holistic-rtc"
KUBERNETES = "1.34"

Manifest = dict[str, Any]

VARIANTS: dict[str, Manifest] = {
    "the defaults": {},
    "everything": {
        "autoscaling": {"enabled": True, "labels": 'namespace="live"'},
        "coturn": {"enabled": True, "env": {"TURN_EXTERNAL_IP": "192.0.2.1"}},
        "ingress": {"enabled": True, "annotations": {"a.example/b": "c"}},
        "jobs": {"claim": "jobs", "workers": 2, "env": {"HOLISTIC_POSE_MODEL": "full"}},
        "service": {"annotations": {"a.example/b": "c"}},
        "nodeSelector": {"media": "yes"},
        "tolerations": [{"key": "media", "operator": "Exists"}],
    },
    "another Redis, and no TLS": {
        "redis": {"enabled": False},
        "tlsSecret": "",
        "nodeUrl": "http://$(HOST_IP):8080",
        "publicUrl": "http://rtc.example.org",
        "ingress": {"enabled": True},
    },
}


def render(values: Manifest) -> dict[str, Manifest]:
    """:return: the manifests by kind and name."""
    files = helm_python.Chart.load(CHART).render(values, name="rtc", namespace="live")
    parts = [part for text in files.values() for part in yaml.safe_load_all(text) if part]
    return {f"{part['kind']} {part['metadata']['name']}": part for part in parts}


@pytest.fixture(params=[*VARIANTS.values()], ids=[*VARIANTS])
def manifests(request: pytest.FixtureRequest) -> dict[str, Manifest]:
    return render(request.param)


@pytest.fixture
def pod(manifests: dict[str, Manifest]) -> Manifest:
    spec: Manifest = manifests["Deployment rtc"]["spec"]["template"]["spec"]
    return spec


def test_the_chart_has_no_errors() -> None:
    assert not helm_python.lint(CHART)["errors"]


def test_what_is_rendered_is_valid(manifests: dict[str, Manifest]) -> None:
    assert {"Deployment rtc", "Service rtc", "PodDisruptionBudget rtc"} <= manifests.keys()
    for manifest in manifests.values():
        if manifest["kind"] != "ScaledObject":  # KEDA's own kind
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_the_manifest_without_helm_is_valid() -> None:
    for manifest in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_only_what_is_enabled_is_there() -> None:
    plain, everything = render(VARIANTS["the defaults"]), render(VARIANTS["everything"])
    assert everything.keys() - plain.keys() == {
        "Deployment rtc-coturn",
        "Deployment rtc-worker",
        "ScaledObject rtc",
        "Ingress rtc",
    }
    assert {"Deployment rtc-redis", "Service rtc-redis"} <= plain.keys()
    assert not any("redis" in name for name in render(VARIANTS["another Redis, and no TLS"]))
    # Otherwise, each upgrade would undo what the autoscaler has done.
    assert "replicas" not in everything["Deployment rtc"]["spec"]


def test_servers_are_added_when_many_places_are_taken() -> None:
    [scaled] = [part for part in render(VARIANTS["everything"]).values() if part["kind"] == "ScaledObject"]
    spec = scaled["spec"]
    assert spec["scaleTargetRef"] == {"name": "rtc"}
    hpa = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "keda-hpa-rtc"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "rtc"},
            "minReplicas": spec["minReplicaCount"],
            "maxReplicas": spec["maxReplicaCount"],
            **spec["advanced"]["horizontalPodAutoscalerConfig"],
        },
    }
    kubernetes_validate.validate(hpa, KUBERNETES, strict=True)
    [trigger] = spec["triggers"]
    query = trigger["metadata"]["query"]
    assert set(re.findall(r"holistic_\w+", query)) <= {metric.name for metric in Metrics().collect()}
    assert query.count('{namespace="live"}') == 2
    assert trigger["metadata"]["threshold"] == "0.7"


def test_the_server_takes_its_environment(pod: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, str] = {}
    for variable in pod["containers"][0]["env"]:
        name, value = variable["name"], variable.get("value")
        if value is None:
            value = "redis://redis" if name == "HOLISTIC_REDIS_URL" else "of a secret, 32 characters at least"
        for other, text in known.items():
            value = value.replace(f"$({other})", text)
        assert "$(" not in value
        known[name] = {"NODE_NAME": "node-1", "HOST_IP": "192.0.2.1"}.get(name, value)
        if name.startswith("HOLISTIC_"):
            assert name.removeprefix("HOLISTIC_").lower() in Settings.model_fields
            monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.node_url in ("https://node-1.rtc.example.org:8443", "http://192.0.2.1:8080")
    assert settings.hosts == ["rtc.example.org"]
    assert settings.redis_url is not None
    assert pod["containers"][0]["ports"][0]["hostPort"] == settings.port
    assert pod["terminationGracePeriodSeconds"] >= 5 + settings.drain_seconds + 10


def test_every_container_is_confined(manifests: dict[str, Manifest]) -> None:
    for name, manifest in manifests.items():
        if name.startswith("Deployment"):
            spec = manifest["spec"]["template"]["spec"]
            assert spec["securityContext"]["runAsNonRoot"] is True
            assert spec["automountServiceAccountToken"] is False
            assert spec["containers"][0]["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_workers_share_the_queue_and_the_files_with_the_servers() -> None:
    manifests = render(VARIANTS["everything"])
    server, worker = (manifests[f"Deployment {name}"]["spec"]["template"]["spec"] for name in ("rtc", "rtc-worker"))
    for pod in (server, worker):
        assert {"name": "jobs", "persistentVolumeClaim": {"claimName": "jobs"}} in pod["volumes"]
        environment = {variable["name"]: variable.get("value") for variable in pod["containers"][0]["env"]}
        assert environment["HOLISTIC_JOB_REDIS_URL"] == "$(HOLISTIC_REDIS_URL)"
        assert pod["securityContext"]["runAsUser"] == 10001
    assert {"name": "HOLISTIC_POSE_MODEL", "value": "full"} in worker["containers"][0]["env"]
    mounted = {"name": "jobs", "mountPath": "/data"}
    assert mounted in worker["containers"][0]["volumeMounts"]
    assert mounted in server["containers"][0]["volumeMounts"]
    assert {"name": "HOLISTIC_JOB_FOLDER", "value": "/data"} in server["containers"][0]["env"]


def test_the_services_lead_to_the_pods(manifests: dict[str, Manifest]) -> None:
    for name, manifest in manifests.items():
        kind, _, of = name.partition(" ")
        if kind == "Service":
            labels = manifests[f"Deployment {of}"]["spec"]["template"]["metadata"]["labels"]
            assert manifest["spec"]["selector"] == labels
