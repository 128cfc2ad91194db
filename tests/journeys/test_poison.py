"""One station's poisonous values beside five hundred good ones: its own entries are refused and kept aside, all others are stored."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from forecourt.csms.config import Gateway
from forecourt.ocpp.versions import V16, V201, Version
from tests.journeys.driver import REGISTER, basic, began, instant
from tests.journeys.site import LIMIT_S, PASSWORD, Site

GOOD: Final = 100
EACH: Final = 5
AT: Final = instant(began())

POISON: Final = {
    V16: [
        {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "1\u0000"}]}]},
        {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "1e300"}]}]},
        {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "NaN"}]}]},
        {"connectorId": 2**62, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "1"}]}]},
        {"connectorId": 1, "transactionId": -(2**70), "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "1"}]}]},
        {"connectorId": 1, "meterValue": [{"timestamp": "9999-12-31T23:59:59-14:00", "sampledValue": [{"value": "1"}]}]},
        {"connectorId": 1, "meterValue": [{"timestamp": "0001-01-01T00:00:00+14:00", "sampledValue": [{"value": "1"}]}]},
    ],
    V201: [
        {"evseId": 2**62, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": 1}]}]},
        {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": 1e300}]}]},
        {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": -1e300}]}]},
        {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": 1, "unitOfMeasure": {"multiplier": 300}}]}]},
        {"evseId": 1, "meterValue": [{"timestamp": "9999-12-31T23:59:59-14:00", "sampledValue": [{"value": 1}]}]},
        {"evseId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": 1, "unitOfMeasure": {"unit": "\u0000"}}]}]},
    ],
}  # fmt: skip


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(registration="closed", call_timeout_s=10.0)


def good(version: Version, number: int) -> dict[str, Any]:
    sample = {"measurand": REGISTER, "value": str(number) if version is V16 else number}
    value = {"timestamp": AT, "sampledValue": [sample]}
    return {"connectorId" if version is V16 else "evseId": 1, "meterValue": [value]}


class Talking:
    """A connection that says what it is told, and what came back."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def say(self, message_id: str, action: str, payload: dict[str, Any]) -> list[Any]:
        """Call; returns the answer, whatever it is. What we are asked meanwhile is not known to us."""
        await self._connection.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(LIMIT_S):
            while True:
                frame: list[Any] = json.loads(await self._connection.recv())
                if frame[0] == 2:
                    await self._connection.send(json.dumps([4, frame[1], "NotImplemented", "", {}]))
                elif frame[1] == message_id:
                    return frame


def talking(site: Site, identity: str, version: Version) -> connect:
    return connect(
        f"{site.url}/{identity}",
        subprotocols=[Subprotocol(version.subprotocol)],
        additional_headers=basic(identity, PASSWORD),
        compression=None,
    )


@pytest.mark.parametrize("version", [V16, V201], ids=lambda version: version.name)
async def test_of_five_hundred_entries_beside_poison_every_good_one_is_answered_and_stored(
    site: Site, version: Version
) -> None:
    poisonous = await site.announce("POISON")
    for number in range(GOOD):
        await site.announce(f"GOOD-{number}")
    answers: list[list[Any]] = []
    outcomes: list[list[Any]] = []
    begin = asyncio.Event()

    async def behave(identity: str) -> None:
        async with talking(site, identity, version) as connection:
            station = Talking(connection)
            await begin.wait()
            for number in range(EACH):
                answer = await station.say(f"{identity}-{number}", "MeterValues", good(version, number))
                answers.append(answer)

    async def misbehave() -> None:
        async with talking(site, "POISON", version) as connection:
            station = Talking(connection)
            begin.set()
            for number, payload in enumerate(POISON[version]):
                outcomes.append(await station.say(f"P-{number}", "MeterValues", payload))
            # It has its connection still, and what it says right is heard.
            answers.append(await station.say("P-good", "MeterValues", good(version, 1)))

    async with asyncio.TaskGroup() as group:
        for number in range(GOOD):
            group.create_task(behave(f"GOOD-{number}"))
        group.create_task(misbehave())
    assert [answer for answer in answers if answer[0] != 3] == []
    assert len(answers) == GOOD * EACH + 1
    assert await site.rows(
        "SELECT count(*), count(DISTINCT station_id) FROM meter_value WHERE station_id <> :key", key=poisonous.key
    ) == [(GOOD * EACH, GOOD)]
    assert await site.rows(
        "SELECT count(*) FROM message_log WHERE action = 'MeterValues' AND station_id <> :key AND error = ''",
        key=poisonous.key,
    ) == [(GOOD * EACH,)]
    # Only of it there are entries that PostgreSQL refused, kept aside.
    assert await site.rows("SELECT DISTINCT key FROM refused_entry") == [(str(poisonous.key),)]
    # Of what was refused one finds why: as a refused entry, or as a deviation with its path.
    refused = [outcome for outcome in outcomes if outcome[0] == 4]
    assert refused
    assert len(outcomes) == len(POISON[version])
    assert {outcome[2] for outcome in refused} <= {
        "PropertyConstraintViolation",
        "FormatViolation",
        "FormationViolation",
        "TypeConstraintViolation",
        "OccurenceConstraintViolation",
        "OccurrenceConstraintViolation",
    }, refused
    await site.until(
        "SELECT count(*) FROM message_log WHERE station_id = :key AND error <> '' AND caller = 'station'",
        [(len(refused),)],
        key=poisonous.key,
    )
