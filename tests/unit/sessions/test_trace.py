import time

from holistic_rtc.model.step import Step
from holistic_rtc.sessions.events import Event, StepTaken
from holistic_rtc.sessions.trace import Trace

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_each_step_begins_when_the_previous_one_has_ended() -> None:
    told: list[Event] = []
    before = time.time_ns()
    trace = Trace(PARENT, told.append)
    trace.take(Step.READ_BODY)
    trace.session = "one"
    answered = time.time_ns()
    trace.take(Step.CONNECT, answered + 5)
    trace.take(Step.SEND, answered + 7)
    first, second, third = told
    assert isinstance(first, StepTaken)
    assert before <= first.began <= first.ended <= answered
    assert (first.parent, first.session) == (PARENT, None)
    assert second == StepTaken(PARENT, "one", Step.CONNECT, first.ended, answered + 5)
    assert third == StepTaken(PARENT, "one", Step.SEND, answered + 5, answered + 7)


def test_a_step_that_a_worker_reports_late_takes_no_negative_time() -> None:
    told: list[StepTaken] = []
    trace = Trace(PARENT, told.append)  # type: ignore[arg-type]
    trace.take(Step.CONNECT)
    trace.take(Step.DECODE, told[0].ended - 5)
    assert told[1].began == told[1].ended == told[0].ended


def test_the_step_that_failed_is_the_one_after_the_latest() -> None:
    told: list[StepTaken] = []
    trace = Trace(PARENT, told.append)  # type: ignore[arg-type]
    trace.take(Step.NEGOTIATE)
    trace.fail("ice_failed")
    assert (told[1].step, told[1].error) == (Step.CONNECT, "ice_failed")


def test_the_log_gets_the_id_of_the_trace() -> None:
    assert Trace(PARENT).id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert Trace().id is None


def test_what_is_not_traced_tells_nobody() -> None:
    told: list[Event] = []
    Trace(None, told.append).take(Step.READ_BODY)
    assert told == []
