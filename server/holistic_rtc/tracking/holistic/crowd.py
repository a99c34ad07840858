"""Tracks several persons: who is new, who has gone, and who is who."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from itertools import combinations

from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import FloatArray, HolisticResult, Image
from holistic_rtc.tracking.holistic import people
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.gates import Gates
from holistic_rtc.tracking.holistic.people import Candidate, PeopleDetector
from holistic_rtc.tracking.holistic.person import Person, PersonTracker
from holistic_rtc.tracking.holistic.regions import whole
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime
from holistic_rtc.tracking.holistic.stages import Stage, needed

MIN_PRESENCE = 0.99
"""Of the pose of somebody new: people have more at first sight, and most mugs, rockets and patterns less"""
MIN_PRESENCE_OTHERWISE = 0.8
"""Of somebody small or blurred, whose detection and face or hand are beyond doubt"""
SURE = 0.65
"""The detector's score of somebody new that is beyond doubt"""
NEAR = 1.0
"""How far somebody who has just gone may have moved, in units of the trunk's length, to need no proof"""
LOOK_EVERY = 10
"""Frames between looks for further people"""
SEARCH_MS = 1000
"""How long to look at every frame for somebody who has gone, and to believe that it is the same without a face"""
MEMORY_MS = 3000
"""How long to remember somebody who has gone"""
DOUBLE = 0.25
"""Two trackers are on one person when their trunks are closer than this, in units of their length; closer than
:data:`.people.SAME` if one of them is new"""
NEW = 30
"""Frames"""
SIMILAR = 0.6
"""The least similarity of the clothes of somebody who comes back"""
MAX_NUMBER = 255
"""Of a person in a message"""
LEARNING = 0.1
"""Weight of the clothes in this frame"""


_PROOF = frozenset({Stage.POSE, Stage.FACE, Stage.LEFT_HAND, Stage.RIGHT_HAND})
"""What is looked for in somebody new who is in doubt, wanted or not"""


@dataclass(slots=True)
class _Member:
    """
    Somebody who is here, or was lately.

    :param seen_ms: time of the newest frame with the person.
    """

    tracker: PersonTracker
    seen_ms: int = 0
    trunk: FloatArray | None = None
    appearance: FloatArray | None = None
    age: int = 0
    """Frames"""


