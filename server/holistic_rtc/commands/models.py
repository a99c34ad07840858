"""``holistic-rtc models``: the model bundle."""

import argparse

from holistic_rtc.bundle import models
from holistic_rtc.bundle.models import ModelBundle, PoseModel
from holistic_rtc.commands.common import add_model_options, get_bundle, say, settings_from

DESCRIPTION = "Get or check the model bundle."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, action, text in (
        ("fetch", _fetch, "get the model bundle, unless it is already there"),
        ("verify", _verify, "read the whole model bundle and check it"),
        ("where", _locate, "print the path of the model bundle"),
    ):
        subparser = actions.add_parser(name, help=text, description=f"{text.capitalize()}.")
        add_model_options(subparser)
        subparser.set_defaults(action=action, parser=subparser)


def run(options: argparse.Namespace) -> None:
    options.action(options)


def _fetch(options: argparse.Namespace) -> None:
    _describe(get_bundle(settings_from(options)))


def _verify(options: argparse.Namespace) -> None:
    settings = settings_from(options)
    bundle = models.find(PoseModel(settings.pose_model), settings.model)
    models.verify(bundle)
    _describe(bundle)


def _locate(options: argparse.Namespace) -> None:
    settings = settings_from(options)
    print(settings.model or models.where(PoseModel(settings.pose_model)))


def _describe(bundle: ModelBundle) -> None:
    pose = f", {bundle.pose_model} pose model" if bundle.pose_model else ""
    say(f"{bundle.origin} bundle{pose}, sha256 {bundle.sha256}")
    print(bundle.path)
