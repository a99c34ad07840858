"""What a request may do."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from holistic_rtc.model.rights import Right

ALL_RIGHTS = frozenset(Right)


@dataclass(frozen=True, slots=True)
class Grant:
    """
    :param name: who has it, for people.
    :param sessions: pattern of the sessions that may be watched and listed, by id or name, and of the names that may be
        published under; with ``*`` and ``?``.
    :param max_seconds: how long a session may run that is started with it; None for no limit.
    :param expires: seconds since 1970; None if it doesn't.
    """

    name: str
    rights: frozenset[Right]
    sessions: str = "*"
    max_seconds: float | None = None
    expires: float | None = None

    def allows(self, right: Right, *labels: str) -> bool:
        """
        :param labels: the id and the name of the session that it is about; none for none in particular.
        """
        return right in self.rights and (not labels or any(fnmatchcase(label, self.sessions) for label in labels))
