"""How much the way to a peer carries, from what the peer reports."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)


class Meter:
    """
    The rate of what was added recently.

    :param memory: seconds to remember.
    """

    LEAST = 0.2
    """Seconds to divide by at least, at the start"""

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._added: deque[tuple[float, int]] = deque()
        self._started: float | None = None

    def add(self, size: int, now: float) -> None:
        """
        :param size: in bytes.
        """
        if self._started is None:
            self._started = now
        self._added.append((now, size))
        while self._added[0][0] < now - self._memory:
            self._added.popleft()

    def rate(self, end: float, seconds: float) -> float:
        """In bits per second, of what was added in the `seconds` before `end`."""
        if self._started is None:
            return 0.0
        begin = max(end - seconds, self._started)
        bits = 8 * sum(size for at, size in self._added if begin <= at <= end)
        return bits / max(end - begin, self.LEAST)


class Lowest:
    """
    The lowest value in the last `seconds`.

    :param least: how many values to look at, at least, even if they are older.
    """

    def __init__(self, seconds: float, least: int = 1) -> None:
        self._seconds = seconds
        self._least = least
        self._count = 0
        self._values: deque[tuple[int, float, float]] = deque()

    def add(self, value: float, now: float) -> None:
        while self._values and self._values[-1][2] >= value:
            self._values.pop()
        self._count += 1
        self._values.append((self._count, now, value))
        while self._values[0][0] <= self._count - self._least and self._values[0][1] < now - self._seconds:
            self._values.popleft()

    def get(self) -> float | None:
        return self._values[0][2] if self._values else None


class Slope:
    """How fast a delay grows, from those of the packets acknowledged in the last `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._delays: deque[tuple[float, float]] = deque()

    def add(self, delay: float, now: float) -> None:
        self._delays.append((now, delay))
        while self._delays[0][0] < now - self._seconds:
            self._delays.popleft()

    def get(self) -> float:
        """In seconds per second, by the clock of the sender; 0 if it isn't known."""
        third = len(self._delays) // 3
        if third == 0:
            return 0.0
        delays = list(self._delays)
        # The fastest ones, since only what all have waited for is a queue.
        first_at, first = min(delays[:third], key=lambda delay: delay[1])
        last_at, last = min(delays[-third:], key=lambda delay: delay[1])
        sent_for = (last_at - last) - (first_at - first)
        return (last - first) / sent_for if sent_for > self._seconds / 20 else 0.0


class Congestion:
    """
    Estimates the rate at which packets can be sent to a peer without queueing on the way, in bits per second.

    The acknowledgements of the data channels show both signs of congestion: packets that wait in a queue take longer,
    and of those that overflow it only a share arrives, which is also the share of everything else. Random delay doesn't
    count, since the fastest of several packets then is as fast as ever; random loss doesn't either, since sending less
    doesn't help.

    :param clock: a monotonic clock, in seconds.
    """

    LOWEST, HIGHEST = 80_000, 4_000_000
    QUEUE = 0.1
    """Seconds that even the fastest packets take longer than usual, above which there is a queue"""
    PERSISTENCE = 0.2
    """Seconds that this has to last: the peer may also be slow to answer for a moment"""
    PACKETS = 3 * 9600
    """Bits that may precede a packet without a queue: on a slow path, they take longer than that"""
    OVERFLOW = 0.85
    """Share of the packets that arrives, below which the queue must be full or growing fast"""
    RECENT = 0.4
    """Seconds of which the fastest packet is looked at"""
    SAMPLES = 12
    """Acknowledgements to look at, at least: with few, the fastest may be a slow one"""
    GRACE = 2.0
    """Seconds after which packets that were lost before have been given up"""
    WINDOW = 0.8
    """Seconds over which rates are measured"""
    MEMORY = 15.0
    """Seconds after which a path's usual delay and loss are learnt anew"""
    LOSS = 0.1
    """Share of the packets lost, above which less is sent"""
    RISE, FAST_RISE, SLOW_RISE = 1.1, 1.3, 1.03
    """Growth of the rate each second; the same below `LOW`; and near a rate at which there was a queue"""
    LOW = 1_000_000
    CAUTION = 6.0
    """Seconds that such a rate is remembered"""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = float(self.HIGHEST)
        """How much to send, of everything"""
        self.loss = 0.0
        """Share of the data channels' packets that is lost, smoothed"""
        self.round_trip: float | None = None
        """Smoothed, in seconds; None before the first acknowledgement"""
        self._clock = clock
        self._sent = Meter(self.WINDOW)
        self._data_sent = Meter(3 * self.WINDOW)
        self._data_arrived = Meter(self.WINDOW)
        self._usual = Lowest(self.MEMORY)
        self._recent = Lowest(self.RECENT, self.SAMPLES)
        self._slope = Slope(self.RECENT)
        self._capacity: float | None = None
        """The rate to return to when the queue is gone; None if there is none"""
        self._deviation = 0.0
        """Of the round trip, in seconds, smoothed"""
        self._queue = 0.0
        """Seconds of the queue when the rate was last cut or seen to be low enough"""
        self._ceiling = self._ceiling_until = 0.0
        self._copied = False
        self._arrived = self._lost = 0
        """Packets since the loss was last looked at"""
        self._cut_at = self._raised_at = self._quick_at = clock()
        self._tolerated = self.LOSS
        self._tolerated_until = 0.0
        self._cuts: list[tuple[float, float]] = []
        """The rate and the loss before each cut because of loss"""
        self._loss_seen_at = 0.0

    @property
    def limited(self) -> bool:
        """Whether the path was found to carry less than the maximum."""
        return self.rate < self.HIGHEST

    @property
    def data_rate(self) -> float:
        """What the data channels take, in bits per second."""
        return self._data_sent.rate(self._clock(), self.WINDOW)

    def sent(self, size: int) -> None:
        """
        A packet was sent.

        :param size: in bytes.
        """
        self._sent.add(size, self._clock())

    def data_sent(self, size: int, *, copied: bool) -> None:
        """
        One of the data channels' packets was sent for the first time. It will be acknowledged.

        :param size: of the data, in bytes.
        :param copied: whether it is sent twice.
        """
        self._copied = copied
        self._data_sent.add(size, self._clock())

    def arrived(self, sizes: Sequence[int], round_trip: float) -> None:
        """
        The peer has acknowledged packets of the data channels.

        :param sizes: of their data, in bytes.
        :param round_trip: of the fastest, in seconds. Those acknowledged at once are one sample: what delays the
            acknowledgement delays all of them.
        """
        now = self._clock()
        self._data_arrived.add(sum(sizes), now)
        self._arrived += len(sizes)
        self._usual.add(round_trip, now)
        self._recent.add(round_trip, now)
        self._slope.add(round_trip, now)
        previous = round_trip if self.round_trip is None else self.round_trip
        self._deviation += (abs(round_trip - previous) - self._deviation) / 8
        self.round_trip = previous + (round_trip - previous) / 8
        self._update(now)

    def lost(self) -> None:
        """A packet of the data channels was given up."""
        self._lost += 1

    def reported(self, loss: float) -> None:
        """
        The peer reports how much of the video was lost. Without data channels, there is nothing else to go by.

        :param loss: share of the packets, 0 to 1.
        """
        if self.round_trip is None:
            now = self._clock()
            self._judge(loss, now)
            self._raise(now)

    def silent(self) -> None:
        """The peer acknowledges nothing any more."""
        self._cut(self.rate / 2)

    def _update(self, now: float) -> None:
        usual, recent = self._usual.get(), self._recent.get()
        if usual is None or recent is None:
            return
        queue = recent - usual
        if queue <= self._allowed:
            self._quick_at = now
        if now - self._quick_at > self.PERSISTENCE:
            self._on_queue(queue, now)
        elif self._capacity is not None:
            if queue < self._allowed / 2:
                self.rate = max(self.rate, self._capacity)
                self._capacity = None
                self._raised_at = now
        else:
            self._watch_loss(now)
            if queue < self._allowed / 2:
                self._raise(now)

    @property
    def _allowed(self) -> float:
        """Seconds of delay that don't make a queue."""
        return self.QUEUE + self.PACKETS / self.rate + self._deviation

    def _share(self, now: float) -> float | None:
        """The share of the data channels' packets that arrives; None if there were too few."""
        since = self._recent.get() or self.round_trip or 0.0
        sent = self._data_sent.rate(now - since, self.WINDOW)
        return min(1.0, self._data_arrived.rate(now, self.WINDOW) / sent) if sent > self.LOWEST / 2 else None

    def _on_queue(self, queue: float, now: float) -> None:
        share = self._share(now)
        # What was cut shows only when what was queued before has been sent.
        overflows = share is not None and share < self.OVERFLOW
        if now - self._cut_at < queue + (1.0 if overflows else 2.0) * self.WINDOW:
            return
        if self._capacity is not None and queue < 0.85 * self._queue:
            # It is getting shorter.
            self._queue, self._cut_at = queue, now
            return
        sent = min(self.rate, self._sent.rate(now, self.WINDOW))
        if self._capacity is not None and not overflows and sent < 0.5 * self.rate:
            # There is no more to cut.
            return
        carried = min(1.0 if share is None else share, 1 / max(1.0, 1 + self._slope.get()))
        self._capacity = max(min(max(carried, 0.1), 0.9) * sent, self.LOWEST)
        if share is not None and share > self.OVERFLOW / 2:
            self._ceiling, self._ceiling_until = self._capacity, now + self.CAUTION
        self._queue = queue
        self._cut(self._capacity * (0.5 if queue > 2 * self._allowed else 0.8))

    def _cut(self, rate: float) -> None:
        self.rate = max(rate, self.LOWEST)
        logger.debug("sending %.0f kbit/s: a queue of %.3f s", self.rate / 1000, self._queue)
        self._cut_at = self._raised_at = self._clock()

    def _watch_loss(self, now: float) -> None:
        if now - self._cut_at < self.GRACE:
            # What is given up now was lost in the queue.
            self._arrived = self._lost = 0
            self._loss_seen_at = now
            self._cuts.clear()
        elif now - self._loss_seen_at > 2 * self.WINDOW and self._arrived + self._lost >= self.SAMPLES:
            loss = self._lost / (self._arrived + self._lost)
            self._arrived = self._lost = 0
            self._judge(math.sqrt(loss) if self._copied else loss, now)

    def _judge(self, loss: float, now: float) -> None:
        self._loss_seen_at = now
        self.loss += 0.5 * (loss - self.loss)
        if now > self._tolerated_until:
            self._tolerated = self.LOSS
        if loss <= self._tolerated:
            self._cuts.clear()
            return
        if len(self._cuts) == 3 and loss > 0.7 * self._cuts[0][1]:
            # Less was sent and as much is lost: it isn't our doing.
            self.rate = self._cuts[0][0]
            self._tolerated, self._tolerated_until = loss + self.LOSS, now + 2 * self.MEMORY
            self._cuts.clear()
        else:
            self._cuts = [*self._cuts[-2:], (self.rate, loss)]
            sent = min(self.rate, self._sent.rate(now, self.WINDOW))
            self.rate = max(sent * (1 - 0.5 * loss), self.LOWEST)
            logger.debug("sending %.0f kbit/s: a loss of %.2f", self.rate / 1000, loss)
        self._raised_at = now

    def _raise(self, now: float) -> None:
        if self._cuts or not self.limited:
            return
        elapsed = min(now - self._raised_at, 1.0)
        self._raised_at = now
        # What isn't used may not be there.
        if self._sent.rate(now, self.WINDOW) > 0.6 * self.rate:
            near = now < self._ceiling_until and 0.8 * self._ceiling < self.rate < 1.2 * self._ceiling
            rise = self.SLOW_RISE if near else self.FAST_RISE if self.rate < self.LOW else self.RISE
            self.rate = min(self.rate * rise**elapsed, self.HIGHEST)
