"""Lost packets."""

from collections.abc import Iterator

from holistic_rtc.commands.doctor.check import Finding, Verdict
from holistic_rtc.commands.doctor.observation import Observation

MAX_LOST = 0.05
WAYS = {"in": "from", "out": "to"}


def check(observation: Observation) -> Iterator[Finding]:
    for direction, way in WAYS.items():
        packets = observation.rise("media_packets_total", direction=direction)
        if not packets:
            continue
        lost = observation.rise("media_packets_lost_total", direction=direction)
        megabits = observation.now.get("media_bitrate_bits_per_second", direction=direction) / 1e6
        text = f"{megabits:.1f} Mbit/s {way} peers, {lost / packets:.1%} of the packets lost"
        if lost > MAX_LOST * packets:
            yield Finding(
                Verdict.NOTE, text, "look at the uplinks of the server and of the clients; the bit rate may exceed them"
            )
        else:
            yield Finding(Verdict.GOOD, text)
