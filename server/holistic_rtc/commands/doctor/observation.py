"""What the checks of a running server look at: its metrics, read twice."""

from collections.abc import Callable, Iterator

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from holistic_rtc.commands.doctor.check import Finding
from holistic_rtc.errors import ServerUnreachableError

OBSERVED_SECONDS = 5.0
PREFIX = "holistic_"


class Figures:
    """
    :param text: metrics in Prometheus' text format.
    :raises ServerUnreachableError: it isn't that.
    """

    def __init__(self, text: str) -> None:
        try:
            families = list(text_string_to_metric_families(text))
        except ValueError as error:
            raise ServerUnreachableError(f"the server's metrics can't be read: {error}") from error
        self._samples: dict[str, list[Sample]] = {}
        for sample in (sample for family in families for sample in family.samples):
            self._samples.setdefault(sample.name.removeprefix(PREFIX), []).append(sample)

    def get(self, name: str, **labels: str) -> float:
        """:return: the sum of all series with these labels; 0 if there is none, as with a server of another version."""
        return sum(sample.value for sample in self.series(name) if labels.items() <= sample.labels.items())

    def series(self, name: str) -> list[Sample]:
        return self._samples.get(name, [])


class Observation:
    """
    Names are those of the metrics, without the prefix.

    :param before: the earlier figures.
    :param now: the later figures.
    """

    def __init__(self, before: Figures, now: Figures) -> None:
        self.now = now
        self._before = before

    def rise(self, name: str, **labels: str) -> float:
        """:return: by how much a counter has risen; 0 if the server was restarted in between."""
        return max(0.0, self.now.get(name, **labels) - self._before.get(name, **labels))

    def quantile(self, name: str, share: float, **labels: str) -> float | None:
        """
        :param share: 0 to 1.
        :return: the bound of the bucket that this share of the observed durations doesn't exceed; None without any.
        """
        count = self.rise(f"{name}_count", **labels)
        if not count:
            return None
        bounds = sorted({sample.labels["le"] for sample in self.now.series(f"{name}_bucket")}, key=float)
        return next(
            float(bound) for bound in bounds if self.rise(f"{name}_bucket", le=bound, **labels) >= share * count
        )


ServerCheck = Callable[[Observation], Iterator[Finding]]
