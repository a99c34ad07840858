"""Places, and why sessions ended."""

from collections.abc import Iterator

from holistic_rtc.commands.doctor.check import Finding, Verdict
from holistic_rtc.commands.doctor.observation import Observation

MANY = 0.3
"""Share of the sessions that ended, from which a reason is worth a note"""
ENOUGH = 5
"""Sessions that must have ended for a share to mean something"""

REASONS = {
    "ice_failed": (
        "couldn't connect, or lost their connection",
        "open the media ports (UDP) to clients, set HOLISTIC_ADVERTISE_IP, and set up a TURN server",
    ),
    "peer_silent": (
        "fell silent",
        "look at the network of the clients; a closed laptop or a hidden tab does this, too",
    ),
    "send_failed": (
        "couldn't receive what they asked for",
        "look at what these clients ask for; the log has the error",
    ),
    "video_too_large": (
        "sent more pixels than the server takes",
        "have clients send a smaller video, or raise HOLISTIC_MAX_FRAME_PIXELS",
    ),
    "worker_failed": ("ended because the tracker failed", "read the log, and report the bug"),
    "process_ended": ("ended because their process crashed", "read the log: a crash, or too little memory"),
}


def check(observation: Observation) -> Iterator[Finding]:
    now = observation.now
    places, taken, viewers = (int(now.get(name)) for name in ("session_places", "session_places_taken", "subscribers"))
    yield Finding(Verdict.GOOD, f"{taken} of {places} places are taken, with {viewers} subscribers")
    ended = now.get("ends_total", role="publisher")
    for reason, (words, remedy) in REASONS.items():
        count = now.get("ends_total", role="publisher", reason=reason)
        crashed = reason in ("worker_failed", "process_ended")
        if count and (crashed or (ended >= ENOUGH and count / ended >= MANY)):
            yield Finding(
                Verdict.NOTE, f"{count:.0f} of {ended:.0f} sessions {words}, since the server's start", remedy
            )
