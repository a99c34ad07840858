"""Whether a server reaches the Redis of the other nodes, and that of its jobs."""

from collections.abc import Iterator

from holistic_rtc.commands.doctor.check import Finding, Verdict
from holistic_rtc.commands.doctor.observation import Observation

FINDINGS = {
    "redis_connected": (
        Finding(Verdict.GOOD, "the node reaches Redis, and so the others find it"),
        Finding(
            Verdict.NOTE,
            "the node can't reach Redis, so it serves on its own",
            "its log says why; check HOLISTIC_REDIS_URL, and whether Redis runs",
        ),
    ),
    "job_queue_connected": (
        Finding(Verdict.GOOD, "the queue of jobs answers"),
        Finding(
            Verdict.NOTE,
            "the queue of jobs can't be reached, so no file is tracked",
            "check HOLISTIC_JOB_REDIS_URL, and whether Redis runs",
        ),
    ),
}
"""If the metric is 1, and if it is 0"""


def check(observation: Observation) -> Iterator[Finding]:
    for name, (good, bad) in FINDINGS.items():
        # A server without a Redis says NaN, and one of an older version nothing.
        for sample in observation.now.series(name):
            if sample.value in (0, 1):
                yield good if sample.value else bad
