"""What becomes of a file that a server tracks."""

from enum import StrEnum


class JobState(StrEnum):
    UPLOADING = "uploading"
    WAITING = "waiting"
    TRACKING = "tracking"
    DONE = "done"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED)


class JobResult(StrEnum):
    ANNOTATED = "annotated"
    """The picture or the video, with the landmarks drawn on it"""
    LANDMARKS = "landmarks"
    """JSON lines, one for each frame and person"""
