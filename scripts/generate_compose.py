"""
Write the settings that docker-compose.yml passes on.

``make generate`` runs it; a test compares what it gives with what is checked in.
"""

import re
from pathlib import Path

from holistic_rtc.settings import Settings

COMPOSE = Path(__file__).parents[1] / "docker-compose.yml"

SET_THERE = {
    *("host", "port", "hosts", "cpus", "memory", "advertise_ip", "public_candidates_only", "trusted_proxies"),
    *("turn_urls", "turn_secret", "turn_secret_file", "job_folder"),
}
NEED_A_FILE = {"model", "tls_cert", "tls_key"}


def generate() -> str:
    """:return: the text of docker-compose.yml"""
    names = sorted(Settings.model_fields.keys() - SET_THERE - NEED_A_FILE)
    lines = "".join(f"      HOLISTIC_{name.upper()}:\n" for name in names)
    text, count = re.subn(r"(?<=by `make generate`\.\n)( +HOLISTIC_\w+:\n)+", lines, COMPOSE.read_text())
    if count != 1:
        raise ValueError(
            f"{COMPOSE.name} has {count} lists of variables after a comment that ends in: by `make generate`."
        )
    return text


if __name__ == "__main__":
    COMPOSE.write_text(generate())
