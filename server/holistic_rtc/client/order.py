"""Which landmark messages still matter: the channel delivers them in any order."""


class FrameOrder:
    """Remembers the newest frame of each track."""

    def __init__(self) -> None:
        self._newest: dict[int, tuple[int, set[int]]] = {}
        """The greatest `seq` of each track, and the people received of that frame"""

    def accepts(self, track: int, seq: int, person: int) -> bool:
        """
        :return: False for a message of a frame before the newest one of its track, and for a repeated one.
        """
        newest, people = self._newest.get(track, (-1, set()))
        if seq > newest:
            self._newest[track] = seq, {person}
            return True
        if seq < newest or person in people:
            return False
        people.add(person)
        return True
