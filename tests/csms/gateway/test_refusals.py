"""Refused handshakes: on record with their reason, and no more often than somebody can read."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import insert

from forecourt.clock import VirtualClock
from forecourt.csms.gateway.handshake import Turned
from forecourt.csms.gateway.refusals import MOST_WAITING, NOTICED_AGAIN_S, SAME_AGAIN_S, Refusals
from forecourt.csms.organisations.store import organisation
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.work import Store
from forecourt.transport.handshake import Address, Handshake, not_found
from forecourt.transport.headers import Headers
from forecourt.transport.tasks import Tasks
from tests.csms.blocks.availability.world import US, populate, rows, station_of


class Held(Tasks):
    """Keeps what was started until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Coroutine[Any, Any, object]] = []

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        self.held.append(work)

    async def go_on(self) -> None:
        while self.held:
            await self.held.pop(0)


class Gate:
    """The list of refused handshakes with all it needs."""

    def __init__(self, store: Store) -> None:
        self.clock, self.tasks, self.stations = VirtualClock(), Held(), Stations()
        self.stations.add(station_of())
        self.refusals = Refusals(store, self.stations, self.clock, self.tasks)

    def turn(self, wire_id: str = "CS1", reason: str = "wrong_password", host: str = "192.0.2.1", **more: Any) -> None:
        values: dict[str, Any] = {"path": f"/ocpp/{wire_id}", "subprotocols": ("ocpp1.6",)} | more
        handshake = Handshake(
            query="",
            headers=Headers(),
            credentials=None,
            certificate=None,
            peer=Address(host, 4000),
            secure=False,
            **values,
        )
        turned = Turned(not_found("no"), wire_id, reason, "the detail")
        self.refusals.note(handshake, turned, handshake.subprotocols)


@pytest.fixture
async def gate(store: Store) -> Gate:
    await populate(store)
    return Gate(store)


async def others(store: Store) -> None:
    """Let there be a second organisation."""
    async with store.work() as work:
        values = {"id": US + 1, "name": "Others", "roles": ["cpo"], "country_code": "NL", "party_id": "OTH"}
        await (await work.sql()).execute(insert(organisation).values(**values, created_at=work.now))


async def test_who_names_no_station_of_ours_concerns_the_only_organisation_there_is(store: Store, gate: Gate) -> None:
    gate.turn("CS9", "unknown_station")
    gate.refusals.note_tls("192.0.2.1:4000", "no shared cipher")
    await gate.tasks.go_on()
    assert await rows(store, "SELECT organisation_id, wire_id FROM refused_handshake ORDER BY id") == [
        (1, "CS9"),
        (1, ""),
    ]
    told = "SELECT organisation_id, station_id, data->>'wireId' FROM event WHERE kind = 'HandshakeRefused' ORDER BY xid, id"
    assert await rows(store, told) == [(1, None, "CS9"), (1, None, "")]


COUNT = "SELECT count(*) FROM refused_handshake"


async def test_a_refusal_is_on_record_with_its_reason(store: Store, gate: Gate) -> None:
    gate.turn()
    gate.turn("CS9", "unknown_station")
    await others(store)
    await gate.tasks.go_on()
    question = (
        "SELECT organisation_id, wire_id, peer, path, reason, detail, subprotocols FROM refused_handshake ORDER BY id"
    )
    rest = ["the detail", ["ocpp1.6"]]
    assert [list(row) for row in await rows(store, question)] == [
        [1, "CS1", "192.0.2.1:4000", "/ocpp/CS1", "wrong_password", *rest],
        [None, "CS9", "192.0.2.1:4000", "/ocpp/CS9", "unknown_station", *rest],
    ]


async def test_the_same_again_is_written_once_in_a_while_and_counted(store: Store, gate: Gate) -> None:
    for _ in range(3):
        gate.turn()
    await gate.clock.advance(SAME_AGAIN_S - 1)
    gate.turn()
    assert gate.refusals.unrecorded == 3
    await gate.clock.advance(1)
    gate.turn()
    await gate.tasks.go_on()
    assert gate.refusals.unrecorded == 3
    assert await rows(store, COUNT) == [(2,)]


