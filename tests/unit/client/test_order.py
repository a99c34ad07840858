from holistic_rtc.client.order import FrameOrder


def test_the_people_of_a_frame_are_accepted_in_any_order_and_once() -> None:
    order = FrameOrder()
    assert [order.accepts(0, 5, person) for person in (1, 0, 1, 2)] == [True, True, False, True]


def test_a_frame_that_a_newer_one_has_overtaken_is_not_whoever_it_is_of() -> None:
    order = FrameOrder()
    assert order.accepts(0, 6, 0)
    assert not order.accepts(0, 5, 1)
    assert not order.accepts(0, 5, 0)
    assert order.accepts(0, 7, 1)


def test_each_track_has_an_order_of_its_own() -> None:
    order = FrameOrder()
    assert order.accepts(0, 6, 0)
    assert order.accepts(1, 2, 0)
