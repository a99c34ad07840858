"""Starting processes of our own, each with a socket to it."""

import asyncio
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from holistic_rtc.native_log import is_noise


@dataclass(frozen=True)
class Child:
    """A process and our end of its socket."""

    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def start(cls, module: str, arguments: Sequence[str]) -> "Child":
        """
        :param module: of this package, that is run as ``python -m`` with ``--control-fd NUMBER`` and `arguments`.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 20)
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", module, "--control-fd", str(theirs.fileno()), *arguments),
                    stdin=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                    limit=1 << 20,
                    pass_fds=(theirs.fileno(),),
                    # Ctrl-C in a terminal is for the front process, which then ends its children in good order.
                    start_new_session=True,
                )
            except BaseException:
                writer.close()
                raise
        return cls(process, reader, writer)

    async def copy_log(self) -> None:
        """What the process logs, and the last words of its native code, are for our own standard error."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            if not is_noise(line):
                sys.stderr.write(line.decode(errors="replace"))
