"""
The commands of ``holistic-rtc``.

A command is a module of its name, which is imported only when that command runs, and a line in :data:`COMMANDS`. It
defines ``DESCRIPTION``, ``add_arguments(parser)`` and ``run(options)``, which raises a
:class:`~holistic_rtc.errors.HolisticError` for what the user should read.
"""

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "serve": "run the server",
    "track": "track a picture or a video file",
    "worker": "track files of batches that several machines share",
    "snapshot": "track pictures, or folders of pictures",
    "record": "record a running session or a video file as animation or data",
    "watch": "show the landmarks of a running session",
    "vmc": "move an avatar in another program",
    "models": "get or check the model bundle",
    "doctor": "check what a server needs, and suggest fixes",
}
"""By name: what each does, as ``holistic-rtc --help`` puts it"""
