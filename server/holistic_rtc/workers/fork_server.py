"""The fork server's own side: forks a worker for each request of the front process."""

import contextlib
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from holistic_rtc.ipc.messages import Exited, Fork, Forked, ForkFailed, ForkServerToFront, Loaded

_MAX_REQUEST = 1024


@dataclass(frozen=True)
class Worker:
    """
    What a new process is for.

    :param control: its connection to the front process.
    """

    kind: str
    control: socket.socket


def serve(control: socket.socket) -> Worker | None:
    """
    Fork until the front process closes ``control``. The process must have one thread.

    :return: in each worker, what it is for, with its own standard error; in the fork server, None at the end.
    """
    _name("fork-server")
    _close_inherited(control)
    with _Children() as children, selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(children.ended, selectors.EVENT_READ)
        _send(control, Loaded())
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if children.ended in ready:
                for pid, status in children.reap():
                    _send(control, Exited(pid, status))
            if control in ready:
                request, descriptors, _, _ = socket.recv_fds(control, _MAX_REQUEST, 2)
                if not request:
                    return None
                try:
                    channel, stderr = descriptors
                    pid = os.fork()
                except (OSError, ValueError) as error:  # some of the descriptors are missing if there are too many
                    _send(control, ForkFailed(str(error)))
                else:
                    if pid == 0:
                        break
                    _send(control, Forked(pid))
                for descriptor in descriptors:
                    os.close(descriptor)
    control.close()
    kind = msgspec.msgpack.decode(request, type=Fork).kind
    _name(kind)
    os.setsid()
    os.dup2(stderr, 2)
    os.close(stderr)
    return Worker(kind, socket.socket(fileno=channel))


def _close_inherited(control: socket.socket) -> None:
    """uvloop leaves copies of the standard streams open, which would stay open as long as any worker runs."""
    for name in os.listdir("/dev/fd"):
        descriptor = int(name)
        with contextlib.suppress(OSError):  # that of the listing itself has gone
            if descriptor > 2 and descriptor != control.fileno() and os.get_inheritable(descriptor):
                os.close(descriptor)


class _Children:
    """
    :ivar ended: can be read when a child may have ended.
    """

    def __enter__(self) -> "_Children":
        self.ended, self._wakeup = socket.socketpair()
        self.ended.setblocking(False)
        self._wakeup.setblocking(False)
        signal.set_wakeup_fd(self._wakeup.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        self.ended.close()
        self._wakeup.close()

    def reap(self) -> list[tuple[int, int]]:
        """:return: the ids and exit statuses of the children that have ended"""
        with contextlib.suppress(BlockingIOError):
            self.ended.recv(_MAX_REQUEST)
        found = []
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                found.append((ended[0], os.waitstatus_to_exitcode(ended[1])))
        return found


def _send(control: socket.socket, message: ForkServerToFront) -> None:
    data = msgspec.msgpack.encode(message)
    with contextlib.suppress(ConnectionError):
        control.sendall(len(data).to_bytes(4) + data)


def _name(kind: str) -> None:
    """As ``ps`` shows it."""
    if sys.platform == "linux":
        Path("/proc/self/comm").write_text(f"rtc-{kind}")
