"""CPU, memory, event loops and crashes."""

from collections.abc import Iterator

from holistic_rtc.commands.doctor.check import Finding, Verdict
from holistic_rtc.commands.doctor.observation import OBSERVED_SECONDS, Observation

MAX_BUSY = 0.9
MAX_LAG = 0.1
LAGS = {
    "front": "requests and other sessions' messages wait; look for floods in the refusals and the audit log",
    "live": "the machine has too little CPU for its sessions",
}


def check(observation: Observation) -> Iterator[Finding]:
    now = observation.now
    cpus = observation.rise("process_cpu_seconds_total") / OBSERVED_SECONDS
    limit, memory = now.get("cpu_limit_cores"), now.get("process_resident_memory_bytes")
    text = f"uses {cpus:.1f} of {limit:g} CPUs, and {memory / 1e6:,.0f} MB with what processes share"
    if limit and cpus > MAX_BUSY * limit:
        yield Finding(Verdict.NOTE, text, "give it more CPU, or fewer sessions (HOLISTIC_MAX_SESSIONS)")
    else:
        yield Finding(Verdict.GOOD, text)
    for kind, consequence in LAGS.items():
        lag = observation.quantile("event_loop_lag_seconds", 0.95, kind=kind)
        if lag is not None and lag > MAX_LAG:
            yield Finding(Verdict.NOTE, f"the event loop of {kind} processes is up to {lag:g} s late", consequence)
    if failed := now.get("worker_exits_total", how="failed"):
        yield Finding(
            Verdict.NOTE,
            f"{failed:.0f} workers have crashed, or were killed from outside, since the server's start",
            "read its log; if the kernel killed them, give it more memory",
        )
