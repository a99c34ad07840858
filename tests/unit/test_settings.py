from pathlib import Path

import pytest

from holistic_rtc.errors import ConfigError
from holistic_rtc.model.parts import Part
from holistic_rtc.settings import IceServer, exports_traces, load_settings, unknown_variables


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith(("HOLISTIC_", "OTEL_")):
            monkeypatch.delenv(name)


def test_the_defaults_serve_this_machine_only() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.model, settings.pose_model) == ("127.0.0.1", 8080, None, "lite")
    assert settings.ice_servers == []
    assert settings.cors_origins == []


def test_the_environment_goes_before_the_defaults_and_options_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOLISTIC_PORT", "9000")
    monkeypatch.setenv("HOLISTIC_MODEL", "/some/bundle.task")
    monkeypatch.setenv("HOLISTIC_CORS_ORIGINS", '["https://example.org"]')
    monkeypatch.setenv("HOLISTIC_MEMORY", "1.5GB")
    settings = load_settings()
    assert settings.memory == 1_500_000_000
    assert (settings.port, settings.model) == (9000, Path("/some/bundle.task"))
    assert settings.cors_origins == ["https://example.org"]
    assert load_settings(port=9001).port == 9001


def test_parts_are_named_with_commas_between_them_and_by_default_all_are_tracked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().parts == frozenset(Part)
    monkeypatch.setenv("HOLISTIC_PARTS", "pose, left_hand")
    assert load_settings().parts == {Part.POSE, Part.LEFT_HAND}
    assert load_settings(parts="rig").parts == {Part.RIG}
    with pytest.raises(
        ConfigError, match=r"^--parts can't be 'pose,nose': .*unknown part 'nose'; known are pose, pose_w"
    ):
        load_settings(parts="pose,nose")
    with pytest.raises(ConfigError, match="at least one part"):
        load_settings(parts=",")


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLISTIC_MODEL", "")
    monkeypatch.setenv("HOLISTIC_PORT", "")
    assert (load_settings().model, load_settings().port) == (None, 8080)


def test_ice_servers_are_given_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "HOLISTIC_ICE_SERVERS",
        '[{"urls": ["turn:turn.example.org"], "username": "u", "credential": "c"}, {"urls": ["stun:example.org"]}]',
    )
    assert load_settings().ice_servers == [
        IceServer(urls=["turn:turn.example.org"], username="u", credential="c"),
        IceServer(urls=["stun:example.org"]),
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "http", "^HOLISTIC_PORT must be a whole number from 0 to 65535, not 'http'$"),
        ("PORT", "65536", "^HOLISTIC_PORT must be a whole number from 0 to 65535, not '65536'$"),
        ("MAX_SESSIONS", "0", "^HOLISTIC_MAX_SESSIONS must be a whole number from 1 on, not '0'$"),
        ("MAX_SESSIONS", "1.5", "^HOLISTIC_MAX_SESSIONS must be a whole number from 1 on, not '1.5'$"),
        ("CPUS", "0", "^HOLISTIC_CPUS must be a number above 0, not '0'$"),
        ("DRAIN_SECONDS", "soon", "^HOLISTIC_DRAIN_SECONDS must be a number from 0 on, not 'soon'$"),
        ("JOB_MAX_BYTES", "0", "^HOLISTIC_JOB_MAX_BYTES must be a whole number from 1 on, not '0'$"),
        ("JOB_MAX_BYTES", "much", "HOLISTIC_JOB_MAX_BYTES can't be 'much': "),
        ("AUDIO", "perhaps", "^HOLISTIC_AUDIO must be true or false, not 'perhaps'$"),
        ("WARM", "0", "HOLISTIC_WARM"),
        ("PARTS", "pose,nose", "HOLISTIC_PARTS can't be 'pose,nose': .*known are pose, pose_world"),
        ("POSE_MODEL", "heavy", "^HOLISTIC_POSE_MODEL must be lite or full, not 'heavy'$"),
        ("LOG_LEVEL", "LOUD", "must be DEBUG or INFO or WARNING or ERROR, not 'LOUD'"),
        ("ICE_SERVERS", '[{"urls": []}]', "HOLISTIC_ICE_SERVERS"),
        ("NODE_URL", "node1.example.org", "write https://HOST:PORT"),
        ("NODE_URL", "https://node1.example.org/?a", "write https://HOST:PORT"),
        ("ICE_SERVERS", "stun:example.org", "HOLISTIC_ICE_SERVERS must be a JSON list"),
        ("CORS_ORIGINS", "https://example.org", "HOLISTIC_CORS_ORIGINS must be a JSON list"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_variable(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"HOLISTIC_{name}", value)
    with pytest.raises(ConfigError, match=words):
        load_settings()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('[{"username": "u", "credential": "hunter2"}]', "HOLISTIC_ICE_SERVERS.0.urls: Field required"),
        ('{"urls": ["turn:x"], "credential": "hunter2"}', "HOLISTIC_ICE_SERVERS: .*list"),
        ('[{"urls": ["turn:x"], "credential": ["hunter2"]}]', "HOLISTIC_ICE_SERVERS.0.credential: .*string"),
    ],
)
def test_a_credential_is_not_told_with_what_is_wrong_about_it(
    value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLISTIC_ICE_SERVERS", value)
    with pytest.raises(ConfigError, match=words) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_the_password_of_redis_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLISTIC_REDIS_URL", "http://:hunter2@redis")
    with pytest.raises(ConfigError, match="HOLISTIC_REDIS_URL: .*redis://HOST") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_variables_that_are_no_settings_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLISTIC_MAX_SESSIONS", "3")
    monkeypatch.setenv("HOLISTIC_MAX_SESSION", "3")
    monkeypatch.setenv("holistic_port", "9000")
    assert unknown_variables() == ["HOLISTIC_MAX_SESSION"]


def test_an_option_that_cannot_be_is_named_as_it_was_given() -> None:
    with pytest.raises(ConfigError, match="^--max-sessions must be a whole number from 1 on, not 0$"):
        load_settings(max_sessions=0)


@pytest.mark.parametrize(
    ("variables", "exported"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "mirror"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_traces_are_exported_if_opentelemetrys_variables_name_an_endpoint(
    variables: dict[str, str], exported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert exports_traces() is exported


@pytest.mark.parametrize(
    ("given", "path"), [("", ""), ("/", ""), ("/track", "/track"), ("/a-1/b.c/", "/a-1/b.c"), ("/..a", "/..a")]
)
def test_a_root_path_has_a_slash_at_its_start_only(given: str, path: str) -> None:
    assert load_settings(root_path=given).root_path == path


@pytest.mark.parametrize(
    "given", ["tracking", "/a b", "//", "/a//b", '/"><script>', "/a?b", "/a/../b", "/.", "https://example.org/a"]
)
def test_what_is_no_path_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match=r"--root-path can.t be .*: write"):
        load_settings(root_path=given)
