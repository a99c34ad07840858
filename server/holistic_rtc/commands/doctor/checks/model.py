"""The model bundle."""

from collections.abc import AsyncIterator

from holistic_rtc.bundle import models
from holistic_rtc.bundle.models import PoseModel
from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict
from holistic_rtc.errors import ModelError


async def check(machine: Machine) -> AsyncIterator[Finding]:
    settings = machine.settings
    pose_model = PoseModel(settings.pose_model)
    try:
        bundle = models.find(pose_model, settings.model)
        models.verify(bundle)
    except ModelError as error:
        place = settings.model or models.where(pose_model)
        remedy = f"run `holistic-rtc models fetch --pose-model {pose_model}`, which puts it at {place}"
        yield Finding(Verdict.BAD, str(error), "" if settings.model else remedy)
    else:
        machine.bundle = bundle
        yield Finding(Verdict.GOOD, f"the {bundle.origin} model bundle is intact: {bundle.path}")