class Crowd:
    """
    Tracks up to some number of persons in a stream of frames. The first is 0. Somebody new has the lowest number that
    nobody has who is here, or was here lately.
    """

    def __init__(self, runtime: Runtime, gates: Gates) -> None:
        self._runtime = runtime
        self._gates = gates
        self._detector = PeopleDetector(runtime)
        self._here: dict[int, _Member] = {}
        self._gone: dict[int, _Member] = {}
        self._size: tuple[int, int] | None = None
        self._frames = 0
        self._looks = 0
        self._doubts = False
        """Whether the last person that seemed to be new was not believed"""
        self._seen_ms = 0
        """Time of the newest frame with anybody, or of the first frame"""

    def track(
        self, image: Image, timestamp_ms: int, parts: Set[Part], max_persons: int, *, thorough: bool = False
    ) -> dict[int, HolisticResult]:
        """
        Find the persons in the next frame.

        :param image: ``(height, width, 3)`` uint8 RGB; its size may differ from frame to frame.
        :param timestamp_ms: greater than that of the previous frame.
        :param parts: what is wanted; may differ from frame to frame. What isn't wanted may be missing in the results.
        :param thorough: whether to look everywhere at once.
        :raises TrackerError: the runtime failed.
        """
        frame = Frame(image, timestamp_ms)
        self._adapt(frame.width, frame.height)
        for number in sorted(self._here)[max_persons:]:
            self._lose(number)
        stages = needed(parts)
        if not stages:
            for number in list(self._here):
                self._lose(number)
            return {}
        if max_persons > 1:
            stages |= {Stage.POSE}  # to tell people apart
        if self._here or not self._frames:
            self._seen_ms = timestamp_ms
        missing = max_persons - len(self._here)
        candidates = self._look(frame, max_persons, thorough) if missing else []
        persons = {}
        for number, member in list(self._here.items()):
            person = member.tracker.track(frame, stages)
            if person is None:
                self._lose(number)
            else:
                persons[number] = person
                self._remember(frame, member, person)
        if max_persons > 1:
            self._separate(frame, persons)
            persons = self._renumber(frame, persons)
        for candidate in candidates[:missing] if max_persons == 1 else candidates:
            if len(self._here) < max_persons and not self._knows(candidate):
                proof = stages | _PROOF if thorough else stages
                persons.update(self._welcome(frame, candidate, proof, max_persons))
        self._frames += 1
        return {number: persons[number].result(frame) for number in sorted(persons)}

    def set_gates(self, gates: Gates) -> None:
        """Use other gates from the next frame on."""
        self._gates = gates
        for member in self._members():
            member.tracker.set_gates(gates)

    def reset(self) -> None:
        """Forget everybody. What was loaded stays."""
        self._here, self._gone = {}, {}
        self._size = None
        self._frames = self._looks = self._seen_ms = 0
        self._doubts = False

    def _look(self, frame: Frame, max_persons: int, thorough: bool) -> list[Candidate]:
        picture = whole(frame.width, frame.height)
        if max_persons > 1:
            tiles = people.tiles(frame.width, frame.height)
            if thorough:
                return self._detector.find(frame, [picture, *tiles])
            if self._frames % LOOK_EVERY == 0:
                self._looks += 1
                return self._detector.find(frame, [picture, *tiles[self._looks % max(len(tiles), 1) :][:1]])
            searched = any(frame.timestamp_ms - member.seen_ms < SEARCH_MS for member in self._gone.values())
            if self._here and not searched:
                return []
        idle = not self._here and frame.timestamp_ms - self._seen_ms >= SEARCH_MS
        if idle and self._frames % self._gates.find_person_every:
            return []
        return self._detector.find(frame, [picture])

    def _knows(self, candidate: Candidate) -> bool:
        return any(
            member.trunk is not None and people.distance(candidate.trunk, member.trunk) < people.SAME
            for member in self._here.values()
        )

    def _welcome(
        self, frame: Frame, candidate: Candidate, stages: frozenset[Stage], max_persons: int
    ) -> dict[int, Person]:
        """
        :return: the person by number, if it is one.
        """
        number = 0 if max_persons == 1 else self._recognise(frame, candidate)
        member = self._gone.pop(number, None) or _Member(PersonTracker(self._runtime, self._gates))
        known = (
            member.trunk is not None
            and frame.timestamp_ms - member.seen_ms < SEARCH_MS
            and people.distance(candidate.trunk, member.trunk) < NEAR
        )
        proof = frozenset({Stage.POSE}) if candidate.score >= SURE and not self._doubts else _PROOF
        person = member.tracker.start(frame, candidate.region, stages if known else stages | proof)
        self._doubts = person is None or not (known or _is_believed(candidate, person))
        if person is None or self._doubts:
            member.tracker.lose()
            self._gone[number] = member
            return {}
        self._here[number] = member
        self._remember(frame, member, person)
        return {number: person}

    def _recognise(self, frame: Frame, candidate: Candidate) -> int:
        """The number of somebody who has gone and looks the same, or a free one."""
        self._gone = self._recent(frame)
        clothes = people.appearance(frame.image, candidate.trunk)
        alike = {
            number: people.similarity(clothes, member.appearance)
            for number, member in self._gone.items()
            if member.appearance is not None
        }
        best = max(alike, key=alike.__getitem__, default=None)
        if best is not None and alike[best] >= SIMILAR:
            return best
        oldest = min(self._gone, key=lambda number: self._gone[number].seen_ms, default=MAX_NUMBER)
        free = (number for number in range(MAX_NUMBER + 1) if number not in self._here and number not in self._gone)
        return next(free, oldest)

    def _remember(self, frame: Frame, member: _Member, person: Person) -> None:
        member.seen_ms = frame.timestamp_ms
        member.age += 1
        if person.pose is None:
            return
        member.trunk = people.trunk(person.pose.points)
        if member.appearance is None:
            member.appearance = people.appearance(frame.image, member.trunk)

    def _renumber(self, frame: Frame, persons: dict[int, Person]) -> dict[int, Person]:
        """
        A tracker may have moved to somebody who walked by: give it that person's number.

        :return: the persons by their numbers.
        """
        for number in sorted(persons):
            member = self._here[number]
            if member.age % LOOK_EVERY or member.trunk is None or member.appearance is None or self._is_crowded(member):
                continue
            clothes = people.appearance(frame.image, member.trunk)
            known = self._recent(frame) | self._here
            alike = {other: _resembles(known[other], clothes) for other in known}
            best = max(alike, key=alike.__getitem__)
            if alike[number] < SIMILAR <= alike[best]:
                self._exchange(frame, number, best)
                persons = {{number: best, best: number}.get(key, key): person for key, person in persons.items()}
            else:
                member.appearance = LEARNING * clothes + (1 - LEARNING) * member.appearance
        return persons

    def _exchange(self, frame: Frame, number: int, other: int) -> None:
        member = self._here.pop(number)
        group = self._here if other in self._here else self._gone
        known = group.pop(other)
        member.appearance, known.appearance = known.appearance, member.appearance
        known.seen_ms = frame.timestamp_ms
        self._here[other] = member
        group[number] = known

    def _recent(self, frame: Frame) -> dict[int, _Member]:
        """Who has gone, but not long ago."""
        return {
            number: member
            for number, member in self._gone.items()
            if frame.timestamp_ms - member.seen_ms <= MEMORY_MS and member.trunk is not None
        }

    def _is_crowded(self, member: _Member) -> bool:
        """Whether somebody else may be in front of the person."""
        return any(
            other is not member
            and other.trunk is not None
            and member.trunk is not None
            and people.distance(other.trunk, member.trunk) < 1
            for other in self._here.values()
        )

    def _separate(self, frame: Frame, persons: dict[int, Person]) -> None:
        """Both trackers end up on the one of two persons that walks in front: keep the tracker that knows it."""
        for first, second in combinations(sorted(persons), 2):
            if first in persons and second in persons and (stranger := self._double(frame, first, second)) is not None:
                del persons[stranger]
                self._lose(stranger)

    def _double(self, frame: Frame, first: int, second: int) -> int | None:
        """
        :return: which of two trackers is on the other one's person.
        """
        one, other = self._here[first], self._here[second]
        if one.trunk is None or other.trunk is None:
            return None
        distance = people.distance(one.trunk, other.trunk)
        newer = first if one.age < other.age else second
        if self._here[newer].age < NEW and distance < people.SAME:
            return newer
        if distance > DOUBLE:
            return None
        clothes = people.appearance(frame.image, one.trunk)
        return second if _resembles(one, clothes) >= _resembles(other, clothes) else first

    def _lose(self, number: int) -> None:
        member = self._here.pop(number)
        member.tracker.lose()
        self._gone[number] = member

    def _adapt(self, width: int, height: int) -> None:
        """When the frames' size changes, stretch what is known of the persons with it."""
        if self._size is not None and self._size != (width, height):
            x, y = width / self._size[0], height / self._size[1]
            for member in self._members():
                member.tracker.scale(x, y)
                if member.trunk is not None:
                    member.trunk = member.trunk * (x, y)
        self._size = width, height

    def _members(self) -> Iterable[_Member]:
        return (*self._here.values(), *self._gone.values())


def _is_believed(candidate: Candidate, person: Person) -> bool:
    """The less sure the pose is, the more else has to speak for the person."""
    sure = candidate.score >= SURE
    if person.presence >= MIN_PRESENCE:
        return sure or person.has_face_or_hand
    return person.presence >= MIN_PRESENCE_OTHERWISE and sure and person.has_face_or_hand


def _resembles(member: _Member, clothes: FloatArray) -> float:
    return 0.0 if member.appearance is None else people.similarity(member.appearance, clothes)
