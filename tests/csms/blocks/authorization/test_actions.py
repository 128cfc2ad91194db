"""Verdicts about presented tokens, against a real database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from forecourt.charging.ids import ConnectorId, EvseId, StationId, TransactionId
from forecourt.charging.judging import Asked, OpenTransaction
from forecourt.charging.tokens import Token, TokenKind, Verdict
from forecourt.charging.topology import Connector, Evse, Topology
from forecourt.csms.blocks.authorization import tokens
from forecourt.csms.blocks.authorization.actions import judge
from forecourt.csms.blocks.authorization.model import (
    Judged,
    KnownToken,
    Medium,
    OpenTransactions,
    Reason,
    TokenData,
)
from forecourt.csms.stations.model import OrganisationKey, Station
from forecourt.csms.store.work import Store, Work
from tests.csms.blocks.authorization.world import (
    OPERATOR,
    PROVIDER,
    US,
    WAITING,
    ask_nobody,
    happened,
    open_now,
    rows,
    station_of,
)

HOUR = timedelta(hours=1)
CARD = Token("04A1B2C3", "ISO14443")
HERE, ELSEWHERE = StationId("CS1"), StationId("CS2")


async def add(store: Store, data: TokenData, owner: OrganisationKey = US) -> KnownToken:
    async with store.work() as work:
        return await tokens.add(work, owner, data)


async def judged_by(
    store: Store,
    token: Token = CARD,
    *,
    station: Station | None = None,
    asked: Asked = Asked.TO_AUTHORIZE,
    open_transactions: OpenTransactions | None = ask_nobody,
    **more: Any,
) -> Judged:
    async with store.work() as work:
        at = more.pop("at", work.now)
        station = station or station_of()
        return await judge(work, station, token, at, asked=asked, open_transactions=open_transactions, **more)


def tx(name: str, *, at: StationId = ELSEWHERE, token: Token = CARD, group: Token | None = None) -> OpenTransaction:
    return OpenTransaction(transaction_id=TransactionId(name), station_id=at, token=token, group=group)


async def test_C01_FR_07_a_token_on_record_is_accepted_and_the_reason_is_an_event(peopled: Store) -> None:
    known = await add(peopled, TokenData(token=CARD, group="fleet"))
    judged = await judged_by(peopled, Token("04a1b2c3", "ISO14443"), evse_id=EvseId(1))
    assert (judged.verdict, judged.reason, judged.known) == (Verdict.ACCEPTED, Reason.NOTHING_AGAINST_IT, known)
    (told,) = await happened(peopled, "TokenJudged")
    assert told == {
        "organisationId": US,
        "stationId": 1,
        "token": "04a1b2c3",
        "kind": "ISO14443",
        "tokenId": known.key,
        "providerId": US,
        "asked": "authorize",
        "evseId": 1,
        "verdict": "Accepted",
        "reason": "nothing_against_it",
        "group": "fleet",
        "moment": None,
        "transactions": [],
        "evseIds": [],
    }
    assert await rows(peopled, "SELECT organisation_id, station_id FROM event WHERE kind = 'TokenJudged'") == [(US, 1)]


async def test_an_unknown_token_never_passes(peopled: Store) -> None:
    await add(peopled, TokenData(token=CARD))
    for token in (Token("04A1B2C4", "ISO14443"), Token("04A1B2C3", "ISO15693"), Token("", "ISO14443"), Token("")):
        judged = await judged_by(peopled, token)
        assert (judged.verdict, judged.reason, judged.known) == (Verdict.UNKNOWN, Reason.NOT_KNOWN, None)


@pytest.mark.parametrize("value", ["'; DROP TABLE token; --", "%", "🚗" * 10, "İ", "x" * 5000])
async def test_no_value_is_too_odd_to_be_unknown(peopled: Store, value: str) -> None:
    assert (await judged_by(peopled, Token(value))).verdict is Verdict.UNKNOWN


async def test_C01_FR_25_case_does_not_count_and_an_idTag_matches_any_kind(peopled: Store) -> None:
    await add(peopled, TokenData(token=CARD))
    assert (await judged_by(peopled, Token("04a1B2c3"))).accepted
    assert (await judged_by(peopled, Token("04a1b2c3", "iso14443"))).accepted


async def test_a_token_on_record_without_kind_is_meant_by_any(peopled: Store) -> None:
    await add(peopled, TokenData(token=Token("TAG1")))
    for kind in ("", "ISO14443", "eMAID"):
        assert (await judged_by(peopled, Token("tag1", kind))).accepted


async def test_blocked_expired_and_early_tokens_are_refused_with_their_group(peopled: Store) -> None:
    now = peopled.clock.now()
    blocked = await add(peopled, TokenData(token=Token("B", "ISO14443"), group="fleet"))
    await add(peopled, TokenData(token=Token("E", "ISO14443"), group="fleet", valid_until=now - HOUR))
    await add(peopled, TokenData(token=Token("F", "ISO14443"), valid_from=now + HOUR))
    async with peopled.work() as work:
        await tokens.block(work, blocked.key, "lost")
    verdicts = [await judged_by(peopled, Token(value, "ISO14443")) for value in "BEF"]
    assert [judged.verdict for judged in verdicts] == [Verdict.BLOCKED, Verdict.EXPIRED, Verdict.NOT_AT_THIS_TIME]
    # C01.FR.06, C09.FR.09
    assert [judged.group and judged.group.value for judged in verdicts] == ["fleet", "fleet", None]
    assert verdicts[2].expires_at == now + HOUR
    told = await happened(peopled, "TokenJudged")
    assert [one["reason"] for one in told] == ["blocked", "no_longer_valid", "not_yet_valid"]
    assert [one["moment"] is not None for one in told] == [False, True, True]


async def test_a_token_is_judged_by_when_it_was_presented(peopled: Store) -> None:
    now = peopled.clock.now()
    await add(peopled, TokenData(token=CARD, valid_until=now - HOUR))
    assert (await judged_by(peopled, at=now - 2 * HOUR)).accepted
    assert (await judged_by(peopled)).verdict is Verdict.EXPIRED


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """The statements of units of work with a transaction of their own, while the block lasts."""
    asked: list[tuple[str, Any]] = []

    def note(connection: object, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        asked.append((statement, parameters))

    engine = store.database.engine.sync_engine
    listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        remove(engine, "before_cursor_execute", note)


async def test_C02_FR_02_a_start_button_needs_neither_record_nor_query(peopled: Store) -> None:
    with statements(peopled) as asked:
        judged = await judged_by(peopled, Token("", TokenKind.NO_AUTHORIZATION), asked=Asked.TO_START)
        assert asked == []
    assert judged.accepted
    assert [one["reason"] for one in await happened(peopled, "TokenJudged")] == ["no_authorization_needed"]


async def test_C04_FR_01_04_a_wrong_code_is_invalid_and_no_code_is_shown(peopled: Store) -> None:
    await add(peopled, TokenData(token=Token("471147", "KeyCode"), medium=Medium.CODE))
    assert (await judged_by(peopled, Token("471147", "KeyCode"))).accepted  # C04.FR.02
    assert (await judged_by(peopled, Token("999999", "KeyCode"))).verdict is Verdict.INVALID
    assert [one["token"] for one in await happened(peopled, "TokenJudged")] == ["***", "***"]
    recorded = await rows(peopled, "SELECT string_agg(data::text, '') FROM event")
    assert "471147" not in recorded[0][0]
    assert "999999" not in recorded[0][0]


async def test_C01_FR_22_tokens_of_others_pass_only_where_the_operator_takes_them(peopled: Store) -> None:
    await add(peopled, TokenData(token=CARD, group="theirs"), PROVIDER)
    refused = await judged_by(peopled)
    assert (refused.verdict, refused.reason) == (Verdict.NOT_AT_THIS_LOCATION, Reason.PROVIDER_NOT_ACCEPTED)
    assert refused.group is None
    async with peopled.work() as work:
        await tokens.accept_provider(work, US, PROVIDER)
    assert (await judged_by(peopled)).accepted
    assert (await judged_by(peopled, station=station_of(3, OPERATOR))).reason is Reason.PROVIDER_NOT_ACCEPTED
    async with peopled.work() as work:
        await tokens.drop_provider(work, US, PROVIDER)
    assert (await judged_by(peopled)).reason is Reason.PROVIDER_NOT_ACCEPTED


async def test_C04_FR_01_a_code_of_a_provider_not_taken_is_as_wrong_as_any(peopled: Store) -> None:
    await add(peopled, TokenData(token=Token("471147", "KeyCode"), medium=Medium.CODE), PROVIDER)
    assert (await judged_by(peopled, Token("471147", "KeyCode"))).verdict is Verdict.INVALID


async def test_C01_FR_18_20_places_and_kinds_of_EVSE_narrow_down_where_a_token_charges(peopled: Store) -> None:
    station = station_of()
    kinds = ((1, "sType2"), (2, "cCCS2"), (3, "cCCS2"))
    station.topology = Topology(
        tuple(Evse(EvseId(number), (Connector(ConnectorId(1), kind),)) for number, kind in kinds)
    )
    await add(peopled, TokenData(token=Token("DC", "ISO14443"), evse_kinds=frozenset({"dc"})))
    await add(peopled, TokenData(token=Token("P1", "ISO14443"), places={"CS1": (1,), "CS9": None}))
    await add(peopled, TokenData(token=Token("P9", "ISO14443"), places={"CS9": None}))

    fast = await judged_by(peopled, Token("DC", "ISO14443"), station=station)
    assert (fast.accepted, fast.evse_ids) == (True, (2, 3))
    wrong = await judged_by(peopled, Token("DC", "ISO14443"), station=station, evse_id=EvseId(1))
    assert (wrong.verdict, wrong.evse_ids) == (Verdict.NOT_AT_THIS_LOCATION, ())
    assert (await judged_by(peopled, Token("P1", "ISO14443"), station=station)).evse_ids == (1,)
    assert (await judged_by(peopled, Token("P9", "ISO14443"), station=station)).reason is Reason.NOT_AT_THIS_STATION
    station.topology = Topology((Evse(EvseId(1), (Connector(ConnectorId(1), "sType2"),)),))
    refused = await judged_by(peopled, Token("DC", "ISO14443"), station=station)
    assert refused.verdict is Verdict.NOT_ALLOWED_TYPE_EVSE


@pytest.mark.parametrize(
    ("most", "others", "verdict"),
    [
        (1, 0, Verdict.ACCEPTED),
        (1, 1, Verdict.CONCURRENT_TX),
        (2, 1, Verdict.ACCEPTED),
        (2, 2, Verdict.CONCURRENT_TX),
        (None, 5, Verdict.ACCEPTED),
    ],
)
async def test_a_token_has_as_many_transactions_open_as_it_may(
    peopled: Store, most: int | None, others: int, verdict: Verdict
) -> None:
    await add(peopled, TokenData(token=CARD, max_concurrent=most))
    open_transactions = open_now(*(tx(f"t{number}") for number in range(others)))
    judged = await judged_by(peopled, asked=Asked.TO_START, open_transactions=open_transactions)
    assert judged.verdict is verdict
    told = (await happened(peopled, "TokenJudged"))[-1]
    refused = verdict is not Verdict.ACCEPTED
    assert told["transactions"] == ([f"t{number}" for number in range(others)] if refused else [])
    assert told["asked"] == "start"


async def test_a_repeated_start_does_not_stand_against_itself(peopled: Store) -> None:
    await add(peopled, TokenData(token=CARD))
    mine = open_now(tx("t1", at=HERE))
    again = await judged_by(peopled, asked=Asked.TO_START, open_transactions=mine, transaction_id=TransactionId("t1"))
    assert again.accepted
    assert not (await judged_by(peopled, asked=Asked.TO_START, open_transactions=mine)).accepted


async def test_a_token_presented_where_it_charges_may_have_come_to_stop(peopled: Store) -> None:
    await add(peopled, TokenData(token=CARD))
    assert (await judged_by(peopled, open_transactions=open_now(tx("t1", at=HERE)))).accepted
    elsewhere = await judged_by(peopled, open_transactions=open_now(tx("t1", at=ELSEWHERE)))
    assert elsewhere.verdict is Verdict.CONCURRENT_TX
    assert (await judged_by(peopled, open_transactions=None)).accepted


async def test_transactions_of_the_group_are_asked_for_only_where_they_count(peopled: Store) -> None:
    asked_for: list[tuple[Token, Token | None]] = []

    async def note(work: Work, token: Token, group: Token | None) -> Sequence[OpenTransaction]:
        asked_for.append((token, group))
        return [tx("t1", token=Token("OTHER"), group=Token("fleet", TokenKind.CENTRAL))]

    await add(peopled, TokenData(token=CARD, group="fleet", concurrent_per_group=True))
    await add(peopled, TokenData(token=Token("SOLO", "ISO14443"), group="fleet"))
    await add(peopled, TokenData(token=Token("MANY", "ISO14443"), max_concurrent=None))
    one = await judged_by(peopled, asked=Asked.TO_START, open_transactions=note)
    solo = await judged_by(peopled, Token("SOLO"), asked=Asked.TO_START, open_transactions=note)
    many = await judged_by(peopled, Token("MANY"), asked=Asked.TO_START, open_transactions=note)
    unknown = await judged_by(peopled, Token("NOBODY"), asked=Asked.TO_START, open_transactions=note)
    assert [judged.verdict for judged in (one, solo, many, unknown)] == [
        Verdict.CONCURRENT_TX,
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
        Verdict.UNKNOWN,
    ]
    assert asked_for == [(CARD, Token("fleet", TokenKind.CENTRAL)), (Token("SOLO", "ISO14443"), None)]


async def test_C16_FR_03_a_master_pass_authorizes_and_never_starts(peopled: Store) -> None:
    await add(peopled, TokenData(token=CARD, group="Police"))
    async with peopled.work() as work:
        await tokens.set_master_pass(work, US, "police", True)
    presented = await judged_by(peopled)
    assert (presented.verdict, presented.group and presented.group.value) == (Verdict.ACCEPTED, "Police")
    started = await judged_by(peopled, asked=Asked.TO_START)
    assert (started.verdict, started.reason) == (Verdict.INVALID, Reason.MASTER_PASS_CANNOT_START)


async def test_C17_a_cache_life_bounds_how_long_a_verdict_is_relied_on(peopled: Store) -> None:
    await add(peopled, TokenData(token=CARD, cache_life_s=600))
    async with peopled.work() as work:
        judged = await judge(work, station_of(), CARD, work.now, asked=Asked.TO_AUTHORIZE, open_transactions=ask_nobody)
        assert judged.expires_at == work.now + timedelta(seconds=600)


async def test_a_verdict_takes_one_query_and_that_uses_an_index(peopled: Store) -> None:
    await add(peopled, TokenData(token=CARD, group="fleet"))
    with statements(peopled) as asked:
        async with peopled.work() as work:
            connection = await work.sql()
            asked.clear()
            await judge(work, station_of(), CARD, work.now, asked=Asked.TO_AUTHORIZE, open_transactions=ask_nobody)
            ((statement, parameters),) = asked
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = await connection.exec_driver_sql("EXPLAIN " + statement, parameters)
            lines = plan.scalars().all()
            # Several begin with the key, and which of them is taken depends on what is in the table.
            assert any(re.search(r"Index Scan using token_key_(kind|id|beginning)_idx", line) for line in lines), lines


@pytest.mark.parametrize("per_group", [False, True])
async def test_of_two_starts_at_once_one_sees_the_other(peopled: Store, per_group: bool) -> None:
    for value in ("ONE", "TWO"):
        await add(peopled, TokenData(token=Token(value, "ISO14443"), group="fleet", concurrent_per_group=per_group))
    begun: list[OpenTransaction] = []
    first_has_judged = asyncio.Event()
    order: list[str] = []

    async def look(work: Work, token: Token, group: Token | None) -> Sequence[OpenTransaction]:
        return list(begun)

    async def first() -> None:
        async with peopled.work(1) as work:
            assert (await judged_in(work, "ONE", look)).accepted
            first_has_judged.set()
            while not order and not await rows(peopled, WAITING):
                pass
            order.append("first")
            begun.append(tx("t1", token=Token("ONE", "ISO14443"), group=Token("fleet", TokenKind.CENTRAL)))

    async def second() -> Judged:
        await first_has_judged.wait()
        async with peopled.work(2) as work:
            judged = await judged_in(work, "TWO" if per_group else "ONE", look)
            order.append("second")
            return judged

    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        late = group.create_task(second())
    assert order == ["first", "second"]
    assert late.result().verdict is Verdict.CONCURRENT_TX


async def judged_in(work: Work, value: str, look: OpenTransactions) -> Judged:
    token = Token(value, "ISO14443")
    return await judge(work, station_of(), token, work.now, asked=Asked.TO_START, open_transactions=look)
