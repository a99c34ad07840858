"""For all tests."""

import signal

# A shell has what it starts in the background ignore Ctrl-C, and the commands that the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
