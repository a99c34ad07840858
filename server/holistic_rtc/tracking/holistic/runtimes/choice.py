"""Which runtime runs the networks."""

import logging
from collections.abc import Mapping, Set
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from holistic_rtc.tracking.holistic.networks import Network
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime

if TYPE_CHECKING:
    from holistic_rtc.tracking.holistic.runtimes.litert import LiteRTRuntime
    from holistic_rtc.tracking.holistic.runtimes.openvino import OpenVINORuntime

logger = logging.getLogger(__name__)

_CPUINFO = Path("/proc/cpuinfo")
_AMX = frozenset({"amx_tile", "amx_bf16"})


def make_runtime(networks: Mapping[Network, bytes], threads: int = 1) -> Runtime:
    """
    :param threads: how many may run a network at a time.
    :raises ModelError: a network can't be loaded, or has other inputs or outputs than expected. The message names it.
    """
    return runtime_class()(networks, threads)


def runtime_class() -> "type[LiteRTRuntime] | type[OpenVINORuntime]":
    """OpenVINO where it is faster: on CPUs with AMX, if its package is installed. LiteRT elsewhere."""
    if prefers_openvino(cpu_flags(_cpuinfo()), installed=_openvino_is_installed()):
        try:
            from holistic_rtc.tracking.holistic.runtimes.openvino import OpenVINORuntime
        except ImportError as error:
            logger.warning("OpenVINO is installed but can't be imported, so LiteRT runs the networks: %s", error)
        else:
            logger.debug("OpenVINO runs the networks, with bfloat16 on AMX")
            return OpenVINORuntime
    from holistic_rtc.tracking.holistic.runtimes.litert import LiteRTRuntime

    logger.debug("LiteRT runs the networks")
    return LiteRTRuntime


def prefers_openvino(flags: Set[str], *, installed: bool) -> bool:
    """
    :param flags: of the CPU, as :func:`cpu_flags` gives them.
    :param installed: whether the package is.
    """
    return installed and flags >= _AMX


def cpu_flags(cpuinfo: str) -> frozenset[str]:
    """
    The first CPU's flags.

    :param cpuinfo: the text of Linux's ``/proc/cpuinfo``. On ARM, where the line has another name, there are none.
    """
    for line in cpuinfo.splitlines():
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            return frozenset(flags.split())
    return frozenset()


def _cpuinfo() -> str:
    try:
        return _CPUINFO.read_text(errors="replace")
    except OSError:
        return ""


def _openvino_is_installed() -> bool:
    spec = find_spec("openvino")
    # Any folder of that name is a package, too, but has no origin.
    return spec is not None and spec.origin is not None
