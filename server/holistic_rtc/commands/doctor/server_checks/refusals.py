"""Why requests were refused."""

from collections.abc import Iterator

from holistic_rtc.commands.doctor.check import Finding, Verdict
from holistic_rtc.commands.doctor.observation import Observation

FULL = "give it more CPU and memory, or add a server"
CODES = {
    "server_full": ("because the server was full", FULL),
    "session_full": ("because a session had its maximum number of subscribers", "use several sessions, or an SFU"),
    "snapshots_full": (
        "because too many pictures were pending",
        "raise HOLISTIC_SNAPSHOT_WORKERS if there is CPU left",
    ),
    "no_free_port": (
        "because no UDP port was left",
        "run `holistic-rtc doctor` on the server, which says how many it needs",
    ),
    "not_ready": ("because no worker was ready", "raise HOLISTIC_WARM if many peers come at once"),
    "busy": ("because a worker was too slow to answer", FULL),
    "internal": ("because the server failed", "read its log, and report the bug"),
    "snapshot_failed": ("because tracking a picture crashed", "read its log, and report the bug"),
    "snapshot_timeout": ("because tracking a picture took too long", FULL),
    "unauthorized": ("for a missing or wrong token", "if these weren't yours, look for the addresses in the audit log"),
    "bad_offer": ("for a malformed offer", "if these weren't yours, look for the addresses in the audit log"),
}


def check(observation: Observation) -> Iterator[Finding]:
    found = False
    for code, (words, remedy) in CODES.items():
        if count := observation.now.get("refusals_total", code=code):
            found = True
            recent = observation.rise("refusals_total", code=code)
            latest = f", {recent:.0f} of them in the last seconds" if recent else ""
            yield Finding(Verdict.NOTE, f"refused {count:.0f} requests {words}{latest}", remedy)
    if not found:
        yield Finding(Verdict.GOOD, "no request was refused for a reason that needs attention")
