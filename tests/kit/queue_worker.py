"""``python -m tests.kit.queue_worker URL FOLDER``: the worker of the queue, with trackers that are made by tests."""

import sys
from pathlib import Path

from holistic_rtc.errors import TrackerError
from holistic_rtc.model.quality import Quality
from holistic_rtc.tasks import worker
from holistic_rtc.tracking.engine import Tracker
from tests.kit.persons import Made, Twice

TURNED = {Quality.BALANCED: range(58_000, 60_000), Quality.EXACT: range(118_000, 120_000)}
"""When trackers begin that take one person for the other, by the quality that is asked for"""


class Unreliable(Made):
    """
    :param folder: with a file for a quality, its trackers fail as often as it has characters.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(lambda: Twice(range(0)))
        self._folder = folder

    def tracker(self, quality: Quality = Quality.BALANCED) -> Tracker:
        failures = self._folder / quality
        if failures.exists() and (left := failures.read_text()):
            failures.write_text(left[1:])
            raise TrackerError("the runtime has failed")
        return Twice(TURNED.get(quality, range(0)))


if __name__ == "__main__":
    worker.run(sys.argv[1], lambda: Unreliable(Path(sys.argv[2])), 2)
