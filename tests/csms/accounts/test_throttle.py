"""How often somebody may guess a password."""

from __future__ import annotations

import pytest

from forecourt.clock import VirtualClock
from forecourt.csms.accounts.throttle import MOST_PER_LOGIN, MOST_PER_PEER, WINDOW_S, Throttle
from forecourt.csms.web.problems import TooManyRequests


async def test_a_login_is_tried_a_few_times_whatever_its_case_and_then_again_later() -> None:
    clock = VirtualClock()
    throttle = Throttle(clock)
    for _ in range(MOST_PER_LOGIN):
        throttle.attempt("Mia", "192.0.2.1")
    with pytest.raises(TooManyRequests) as refused:
        throttle.attempt("mia", "192.0.2.2")
    throttle.attempt("ben", "192.0.2.1")
    await clock.advance(refused.value.retry_after_s)
    assert refused.value.retry_after_s <= WINDOW_S + 1
    throttle.attempt("mia", "192.0.2.2")


async def test_an_address_that_guesses_at_many_logins_is_stopped() -> None:
    throttle = Throttle(VirtualClock())
    for number in range(MOST_PER_PEER):
        throttle.attempt(f"user{number}", "192.0.2.1")
    with pytest.raises(TooManyRequests):
        throttle.attempt("another", "192.0.2.1")
    throttle.attempt("another", "192.0.2.2")


async def test_whoever_knows_the_password_is_not_counted() -> None:
    throttle = Throttle(VirtualClock())
    for _ in range(3 * MOST_PER_PEER):
        throttle.attempt("mia", "192.0.2.1")
        throttle.succeeded("mia", "192.0.2.1")


async def test_knowing_one_password_does_not_let_an_address_guess_at_others() -> None:
    throttle = Throttle(VirtualClock())
    for number in range(MOST_PER_PEER - 1):
        throttle.attempt(f"user{number}", "192.0.2.1")
    throttle.attempt("mia", "192.0.2.1")
    throttle.succeeded("mia", "192.0.2.1")
    throttle.attempt("another", "192.0.2.1")
    with pytest.raises(TooManyRequests):
        throttle.attempt("mia", "192.0.2.1")


async def test_what_is_remembered_is_bounded() -> None:
    throttle = Throttle(VirtualClock())
    for number in range(20_000):
        throttle.attempt(f"user{number}", f"peer{number}")
    assert len(throttle._attempts) <= 10_000
