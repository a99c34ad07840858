"""The tracking engine: whether it can be loaded, and how many sessions it has CPU for."""

from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import replace

from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict, count_sessions
from holistic_rtc.errors import ModelError, TrackerError
from holistic_rtc.files.person import picture_of_a_person
from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.sessions.capacity import FLOOR_FPS, Capacity, session_cpu_ms
from holistic_rtc.settings import Settings
from holistic_rtc.tracking import ENGINES, open_model


async def check(machine: Machine) -> AsyncIterator[Finding]:
    if machine.bundle is None:
        return
    chosen = machine.settings.engine
    try:
        runtime, machine.frame_cpu_ms = await _measure(machine.bundle, chosen, machine.settings)
    except (TrackerError, ModelError) as error:
        yield Finding(Verdict.BAD, str(error), "choose another --engine, or another model bundle")
        return
    yield Finding(Verdict.GOOD, f"the engine {chosen} runs the networks with {runtime}")
    yield _judge(machine.capacity, machine.frame_cpu_ms)
    for engine in ENGINES:
        if engine != chosen:
            # Another engine may lack what it needs, or take other networks, which does no harm.
            with suppress(TrackerError, ModelError):
                _, other_ms = await _measure(machine.bundle, engine, machine.settings)
                times = other_ms / machine.frame_cpu_ms
                text = f"with --engine {engine}, tracking a frame takes {other_ms:.0f} ms, {times:.1f} times as much"
                yield Finding(Verdict.GOOD, text)


async def _measure(bundle: ModelBundle, engine: str, settings: Settings) -> tuple[str, float]:
    """
    :param settings: for the parts and the quality.
    :return: what runs the networks, and the CPU time that tracking a frame takes, in milliseconds.
    :raises TrackerError: the engine can't be loaded.
    :raises ModelError: the bundle has a missing or foreign network.
    """
    with closing(open_model(bundle.path, engine)) as model:
        thread = TrackerThread(model.tracker, parts=settings.parts)
        try:
            frame_cpu_ms = await thread.warm_up(picture_of_a_person(), settings.quality)
        finally:
            await thread.close()
        return model.runtime, frame_cpu_ms


def _judge(capacity: Capacity, frame_cpu_ms: float) -> Finding:
    room, admitted = replace(capacity, max_sessions=None).sessions(frame_cpu_ms), capacity.sessions(frame_cpu_ms)
    rate = min(FLOOR_FPS, capacity.limits.cpus * 1000 / session_cpu_ms(frame_cpu_ms, capacity.max_persons))
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
