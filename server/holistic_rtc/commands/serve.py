"""``holistic-rtc serve``: the server."""

import argparse
from functools import partial
from pathlib import Path

from holistic_rtc.commands.common import (
    add_engine_option,
    add_model_options,
    add_quality_option,
    get_bundle,
    settings_from,
)
from holistic_rtc.tracking import check_engine

DESCRIPTION = "Run the server. Each option can also be set in the environment, as HOLISTIC_<NAME>."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    add_engine_option(parser)
    add_quality_option(parser)
    add = partial(parser.add_argument, default=argparse.SUPPRESS)
    add("--host", help="address to listen on (default: 127.0.0.1; 0.0.0.0 for all)")
    add("--port", metavar="PORT", help="port to listen on (default: 8080; 0 for a free one)")
    add(
        "--root-path",
        metavar="PATH",
        help="the path below which a proxy serves this server, such as /tracking; the proxy strips it from requests",
    )
    add("--tls", choices=["self-signed"], help="serve HTTPS with a generated certificate")
    add("--tls-cert", type=Path, metavar="FILE", help="serve HTTPS with this certificate (PEM)")
    add("--tls-key", type=Path, metavar="FILE", help="the private key of --tls-cert (PEM)")
    add(
        "--advertise-ip",
        metavar="IP",
        help="address at which clients reach the media ports, if the server is behind a NAT",
    )
    add(
        "--max-sessions",
        metavar="N",
        help="limit of concurrent sessions (default: as many as can have 12 frames a second)",
    )
    add(
        "--parts",
        metavar="PART,...",
        help="what to track, such as pose,left_hand,right_hand; tracking less takes less CPU (default: all parts)",
    )
    add("--max-persons", metavar="N", help="maximum number of people tracked per frame (default: 1)")
    add("--no-audio", dest="audio", action="store_false", help="don't pass on the publishers' audio")
    add("--warm", metavar="N", help="session processes to keep ready")
    add("--token", help="a token with all rights; clients then need a token (default: none)")
    add("--log-level", type=str.upper, choices=["DEBUG", "INFO", "WARNING", "ERROR"], help="default: INFO")


def run(options: argparse.Namespace) -> None:
    settings = settings_from(options)
    check_engine(settings.engine, settings.max_persons)
    bundle = get_bundle(settings)
    from holistic_rtc import app  # after what can fail sooner

    app.run(settings, bundle)
