"""The tracking engine: whether it can be loaded, and how many sessions it has CPU for."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict, count_sessions
from holistic_rtc.errors import TrackerError
from holistic_rtc.files.pictures import picture_of_a_person
from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.sessions.capacity import FLOOR_FPS, OVERHEAD, Capacity
from holistic_rtc.tracking import ENGINES, open_model


async def check(machine: Machine) -> AsyncIterator[Finding]:
    if machine.bundle is None:
        return
    try:
        machine.frame_cpu_ms = await _measure(machine.bundle, machine.settings.engine)
    except TrackerError as error:
        yield Finding(Verdict.BAD, str(error), "choose another --engine, or another model bundle")
        return
    yield _judge(machine.capacity, machine.frame_cpu_ms)
    for engine in ENGINES:
        if engine != machine.settings.engine:
            # Another engine may lack what it needs, which does no harm.
            with contextlib.suppress(TrackerError):
                other_ms = await _measure(machine.bundle, engine)
                yield Finding(Verdict.GOOD, f"with --engine {engine} it takes {other_ms:.0f} ms")


async def _measure(bundle: ModelBundle, engine: str) -> float:
    """
    :return: CPU time that tracking a frame takes, in milliseconds.
    :raises TrackerError: the engine can't be loaded.
    """
    thread = TrackerThread(open_model(bundle.path, engine).tracker)
    try:
        return await thread.warm_up(picture_of_a_person())
    finally:
        await thread.close()


def _judge(capacity: Capacity, frame_cpu_ms: float) -> Finding:
    room, admitted = replace(capacity, max_sessions=None).sessions(frame_cpu_ms), capacity.sessions(frame_cpu_ms)
    rate = min(FLOOR_FPS, capacity.limits.cpus * 1000 / (frame_cpu_ms * OVERHEAD))
    text = f"tracking a frame takes {frame_cpu_ms:.0f} ms of CPU: "
    if rate < FLOOR_FPS:
        text += f"one session gets about {rate:.2g} frames a second"
    else:
        text += f"enough for {count_sessions(room)} at {rate:g} frames a second"
    if admitted > room:
        text += f"; the settings admit {count_sessions(admitted)}, with CPU or memory for {room}"
    if admitted > room or rate < FLOOR_FPS:
        return Finding(Verdict.NOTE, text, "give it more CPU or memory, or admit fewer sessions")
    return Finding(Verdict.GOOD, text)
