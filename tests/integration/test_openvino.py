"""A session on a CPU with AMX, where OpenVINO is installed."""

import os
from pathlib import Path

import pytest

from holistic_rtc.tracking.holistic.runtimes.choice import cpu_flags, prefers_openvino
from tests.conftest import WITHOUT_OPENVINO
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import serving

CPUINFO = Path("/proc/cpuinfo")

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(
        not CPUINFO.exists() or not prefers_openvino(cpu_flags(CPUINFO.read_text()), installed=True),
        reason="this CPU has no AMX",
    ),
]


async def test_openvino_runs_the_networks_of_forked_workers_one_after_the_other() -> None:
    environment = {"PYTHONPATH": os.environ["PYTHONPATH"].replace(WITHOUT_OPENVINO, "")}
    async with serving(environment=environment) as server:
        for _ in range(2):
            async with publishing(server.url, [PictureTrack(grace_hopper())]) as publisher:
                await publisher.until_landmarks(3)
                worker = await server.busy_worker()
                assert any("openvino" in library.path for library in worker.memory_maps())
            await server.until_sessions(0)
