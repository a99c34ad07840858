"""Frames, and how long they take."""

from collections.abc import Iterator

from holistic_rtc.commands.doctor.check import Finding, Verdict
from holistic_rtc.commands.doctor.observation import OBSERVED_SECONDS, Observation

MAX_DROPPED = 0.5
MAX_DELAY = 0.25
MAX_CONGESTED = 0.2
MORE_CPU = "give it more CPU or fewer sessions (HOLISTIC_MAX_SESSIONS), or HOLISTIC_QUALITY=fast"


def check(observation: Observation) -> Iterator[Finding]:
    received = observation.rise("frames_received_total")
    if not received:
        yield Finding(Verdict.GOOD, "nobody is sending video at the moment")
        return
    tracked, dropped = (observation.rise(f"frames_{name}_total") for name in ("tracked", "dropped"))
    text = f"tracks {tracked / OBSERVED_SECONDS:.0f} of {received / OBSERVED_SECONDS:.0f} frames a second"
    share = min(1.0, dropped / received)
    if share > MAX_DROPPED:
        yield Finding(Verdict.NOTE, f"{text}, and drops {share:.0%}: it can't keep up", MORE_CPU)
    else:
        yield Finding(Verdict.GOOD, f"{text}, and drops {share:.0%}")
    delay = observation.quantile("frame_delay_seconds", 0.95)
    if delay is not None:
        slow = delay > MAX_DELAY
        yield Finding(
            Verdict.NOTE if slow else Verdict.GOOD,
            f"95 % of the frames are annotated within {delay * 1000:g} ms",
            MORE_CPU if slow else "",
        )
    sent, congested = (observation.rise(f"landmark_messages_{name}_total") for name in ("sent", "dropped"))
    if congested > MAX_CONGESTED * (sent + congested):
        yield Finding(
            Verdict.NOTE,
            f"{congested / (sent + congested):.0%} of the landmark messages are dropped: a peer's link is congested",
            "have clients ask for fewer parts, or less video",
        )
