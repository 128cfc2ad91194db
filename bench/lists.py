"""How long the API takes for pages of lists and searches when there is much in them.

Method. A management system with an embedded PostgreSQL on this disk, filled by SQL alone: stations, transactions over two years,
tokens, commands and messages. Indexes are built after the rows, as one would restore a backup, and the table of transactions is
not written ahead, which makes no difference to reading. Then a client in a process of its own asks for pages one after another,
chosen at random among the lists below and with parameters at random, as the platform's administrator and as an operator of the
organisation, and takes the time of each request. Every answer has to be 200 and, where the kind of request always finds something,
to hold something. What each list took is printed as a table before the result.

Filling takes longer than asking: with `--data FOLDER` what was made is kept there and used again.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench._stations import asked, instructions, load, local_key, management_system, say, scratch, wire_ids
from forecourt.clock import SYSTEM
from forecourt.csms.app import Csms
from forecourt.transport import run
from forecourt.transport.running import allow_many_files

SEED: Final = 7
LONGEST_S: Final = 60.0
TOKENS: Final = 200_000
COMMANDS: Final = 200_000
MESSAGES: Final = 1_000_000
YEARS: Final = timedelta(days=730)
FILLED: Final = "filled.json"
"""In a folder that is kept: what is in its database."""

# A transaction every so often, the newest last; one in fifty was refused, and the last of some stations still run.
_TRANSACTIONS: Final = """
INSERT INTO transaction (station_id, organisation_id, provider_id, wire_id, number, evse_id, connector_id, token_id,
    token_value, token_key, token_kind, verdict, verdict_reason, charging_state, started_at, received_at, last_at, ended_at,
    ended_by, stop_reason, register_begin_wh, register_end_wh, energy_imported_wh, charging_s, idle_s, currency)
SELECT :first + n % :stations, :organisation, :organisation, n::text, n, 1, 1, 1 + n * 7919 % :tokens,
    'CARD' || lpad((n * 7919 % :tokens)::text, 7, '0'), 'card' || lpad((n * 7919 % :tokens)::text, 7, '0'), 'ISO14443',
    CASE WHEN n % 50 = 0 THEN 'Blocked' ELSE 'Accepted' END, 'nothing_against_it', 'Idle',
    at, at, at + interval '40 minutes',
    CASE WHEN n > :count - :running THEN NULL ELSE at + interval '40 minutes' END, 'station', 'Local',
    n, n + 9000, 9000, 2000, 400, 'EUR'
FROM (SELECT n, CAST(:now AS timestamptz) - (:count - n) * (CAST(:years AS interval) / :count) AS at
      FROM generate_series(CAST(1 AS bigint), :count) AS n) AS made
"""
# A hundred stations each, on which only some have ever refused anybody.
_SITES: Final = """
WITH made AS (
    INSERT INTO site (organisation_id, name, time_zone, created_at)
    SELECT :organisation, 'Site ' || n, 'UTC', :now FROM generate_series(0, (:stations - 1) / 100) AS n RETURNING id
)
UPDATE station SET site_id = (SELECT min(id) FROM made) + (station.id - :first) / 100
"""
_TOKENS: Final = """
INSERT INTO token (organisation_id, value, key, kind, medium, visual_number, blocked, created_at, changed_at)
SELECT :organisation, 'CARD' || lpad(n::text, 7, '0'), 'card' || lpad(n::text, 7, '0'), 'ISO14443', 'rfid',
    'DE-8AA-' || lpad(n::text, 7, '0'), n % 1000 = 0, :now, CAST(:now AS timestamptz) - n * interval '1 minute'
FROM generate_series(0, :tokens - 1) AS n
"""
_COMMANDS: Final = """
INSERT INTO command (id, organisation_id, station_id, kind, arguments, status, asked_by, asked_at, expires_at, sent_at, ended_at)
SELECT gen_random_uuid(), :organisation, :first + n % :stations, CASE WHEN n % 3 = 0 THEN 'Reset' ELSE 'ClearCache' END, '{}',
    CASE WHEN n % 40 = 0 THEN 'refused' ELSE 'accepted' END, 'mia', at, at, at, at
FROM (SELECT n, CAST(:now AS timestamptz) - n * interval '1 minute' AS at FROM generate_series(1, :commands) AS n) AS made
"""
_MESSAGES: Final = """
INSERT INTO message_log (received_at, station_id, organisation_id, caller, version, message_id, action, request, answer, error,
    duration_us)
