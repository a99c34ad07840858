"""Tickets hold what was signed, and no longer than that."""

import time

import pytest

from holistic_rtc.http.grants import ALL_RIGHTS, Grant
from holistic_rtc.http.tickets import Tickets
from holistic_rtc.model.rights import Right

GRANT = Grant("a wall", frozenset({Right.WATCH, Right.LIST}), sessions="abc*", max_seconds=90.0)
SECRET = "0123456789abcdef0123456789abcdef"


def test_a_ticket_allows_what_it_was_issued_for() -> None:
    tickets = Tickets(None)
    ticket, expires = tickets.issue(GRANT, 60)
    read = tickets.read(ticket)
    assert read is not None
    assert (read.name, read.rights, read.sessions, read.max_seconds) == ("a wall", GRANT.rights, "abc*", 90.0)
    assert read.expires == expires == pytest.approx(time.time() + 60, abs=2)
    assert (read.allows(Right.WATCH, "abcd"), read.allows(Right.WATCH, "xyz")) == (True, False)
    assert not read.allows(Right.PUBLISH)


def test_a_ticket_expires() -> None:
    tickets = Tickets(None)
    assert tickets.read(tickets.issue(GRANT, -1)[0]) is None


def test_a_ticket_does_not_outlive_the_token_or_the_ticket_that_it_was_got_with() -> None:
    expiring = Grant("x", ALL_RIGHTS, expires=time.time() + 30)
    assert Tickets(None).issue(expiring, 3600)[1] <= time.time() + 30


def test_servers_with_one_secret_take_each_others_tickets_and_others_do_not() -> None:
    ticket, _ = Tickets(SECRET).issue(GRANT, 60)
    assert Tickets(SECRET).read(ticket) is not None
    assert Tickets(SECRET.upper()).read(ticket) is None
    assert Tickets(None).read(ticket) is None


def test_a_ticket_that_was_changed_is_none() -> None:
    tickets = Tickets(None)
    ticket, _ = tickets.issue(GRANT, 60)
    for position in range(len("ticket."), len(ticket)):
        other = "A" if ticket[position] != "A" else "B"
        changed = f"{ticket[:position]}{other}{ticket[position + 1 :]}"
        read = tickets.read(changed)
        # The last characters of Base64 have bits that mean nothing.
        assert read is None or (read.rights, read.sessions) == (GRANT.rights, GRANT.sessions)


@pytest.mark.parametrize(
    "ticket", ["", "ticket.", "ticket..", "ticket.a.b", "ticket.\xff.\udcff", "ticket.e30.e30", "x"]
)
def test_what_is_no_ticket_is_none(ticket: str) -> None:
    assert Tickets(None).read(ticket) is None