async def test_another_reason_or_another_station_is_not_the_same_again(store: Store, gate: Gate) -> None:
    gate.turn()
    gate.turn(reason="wrong_username")
    gate.turn("CS2")
    await gate.tasks.go_on()
    assert await rows(store, COUNT) == [(3,)]


async def test_who_names_no_station_is_told_apart_by_where_it_comes_from(store: Store, gate: Gate) -> None:
    for host in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        gate.turn("", "wrong_path", host, path="/.env")
    await gate.tasks.go_on()
    assert await rows(store, COUNT) == [(2,)]
    assert gate.refusals.unrecorded == 1


async def test_there_is_a_bound_on_what_waits_to_be_written(store: Store, gate: Gate) -> None:
    for number in range(MOST_WAITING + 5):
        gate.turn(f"X{number}")
    assert gate.refusals.unrecorded == 5
    await gate.tasks.go_on()
    assert await rows(store, COUNT) == [(MOST_WAITING,)]


async def test_what_no_text_column_takes_and_what_is_long_is_recorded_all_the_same(store: Store, gate: Gate) -> None:
    gate.turn("", "wrong_path", path="/\0" + "x" * 1000, subprotocols=("a\0b" + "y" * 200,) * 30)
    await gate.tasks.go_on()
    ((path, names),) = await rows(store, "SELECT path, subprotocols FROM refused_handshake")
    assert path.startswith("/\\0x")
    assert len(path) <= 501
    assert len(names) == 20
    assert max(map(len, names)) <= 101


async def test_what_the_store_does_not_take_is_counted_and_the_next_is_written(store: Store, gate: Gate) -> None:
    gate.refusals._store = Store(store.database, store.journal, store.clock, hold_s=0.0)
    await store.journal.close()
    gate.turn()
    await gate.tasks.go_on()
    assert gate.refusals.unrecorded == 1
    gate.turn("CS2")
    assert len(gate.tasks.held) == 1
    await gate.tasks.go_on()
    assert gate.refusals.unrecorded == 2


async def test_a_row_is_dated_when_the_handshake_was_refused(store: Store, gate: Gate) -> None:
    gate.turn()
    at = gate.clock.now()
    await gate.clock.advance(5)
    await gate.tasks.go_on()
    assert await rows(store, "SELECT at FROM refused_handshake") == [(at,)]


EVENTS = "SELECT station_id, type, source, tech_info FROM security_event ORDER BY id"


async def test_a_known_station_that_does_not_prove_itself_is_a_security_event_once_an_hour(
    store: Store, gate: Gate
) -> None:
    for _ in range(3):
        gate.turn()
        await gate.tasks.go_on()
        await gate.clock.advance(SAME_AGAIN_S)
    told = (1, "FailedToAuthenticateAtCsms", "csms", "wrong_password: the detail, from 192.0.2.1")
    assert await rows(store, EVENTS) == [told]
    await gate.clock.advance(NOTICED_AGAIN_S)
    gate.turn()
    await gate.tasks.go_on()
    assert await rows(store, EVENTS) == [told, told]


@pytest.mark.parametrize(
    ("wire_id", "reason"), [("CS9", "unknown_station"), ("CS1", "no_common_subprotocol"), ("CS1", "database_away")]
)
async def test_other_refusals_are_no_security_events(store: Store, gate: Gate, wire_id: str, reason: str) -> None:
    gate.turn(wire_id, reason)
    await gate.tasks.go_on()
    assert await rows(store, COUNT) == [(1,)]
    assert await rows(store, EVENTS) == []


async def test_whoever_waits_for_a_station_is_told_that_it_was_not_let_in(store: Store, gate: Gate) -> None:
    gate.turn()
    gate.turn()
    gate.turn("CS9", "unknown_station")
    await others(store)
    await gate.tasks.go_on()
    told = "SELECT organisation_id, station_id, data->>'wireId', data->>'reason' FROM event WHERE kind = 'HandshakeRefused' ORDER BY xid, id"
    known = gate.stations.named("CS1")
    assert known is not None
    assert await rows(store, told) == [
        (known.organisation, known.key, "CS1", "wrong_password"),
        (None, None, "CS9", "unknown_station"),
    ]
