"""``holistic-rtc worker``: tracks the files that ``holistic-rtc track --redis`` puts into a queue."""

import argparse
from functools import partial

from holistic_rtc.commands.common import (
    add_engine_option,
    add_model_options,
    get_bundle,
    settings_from,
    whole_number,
)
from holistic_rtc.errors import ConfigError
from holistic_rtc.limits import read_limits
from holistic_rtc.tracking import open_model

DESCRIPTION = (
    "Track files that `holistic-rtc track --redis` has put into a queue. Start one on each machine. All must reach the "
    "files by the same paths or URLs."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    add_engine_option(parser)
    parser.add_argument(
        "--redis",
        metavar="URL",
        help="the queue, such as redis://localhost:6379/0 (default: HOLISTIC_JOB_REDIS_URL)",
    )
    parser.add_argument(
        "--workers",
        type=whole_number,
        metavar="N",
        help="number of files to track at the same time (default: one per CPU)",
    )


def run(options: argparse.Namespace) -> None:
    settings = settings_from(options)
    try:
        from holistic_rtc.tasks import worker
    except ImportError as error:
        raise ConfigError(f"{error}; run: pip install 'holistic-rtc[jobs]'") from error
    bundle = get_bundle(settings)
    redis_url = options.redis or (settings.job_redis_url and settings.job_redis_url.get_secret_value())
    if not redis_url:
        raise ConfigError("the queue is missing: use --redis URL, or set HOLISTIC_JOB_REDIS_URL")
    processes = options.workers or read_limits(cpus=settings.cpus, memory=settings.memory).threads
    worker.run(redis_url, partial(open_model, bundle.path, settings.engine), processes)
