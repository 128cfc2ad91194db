"""Webhooks: signed, in order, tried again, put aside, and each receiver on its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from forecourt.clock import SYSTEM
from forecourt.csms.bus import LocalBus
from forecourt.csms.events import Event, forget_events, latest
from forecourt.csms.feed import webhook_store, webhooks
from forecourt.csms.feed.webhooks import WEBHOOKS, Webhooks, new_secret, secret_of, secret_text, signed
from forecourt.csms.organisations import actions as organisations
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.work import Store
from forecourt.transport.outbound import Approve, Outbound, anywhere, public_only
from tests.csms.feed.receiver import LIMIT_S, Receiver, receiving


class Told(Event, frozen=True, kw_only=True):
    """Something of these tests."""

    organisation_id: int
    number: int


class World:
    """A database with an organisation, and deliveries to whoever is added."""

    def __init__(self, store: Store, bus: LocalBus, organisation: int) -> None:
        self.store = store
        self.bus = bus
        self.organisation = organisation
        self.secret = new_secret()

    async def happen(self, *numbers: int, organisation: int | None = None) -> None:
        async with self.store.work() as work:
            owner = self.organisation if organisation is None else organisation
            work.announce(*(Told(organisation_id=owner, number=number) for number in numbers))

    async def add(self, receiver: Receiver, **more: Any) -> int:
        async with self.store.work() as work:
            connection = await work.sql()
            values = {
                "organisation_id": self.organisation,
                "name": "hook",
                "url": receiver.url,
                "kinds": ["Told"],
                **more,
            }
            work.wake(WEBHOOKS)
            return await webhook_store.add(connection, values, self.secret, await latest(connection), work.now)

    async def rows(self, question: str) -> list[tuple[Any, ...]]:
        async with self.store.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(question))]

    async def until(self, question: str, expected: list[tuple[Any, ...]]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while (found := await self.rows(question)) != expected:
                assert len(found) <= 1000
                await SYSTEM.sleep(0)

    @asynccontextmanager
    async def delivering(
        self, *, approve: Approve = anywhere, timeout_s: float = 5.0, **more: Any
    ) -> AsyncIterator[Webhooks]:
        outbound = Outbound(approve=approve, timeout_s=timeout_s)
        webhooks = Webhooks(
            database=self.store.database,
            bus=self.bus,
            clock=SYSTEM,
            stations=Stations(),
            outbound=outbound,
            node="one",
            **{"first_pause": timedelta(milliseconds=50), **more},
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(webhooks.run())
            yield webhooks
            task.cancel()
        await outbound.close()


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    bus = LocalBus(SYSTEM)
    async with open_store(database_url, SYSTEM, publish=bus.publish) as store:
        async with store.work() as work:
            organisation = await organisations.ensure_first(work)
        yield World(store, bus, organisation)


def numbers(receiver: Receiver) -> list[int]:
    return [one.said["data"]["number"] for one in receiver.got]


async def test_events_come_in_order_signed_and_once(world: World) -> None:
    async with receiving() as receiver, world.delivering():
        await world.add(receiver)
        await world.happen(1, 2)
        await world.happen(3, organisation=world.organisation + 1)
        await world.happen(4)
        got = await receiver.until(3)
        await world.until("SELECT count(*) FROM webhook_delivery WHERE outcome = 'delivered'", [(3,)])
    assert numbers(receiver) == [1, 2, 4]
    for one in got:
        content = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
        wanted = base64.b64encode(hmac.new(world.secret, content, hashlib.sha256).digest()).decode()
        assert one.headers["webhook-signature"] == f"v1,{wanted}"
        assert one.headers["webhook-id"] == f"evt_{one.said['id']}"
        assert one.headers["content-type"] == "application/json"
    assert len({one.headers["webhook-id"] for one in got}) == 3


async def test_the_lines_of_the_guide_tell_ours_from_somebody_else_s(world: World) -> None:
    page = (Path(__file__).parents[3] / "docs/events.md").read_text("utf-8")
    (lines,) = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    guide: dict[str, Any] = {}
    exec(lines, guide)
    async with receiving() as receiver, world.delivering():
        await world.add(receiver)
        await world.happen(1)
        (one,) = await receiver.until(1)
    is_ours, secret = guide["is_ours"], secret_text(world.secret)
    assert is_ours(secret, one.headers, one.body)
    assert not is_ours(secret, one.headers, one.body + b" ")
    assert not is_ours(secret_text(new_secret()), one.headers, one.body)
    assert not is_ours(secret, one.headers | {"webhook-timestamp": "1"}, one.body)
    assert not is_ours(secret, one.headers | {"webhook-id": "evt_0"}, one.body)


async def test_a_receiver_that_fails_is_tried_again_when_it_is_due_and_keeps_the_order(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing else has it looked at again.
    monkeypatch.setattr(webhooks, "_LOOK_S", 3600.0)
    async with receiving() as receiver, world.delivering():
        receiver.answers.extend([500, 429, 200, 503])
        await world.add(receiver)
        await world.happen(1, 2)
        await receiver.until(5)
        await world.until("SELECT attempt, last_error FROM webhook WHERE delivered_at IS NOT NULL", [(0, "")])
        assert numbers(receiver) == [1, 1, 1, 2, 2]
        outcomes = await world.rows("SELECT attempt, outcome, http_status FROM webhook_delivery ORDER BY id")
        assert outcomes == [
            (1, "failed", 500),
            (2, "failed", 429),
            (3, "delivered", 200),
            (1, "failed", 503),
            (2, "delivered", 200),
        ]
        assert await world.rows("SELECT count(*) FROM webhook_dead_letter") == [(0,)]


async def test_what_cannot_succeed_is_put_aside_at_once_and_the_next_has_its_turn(world: World) -> None:
    async with receiving() as receiver, world.delivering():
        receiver.answers.extend([400, 302])
        await world.add(receiver)
        await world.happen(1, 2, 3)
        await receiver.until(3)
        await world.until("SELECT count(*) FROM webhook_dead_letter", [(2,)])
        letters = await world.rows("SELECT attempts, error FROM webhook_dead_letter ORDER BY id")
        assert letters == [(1, "answered 400"), (1, "answered 302")]


async def test_after_many_attempts_it_is_given_up(world: World) -> None:
    async with receiving(500) as receiver, world.delivering(most_attempts=3, first_pause=timedelta(milliseconds=10)):
        await world.add(receiver)
        await world.happen(1)
        await world.until("SELECT attempts FROM webhook_dead_letter", [(3,)])
        assert numbers(receiver) == [1, 1, 1]


async def test_a_receiver_that_is_gone_is_told_nothing_more(world: World) -> None:
    async with receiving(410) as receiver, world.delivering():
        await world.add(receiver)
        await world.happen(1, 2)
        await world.until("SELECT enabled FROM webhook", [(False,)])
        assert numbers(receiver) == [1]


async def test_a_dead_receiver_costs_the_others_nothing_and_catches_up(world: World) -> None:
    async with receiving() as dead, receiving() as alive, world.delivering(timeout_s=0.3):
        dead.usual = 0
        await world.add(dead)
        await world.add(alive)
        for number in range(5):
            await world.happen(number)
        await alive.until(5)
        assert numbers(alive) == [0, 1, 2, 3, 4]
        await dead.until(1)
        dead.usual = 200
        await world.until("SELECT count(*) FROM webhook_delivery WHERE outcome = 'delivered'", [(10,)])
        caught_up = list(dict.fromkeys(numbers(dead)))
        assert caught_up == [0, 1, 2, 3, 4]


async def test_deliveries_go_on_where_they_were_after_a_restart(world: World) -> None:
    async with receiving() as receiver:
        async with world.delivering():
            await world.add(receiver)
            await world.happen(1)
            await receiver.until(1)
            await world.until("SELECT count(*) FROM webhook_delivery", [(1,)])
        await world.happen(2, 3)
        async with world.delivering():
            await receiver.until(3)
            await world.until("SELECT count(*) FROM webhook_delivery", [(3,)])
        assert numbers(receiver) == [1, 2, 3]


async def test_nothing_is_sent_into_our_own_networks_unless_that_is_allowed(world: World) -> None:
    async with receiving() as receiver, world.delivering(approve=public_only):
        await world.add(receiver)
        await world.happen(1)
        await world.until("SELECT error FROM webhook_dead_letter", [("127.0.0.1 is not an address to connect to",)])
        assert receiver.got == []


async def test_whoever_was_away_for_longer_than_events_are_kept_is_told_from_then_on(world: World) -> None:
    async with receiving() as receiver:
        await world.add(receiver)
        await world.happen(1, 2)
        async with world.store.database.engine.begin() as connection:
            await forget_events(connection, SYSTEM.now() + timedelta(days=1))
        async with world.delivering():
            await world.until("SELECT count(*) FROM webhook WHERE missed_at IS NOT NULL", [(1,)])
            await world.happen(3)
            await receiver.until(1)
        assert numbers(receiver) == [3]


async def test_one_that_is_disabled_waits_and_then_catches_up(world: World) -> None:
    async with receiving() as receiver, world.delivering():
        key = await world.add(receiver, enabled=False)
        await world.happen(1)
        async with world.store.work() as work:
            await (await work.sql()).execute(text(f"UPDATE webhook SET enabled = true WHERE id = {key}"))
            work.wake(WEBHOOKS)
        await world.happen(2)
        await receiver.until(2)
    assert numbers(receiver) == [1, 2]


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of https://github.com/standard-webhooks/standard-webhooks."""
    secret = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert secret is not None
    from datetime import UTC, datetime

    headers = signed(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "text_", ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?" + "A" * 40]
)
def test_what_is_no_secret_is_not_taken_for_one(text_: str) -> None:
    assert secret_of(text_) is None


def test_a_secret_is_read_back_as_it_was_written() -> None:
    secret = new_secret()
    assert secret_of(secret_text(secret)) == secret
