"""OpenVINO, which computes in bfloat16 on CPUs with AMX."""

import hashlib
import io
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from platformdirs import user_cache_path

from holistic_rtc.atomic import replacing
from holistic_rtc.errors import ModelError, TrackerError
from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.networks import SPECS, Network, Shape, check_shapes
from holistic_rtc.tracking.holistic.pruning import output_names
from holistic_rtc.tracking.holistic.runtimes.runtime import finite


@contextmanager
def _without(module: str) -> Iterator[None]:
    """While in the context, importing ``module`` raises an ImportError."""
    before = sys.modules.get(module)
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
        if before is not None:
            sys.modules[module] = before


# OpenVINO imports its model converter if it can. The converter reports that to Intel, and takes a while to import.
with _without("openvino.tools.ovc"):
    import openvino

logger = logging.getLogger(__name__)

BF16_NETWORKS = frozenset({Network.HAND})
"""docs/engine.md says what the others would gain and lose."""

_DEVICE = "CPU"
_CONFIG = {
    "PERFORMANCE_HINT": "LATENCY",
    "NUM_STREAMS": 1,
    "INFERENCE_NUM_THREADS": 1,
    # Several processes would pin their threads to the same core.
    "ENABLE_CPU_PINNING": False,
}
_UNUSED = 24 * 3600
"""Seconds after which a compiled network that no process has loaded is deleted. Different versions may be in use at the
same time, such as the lite and the full pose network."""
_DIGEST_SIZE = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """Where compiled networks are kept, beside the model bundle."""
    return user_cache_path("holistic-rtc", appauthor=False) / "openvino"


class OpenVINORuntime:
    """
    One compiled network and one thread per network.

    Compiling takes seconds, so compiled networks are kept on disk. Without a writable folder, they are compiled anew
    each time.

    :param networks: the TFLite models.
    :param threads: no effect; each network has one.
    :param amx: whether the CPU has AMX. Without it, bfloat16 is slower than float32, so all networks use float32.
    :param cache: a folder for compiled networks; several processes may share it. By default :func:`cache_folder`.
    :raises ModelError: a network can't be loaded, or has other inputs or outputs than expected. The message names it.
    """

    name = "OpenVINO"
    forks = False
    """See :class:`.litert.LiteRTRuntime`; OpenVINO has threads."""

    def __init__(
        self, networks: Mapping[Network, bytes], threads: int = 1, *, amx: bool = True, cache: Path | None = None
    ) -> None:
        core = openvino.Core()
        cache = cache_folder() if cache is None else cache
        self._loaded = {
            network: _Loaded(core, network, model, "bf16" if amx and network in BF16_NETWORKS else "f32", cache)
            for network, model in networks.items()
        }
        _delete_unused(cache)

    def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
        """See :meth:`.runtime.Runtime.run`."""
        if not self._loaded:
            raise TrackerError("the runtime is closed")
        return self._loaded[network].run(values)

    def close(self) -> None:
        self._loaded = {}


class _Loaded:
    def __init__(self, core: Any, network: Network, model: bytes, precision: str, cache: Path) -> None:
        # Always set: where the CPU knows bfloat16 at all, it is the default.
        config = {**_CONFIG, "INFERENCE_PRECISION_HINT": precision}
        try:
            names = output_names(model)
            compiled = _compiled(core, network, model, config, cache)
            # In the TFLite model's order, whatever OpenVINO's is.
            self._outputs = [compiled.output(name) for name in names]
            self._request = compiled.create_infer_request()
            # A view of the request's own memory.
            self._input: FloatArray = self._request.get_input_tensor().data
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"{network.file} can't be loaded: {_last_line(error)}") from error
        self._network = network

    def run(self, values: FloatArray) -> list[FloatArray]:
        self._input[...] = values
        try:
            self._request.infer(share_outputs=True)
            outputs = [self._request.get_tensor(output).data.copy() for output in self._outputs]
        except RuntimeError as error:
            raise TrackerError(f"{self._network.file} failed: {_last_line(error)}") from error
        return finite(self._network, outputs)


def _compiled(core: Any, network: Network, model: bytes, config: Mapping[str, Any], cache: Path) -> Any:
    """Import the compiled network from the cache, or compile it and put it there."""
    path = cache / f"{network}-{_key(core, model, config)}.blob"
    blob = _read_blob(path)
    if blob is not None:
        try:
            return core.import_model(blob, _DEVICE, dict(config))
        except RuntimeError as error:
            logger.debug("compiling %s again, %s can't be imported: %s", network.file, path, _last_line(error))
    compiled = core.compile_model(_read_model(core, network, model), _DEVICE, dict(config))
    _write_blob(path, compiled.export_model().getvalue())
    return compiled


def _read_model(core: Any, network: Network, model: bytes) -> Any:
    with TemporaryDirectory(prefix="holistic-rtc-") as folder:
        # OpenVINO reads TFLite models only from files.
        path = Path(folder, network.file)
        path.write_bytes(model)
        read = core.read_model(path)
    expected = SPECS[network].input
    # The face's network leaves the number of pictures open.
    if [port.get_partial_shape().compatible(openvino.PartialShape(list(expected))) for port in read.inputs] == [True]:
        read.reshape(list(expected))
    check_shapes(network, [_shape(port) for port in read.inputs], [_shape(port) for port in read.outputs])
    return read


def _shape(port: Any) -> Shape:
    """With -1 for an open size."""
    return tuple(size.get_length() if size.is_static else -1 for size in port.get_partial_shape())


def _key(core: Any, model: bytes, config: Mapping[str, Any]) -> str:
    """Of what a compiled network depends on."""
    cpu = core.get_property(_DEVICE, "FULL_DEVICE_NAME"), core.get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
    return hashlib.sha256(repr((openvino.__version__, cpu, config)).encode() + model).hexdigest()[:32]


def _read_blob(path: Path) -> io.BytesIO | None:
    """
    :return: None if there is none, or a damaged one, with which OpenVINO might crash.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    with suppress(OSError):
        os.utime(path)
    digest, blob = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
    return io.BytesIO(blob) if hashlib.sha256(blob).digest() == digest else None


def _write_blob(path: Path, blob: bytes) -> None:
    """If the folder permits. Other processes see the whole file or none."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_bytes(hashlib.sha256(blob).digest() + blob)


def _delete_unused(cache: Path) -> None:
    for path in cache.glob("*.blob"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _UNUSED:
                path.unlink()


def _last_line(error: Exception) -> str:
    """OpenVINO's messages begin with places in its source."""
    return str(error).strip().rpartition("\n")[2]