SELECT CAST(:now AS timestamptz) - n * interval '50 milliseconds', :first + n % :stations, :organisation, 'station', '2.0.1',
    'm' || n, CASE WHEN n % 10 = 0 THEN 'BootNotification' ELSE 'Heartbeat' END, '{"n":' || n || '}',
    '{"currentTime":"2026-01-01T00:00:00Z"}', '', 900
FROM generate_series(1, :messages) AS n
"""


async def fill(csms: Csms, stations: int, transactions: int) -> dict[str, Any]:
    """Make everything there is to list; returns what the client has to know."""
    now = SYSTEM.now()
    async with csms.store.database.engine.begin() as connection:
        first = (await connection.execute(text("SELECT min(id) FROM station"))).scalar_one()
        given = {
            "first": first,
            "stations": stations,
            "organisation": csms.organisation,
            "count": transactions,
            "sites": 1 + (stations - 1) // 100,
            "running": min(5000, transactions // 10),
            "tokens": min(TOKENS, transactions),
            "commands": min(COMMANDS, transactions),
            "messages": min(MESSAGES, transactions),
            "now": now,
            "years": YEARS,
        }
        await connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        await connection.execute(
            text("ALTER TABLE transaction_start DROP CONSTRAINT transaction_start_transaction_id_fkey")
        )
        await connection.execute(text("ALTER TABLE transaction SET UNLOGGED"))
        again = await without_indexes(connection)
        for statement in (_SITES, _TRANSACTIONS, _TOKENS, _COMMANDS, _MESSAGES):
            wanted = {name: value for name, value in given.items() if f":{name}" in statement}
            await connection.execute(text(statement), wanted)
        for statement in again:
            await connection.execute(text(statement))
    async with csms.store.database.engine.connect() as plain:
        alone = await plain.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("VACUUM (ANALYZE) transaction, station, token, command, message_log"))
    return {**given, "now": now.isoformat(), "years": YEARS.days}


async def without_indexes(connection: AsyncConnection) -> list[str]:
    """Drop what slows down the filling of transactions; returns the statements that bring it back."""
    again: list[str] = []
    constraints = await connection.execute(
        text(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'transaction'::regclass AND contype IN ('u', 'c')"
        )
    )
    for name, definition in constraints.all():
        await connection.execute(text(f"ALTER TABLE transaction DROP CONSTRAINT {name}"))
        again.append(f"ALTER TABLE transaction ADD CONSTRAINT {name} {definition}")
    # The rows are right as they are made; checking each against its station would take as long as everything else.
    await connection.execute(text("ALTER TABLE transaction DROP CONSTRAINT transaction_station_id_fkey"))
    indexes = await connection.execute(
        text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'transaction' AND indexname <> 'transaction_pkey'"
        )
    )
    for name, definition in indexes.all():
        await connection.execute(text(f"DROP INDEX {name}"))
        again.append(definition)
    return again


Ask = Callable[[random.Random, dict[str, Any]], tuple[str, dict[str, Any]]]


def _station(choose: random.Random, told: dict[str, Any]) -> int:
    return int(told["first"]) + choose.randrange(told["stations"])


def _site(choose: random.Random, told: dict[str, Any]) -> int:
    return 1 + choose.randrange(told["sites"])


def _card(choose: random.Random, told: dict[str, Any]) -> str:
    return f"CARD{choose.randrange(told['tokens']):07}"


def _day(choose: random.Random, told: dict[str, Any]) -> dict[str, Any]:
    begin = datetime.fromisoformat(told["now"]) - timedelta(days=2 + choose.randrange(told["years"] - 4))
    return {"from": begin.isoformat(), "to": (begin + timedelta(days=1)).isoformat()}


ASKS: Final[dict[str, Ask]] = {
    "stations": lambda choose, told: ("/stations", {}),
    "stations by name, backwards": lambda choose, told: ("/stations", {"sort": "-name"}),
    "stations, the newest": lambda choose, told: ("/stations", {"sort": "-createdAt"}),
    "stations searched by id": lambda choose, told: (
        "/stations",
        {"search": f"CS{choose.randrange(told['stations']):06}"},
    ),
    "stations searched by serial number": lambda choose, told: (
        "/stations",
        {"search": f"SN{7 * choose.randrange(told['stations'])}"},
    ),
    "a station by its id": lambda choose, told: (
        "/stations",
        {"stationId": f"CS{choose.randrange(told['stations']):06}"},
    ),
    "stations searched by a part": lambda choose, told: ("/stations", {"search": f"{choose.randrange(100):02}"}),
    "transactions": lambda choose, told: ("/transactions", {}),
    "transactions, the oldest": lambda choose, told: ("/transactions", {"sort": "startedAt"}),
    "transactions of a station": lambda choose, told: ("/transactions", {"stationId": _station(choose, told)}),
    "transactions of a site": lambda choose, told: ("/transactions", {"siteId": _site(choose, told)}),
    "refused transactions of a site": lambda choose, told: (
        "/transactions",
        {"siteId": _site(choose, told), "refused": "true", "state": "ended"},
    ),
    "transactions of a token": lambda choose, told: ("/transactions", {"token": _card(choose, told)}),
    "transactions of a day": lambda choose, told: ("/transactions", _day(choose, told)),
    "refused transactions of a day": lambda choose, told: (
        "/transactions",
        {"refused": "true", **_day(choose, told)},
    ),
    "running transactions": lambda choose, told: ("/transactions", {"state": "active"}),
    "refused transactions": lambda choose, told: ("/transactions", {"refused": "true"}),
    "tokens": lambda choose, told: ("/tokens", {}),
    "tokens changed last": lambda choose, told: ("/tokens", {"sort": "-changedAt"}),
    "tokens searched by value": lambda choose, told: ("/tokens", {"search": _card(choose, told).lower()}),
    "a token by its value": lambda choose, told: ("/tokens", {"value": _card(choose, told)}),
    "tokens searched by a beginning": lambda choose, told: ("/tokens", {"search": _card(choose, told)[:8]}),
    "tokens searched by number": lambda choose, told: ("/tokens", {"search": f"DE-8AA-{_card(choose, told)[4:]}"}),
    "blocked tokens": lambda choose, told: ("/tokens", {"blocked": "true"}),
    "commands": lambda choose, told: ("/commands", {}),
    "commands to a station": lambda choose, told: ("/commands", {"stationId": _station(choose, told)}),
    "refused commands": lambda choose, told: ("/commands", {"status": "refused"}),
    "messages": lambda choose, told: ("/messages", {}),
    "messages of a station": lambda choose, told: ("/messages", {"stationId": _station(choose, told)}),
    "messages of an action": lambda choose, told: ("/messages", {"action": "BootNotification"}),
}
MAY_BE_EMPTY: Final = frozenset(
    {"messages of a station", "commands to a station", "transactions of a token", "refused transactions of a site"}
)
OF_A_DAY: Final = frozenset({"transactions of a day", "refused transactions of a day"})


async def generate(told: dict[str, Any]) -> dict[str, Any]:
    """Ask for pages, and for the pages after them; returns how long each took."""
    choose = random.Random(SEED)
    took: dict[str, list[float]] = {name: [] for name in ASKS}
    url = f"http://127.0.0.1:{told['api']}/api/v1"
    # Where there are few, a day may have none.
    may_be_empty = MAY_BE_EMPTY | OF_A_DAY if told["count"] < 1_000_000 else MAY_BE_EMPTY
    names = [name for name in ASKS for _ in range(told["times"])]
    choose.shuffle(names)
    # Once around by either caller is not measured.
    warm = [name for name in ASKS for _ in told["keys"]]
    async with httpx2.AsyncClient(base_url=url, timeout=LONGEST_S) as client:
        for place, name in enumerate([*warm, *names]):
            headers = {"Authorization": f"Bearer {told['keys'][place % len(told['keys'])]}"}
            path, parameters = ASKS[name](choose, told)
            cursor: dict[str, Any] = {}
            for _ in range(2):
                at = SYSTEM.monotonic()
                answer = await client.get(path, params={**parameters, **cursor}, headers=headers)
                spent = SYSTEM.monotonic() - at
                if answer.status_code != 200:
                    raise SystemExit(f"{name}: {path} was answered {answer.status_code} {answer.text}")
                page = answer.json()
                if not page["items"] and not cursor and name not in may_be_empty:
                    raise SystemExit(f"{name}: nothing was found by {parameters}")
                if place >= len(warm):
                    took[name].append(spent)
                if page["next"] is None:
                    break
                cursor = {"cursor": page["next"]}
    every = sorted(spent for waits in took.values() for spent in waits)
    _print_each(took)
    worst = sorted(((max(waits), name) for name, waits in took.items() if waits), reverse=True)
    usual = sorted(((sorted(waits)[len(waits) // 2], name) for name, waits in took.items() if waits), reverse=True)
    return {
        "requests": len(every),
        "p50_ms": _ms(every[len(every) // 2]),
        "p99_ms": _ms(every[len(every) * 99 // 100]),
        "max_ms": _ms(every[-1]),
        "slowest": {name: _ms(spent) for spent, name in worst[:6]},
        "slow_as_a_rule": {name: _ms(spent) for spent, name in usual[:6]},
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _print_each(took: dict[str, list[float]]) -> None:
    """How long each list took, the slowest first."""
    print(f"{'ms':40} {'p50':>8} {'p99':>8} {'max':>8}", file=sys.stderr)
    for name, waits in sorted(took.items(), key=lambda item: max(item[1], default=0.0), reverse=True):
        ordered = sorted(waits)
        if ordered:
            figures = (ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], ordered[-1])
            print(f"{name:40}", *(f"{_ms(one):8.1f}" for one in figures), file=sys.stderr)


async def measure(stations: int, transactions: int, times: int, data: Path | None) -> dict[str, Any]:
    """Fill a database, ask for pages from another process. Without `times` nothing is asked."""
    with _folder(data) as place:
        kept = _kept(place, stations, transactions)
        async with management_system(place, wire_ids(stations), api=True) as csms:
            told = kept or await _filled(csms, stations, transactions)
            if data is not None:
                (place / FILLED).write_bytes(msgspec.json.encode(told))
            if kept and await asked(csms, "SELECT max(number) FROM transaction") != transactions:
                raise SystemExit(f"{place} was not closed properly and has lost its transactions; remove it")
            size = {name: told[name] for name in ("stations", "tokens", "commands", "messages", "filled_s")}
            size["transactions"] = transactions
            if times == 0:
                return {"name": "lists", **size}
            mine = local_key(place)
            operator = await _operator_key(csms, mine)
            given = {**told, "api": csms.api_port, "keys": [mine, operator], "times": times}
            async with load("lists", given, 10 * LONGEST_S) as hear:
                said = await hear()
            return {"name": "lists", **said, **size, "load_average": round(os.getloadavg()[0], 1)}


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """Where the database is: in the folder named, or in one that is there only meanwhile."""
    if data is None:
        with scratch() as place:
            yield Path(place)
        return
    data.mkdir(parents=True, exist_ok=True)
    # As root the database runs as somebody else, who has to get in.
    data.chmod(0o711)
    yield data.resolve()


def _kept(place: Path, stations: int, transactions: int) -> dict[str, Any] | None:
    """What the database in a folder was filled with. Ends the process if it is not what is to be measured."""
    if not any(place.iterdir()):
        return None
    try:
        told: dict[str, Any] = msgspec.json.decode((place / FILLED).read_bytes())
    except FileNotFoundError:
        raise SystemExit(f"{place} is in use for something else, or its filling was interrupted") from None
    if (told["stations"], told["count"]) != (stations, transactions):
        raise SystemExit(f"{place} holds {told['stations']} stations and {told['count']} transactions")
    return told


async def _filled(csms: Csms, stations: int, transactions: int) -> dict[str, Any]:
    began = SYSTEM.monotonic()
    told = await fill(csms, stations, transactions)
    return {**told, "filled_s": round(SYSTEM.monotonic() - began)}


async def _operator_key(csms: Csms, key: str) -> str:
    """An API key that sees one organisation."""
    url = f"http://127.0.0.1:{csms.api_port}/api/v1"
    async with httpx2.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=LONGEST_S
    ) as client:
        body = {"name": "bench", "role": "operator", "organisationId": csms.organisation}
        made = await client.post("/api-keys", json=body)
        if made.status_code != 201:
            raise SystemExit(f"no key: {made.status_code} {made.text}")
        return str(made.json()["key"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=100_000)
    parser.add_argument("--transactions", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=20, help="how often each list is asked for; 0 only fills")
    parser.add_argument("--data", type=Path, help="a folder to keep the database in, or where it was kept")
    parser.add_argument("--load", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    allow_many_files()
    if given.load:
        say(run(generate(instructions())))
    else:
        say(run(measure(given.stations, given.transactions, given.times, given.data)))


if __name__ == "__main__":
    main()
