import json
from collections import Counter

import pytest

from holistic_rtc.errors import Code
from holistic_rtc.log.lines import Json
from holistic_rtc.log.repeats import Repeats
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.monitoring import audit
from holistic_rtc.sessions.events import CredentialGiven, Event, Joined, Left, Refused, Role, SnapshotTaken


@pytest.fixture(autouse=True)
def _at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "holistic_rtc.audit")


def refusal(detail: str = "full", path: str = "/whip", session: str | None = None) -> Refused:
    return Refused(
        code=Code.SERVER_FULL, detail=detail, address="2001:db8::1", method="POST", path=path, session=session
    )


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            Joined(session="a1", role=Role.SUBSCRIBER, address="192.0.2.1", trace_id="4bf9"),
            "audit join role=subscriber session=a1 trace_id=4bf9 address=192.0.2.1",
        ),
        (
            Left(
                session="a1",
                role=Role.PUBLISHER,
                address="192.0.2.1",
                reason=EndReason.PEER_SILENT,
                message="nothing came",
                seconds=63.24,
            ),
            "audit end role=publisher session=a1 reason=peer_silent seconds=63.2 address=192.0.2.1",
        ),
        (
            refusal("the server is full", session="a1"),
            "audit refusal code=server_full method=POST path=/whip session=a1 address=2001:db8::1 "
            'detail="the server is full"',
        ),
    ],
)
def test_each_event_is_one_line_with_its_address(event: Event, line: str, caplog: pytest.LogCaptureFixture) -> None:
    audit.log(event)
    assert caplog.record_tuples == [("holistic_rtc.audit", 20, line)]


def test_the_values_are_fields_of_a_json_log(caplog: pytest.LogCaptureFixture) -> None:
    audit.log(refusal("the server is full", session="a1"))
    document = json.loads(Json().format(caplog.records[0]))
    assert document.items() >= {
        ("event", "audit refusal"),
        ("peer", "2001:db8::1"),
        ("session", "a1"),
        ("code", "server_full"),
        ("method", "POST"),
        ("path", "/whip"),
        ("detail", "the server is full"),
    }


def test_no_join_or_end_is_left_out_and_refusals_are_summed_up(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(500):
        audit.log(Joined(session="a1", role=Role.SUBSCRIBER, address="192.0.2.1"))
        audit.log(refusal())
    repeats = Repeats()
    logged = Counter(vars(record)["event"] for record in caplog.records if repeats.admit(record, 0.0))
    assert logged == {"audit join": 500, "audit refusal": audit.MAX_REFUSALS}


@pytest.mark.parametrize("event", [SnapshotTaken(1.0), CredentialGiven()])
def test_other_events_are_not_part_of_the_audit_log(event: Event, caplog: pytest.LogCaptureFixture) -> None:
    audit.log(event)
    assert not caplog.messages


@pytest.mark.parametrize(
    "hostile", ["a\naudit join role=publisher", 'a" address=127.0.0.1', "a\x1b[2J\r", "a\u2028b", "a=b", "a b", "\\"]
)
def test_a_strangers_string_stays_one_value_of_one_line(hostile: str, caplog: pytest.LogCaptureFixture) -> None:
    audit.log(refusal(path=f"/{hostile}"))
    [line] = caplog.messages
    assert line.isprintable()
    assert line.isascii()
    before, quoted, after = line.split('"')
    assert before.endswith("path=")
    assert after == " address=2001:db8::1 detail=full"
    assert quoted.encode().decode("unicode_escape") == f"/{hostile}"


def test_a_long_value_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    audit.log(refusal(detail="x" * 100_000, path="/" + "\n" * 100_000))
    assert len(caplog.messages[0]) < 1000
