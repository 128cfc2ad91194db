"""A call of a station: what is committed before it is answered, and what it is answered when that fails."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from sqlalchemy import text

from forecourt.clock import SYSTEM
from forecourt.csms.blocks.later import v16 as later_16
from forecourt.csms.gateway.dispatch import TRANSACTION_MESSAGES, Dispatch, Given, Heard, Unanswerable
from forecourt.csms.gateway.log import LOGGED
from forecourt.csms.redaction import MASK
from forecourt.csms.stations.dialects import Dialect, Handler, Later
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration
from forecourt.csms.store.announced import Event
from forecourt.csms.store.engine import connect
from forecourt.csms.store.journal import Journal
from forecourt.csms.store.work import Store, Work
from forecourt.ocpp import v2, v16
from forecourt.ocpp.deviations import Deviation, DeviationKind
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError, RemoteProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import V16, V201, Version
from forecourt.ocpp.writing import write
from forecourt.transport.tasks import Tasks
from tests.csms.blocks.availability.world import Wire, happened, populate, rows, station_of

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEARTBEAT = v16.Heartbeat()
STATUS = v16.StatusNotification(connector_id=1, error_code="NoError", status="Available")
START = v16.StartTransaction(connector_id=1, id_tag="TAG", meter_start=0, timestamp=AT)
STOP = v16.StopTransaction(meter_stop=1, timestamp=AT, transaction_id=1)
METER = v16.MeterValues(
    connector_id=1, meter_value=(v16.MeterValue(timestamp=AT, sampled_value=(v16.SampledValue(value="1"),)),)
)
EVENT = v2.TransactionEvent(
    event_type="Updated",
    timestamp=AT,
    trigger_reason="MeterValuePeriodic",
    seq_no=1,
    transaction_info=v2.Transaction(transaction_id="tx"),
)
VERSION_OF = {START: V16, STOP: V16, METER: V16, EVENT: V201}
transactions = pytest.mark.parametrize("message", [START, STOP, METER, EVENT], ids=lambda one: type(one).__name__)

ROW = "SELECT caller, version, message_id, action, request, answer, error FROM message_log"


class LampSwitched(Event, frozen=True, kw_only=True):
    """Something for handlers to announce."""

    organisation_id: int
    station_id: int


@pytest.fixture(autouse=True)
async def _populated(store: Store) -> None:
    await populate(store)


@pytest.fixture
async def away(database_url: str) -> AsyncIterator[Store]:
    """A store whose database cannot be reached, and which does not wait for it."""
    database = connect("postgresql://nobody@127.0.0.1:1/nothing")
    yield Store(database, Journal(database, SYSTEM), SYSTEM, hold_s=0.0)
    await database.close()


def linked(version: Version, hears: dict[type[Message], Handler | Later], registration: str = "Accepted") -> Link:
    station = station_of()
    station.registration = Registration(registration)
    return Link(station, Dialect(version, hears, {}), Wire(version), 1)


def heard(
    message: Message, version: Version = V16, *, deviations: tuple[Deviation, ...] = (), message_id: str = "id-1"
) -> Heard:
    return Heard(message_id, type(message).__name__, message, write(version, message), deviations)


def answering(answer: Message) -> Handler:
    async def handler(link: Link, work: Work, call: Message) -> Message:
        work.announce(LampSwitched(organisation_id=1, station_id=link.station.key))
        return answer

    return handler


def failing(error: Exception) -> Handler:
    async def handler(link: Link, work: Work, call: Message) -> Message:
        work.announce(LampSwitched(organisation_id=1, station_id=link.station.key))
        raise error

    return handler


async def unstorable(link: Link, work: Work, call: Message) -> Message:
    """Writes a row the schema refuses."""
    row = (work.now, 1, 1, "station", "1.6", "id", "Lamp", "a \0 inside", "", "", 0)
    work.add(LOGGED, row)
    return v16.StatusNotificationResponse()


async def given(store: Store, link: Link, what: Heard) -> Given:
    return await Dispatch(store, SYSTEM).answer(link, what)


def refused(given: Given, code: ErrorCode) -> ProtocolError:
    assert isinstance(given.answer, ProtocolError), given.answer
    assert given.answer.code is code
    assert given.work is None
    return given.answer


async def test_what_a_handler_did_and_the_row_of_its_call_are_there_when_it_is_answered(store: Store) -> None:
    answer = v16.StatusNotificationResponse()
    link = linked(V16, {v16.StatusNotification: answering(answer)})
    result = await given(store, link, heard(STATUS))
    assert result.answer is answer
    assert len(await happened(store, "LampSwitched")) == 1
    (row,) = await rows(store, ROW)
    assert row[:4] == ("station", "1.6", "id-1", "StatusNotification")
    assert json.loads(row[4]) == {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    assert row[5:] == ("{}", "")


async def test_request_and_answer_stand_side_by_side_in_one_row(store: Store) -> None:
    info = v16.StartTransactionResponse(id_tag_info=v16.IdTagInfo(status="Accepted"), transaction_id=7)
    await given(store, linked(V16, {v16.StartTransaction: answering(info)}), heard(START))
    ((request, answer),) = await rows(store, "SELECT request, answer FROM message_log")
    assert json.loads(request)["idTag"] == "TAG"
    assert json.loads(answer) == {"idTagInfo": {"status": "Accepted"}, "transactionId": 7}


async def test_no_answer_is_given_before_the_commit(store: Store) -> None:
    link = linked(V16, {v16.StatusNotification: answering(v16.StatusNotificationResponse())})
    async with store.database.engine.begin() as blocker:
        # The journal's first statement waits for this lock.
        await blocker.execute(text("SELECT FROM journal_writer FOR UPDATE"))
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(given(store, link, heard(STATUS)))
            await asyncio.wait([waiting], timeout=0.1)
            assert not waiting.done()
            assert await rows(store, ROW) == []
            assert link.station.last_seen_at is None
            await blocker.rollback()
    assert not isinstance(waiting.result().answer, ProtocolError)
    assert len(await rows(store, ROW)) == 1


async def test_a_station_was_last_seen_when_its_call_was_heard(store: Store) -> None:
    link = linked(V16, {v16.StatusNotification: answering(v16.StatusNotificationResponse())})
    result = await given(store, link, heard(STATUS))
    assert result.work is not None
    assert link.station.last_seen_at == result.work.now


async def test_what_is_to_be_done_after_the_answer_is_handed_on_and_not_done(store: Store) -> None:
    done: list[str] = []

    async def later() -> None:
        done.append("later")

    async def handler(link: Link, work: Work, call: Message) -> Message:
        work.after_answer(later)
        return v16.StatusNotificationResponse()

    result = await given(store, linked(V16, {v16.StatusNotification: handler}), heard(STATUS))
    assert result.work is not None
    assert (result.work.afterwards, done) == ([later], [])


async def test_an_entry_the_schema_refuses_is_kept_aside_and_blamed_on_its_values(store: Store) -> None:
    result = await given(store, linked(V16, {v16.StatusNotification: unstorable}), heard(STATUS))
    assert "not storable" in refused(result, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION).reason
    ((key, entry),) = await rows(store, "SELECT key, entry FROM refused_entry")
    assert key == "1"
    assert b"Lamp" in entry
    assert b"StatusNotification" in entry
    ((action, error),) = await rows(store, "SELECT action, error FROM message_log")
    assert (action, error) == ("StatusNotification", "PropertyConstraintViolation")


async def test_a_transaction_message_that_can_never_be_stored_is_refused_and_not_asked_for_again(store: Store) -> None:
    result = await given(store, linked(V16, {v16.StartTransaction: unstorable}), heard(START))
    refused(result, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)


async def test_an_error_the_handler_has_a_word_for_is_answered_and_logged(store: Store) -> None:
    error = RemoteProtocolError(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "no such thing")
    result = await given(store, linked(V16, {v16.StatusNotification: failing(error)}), heard(STATUS))
    assert refused(result, ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION) is error
    assert [row[5:] for row in await rows(store, ROW)] == [("", "OccurrenceConstraintViolation")]
    assert await happened(store, "LampSwitched") == []


async def test_an_error_of_ours_is_answered_without_its_words_and_undoes_what_was_done(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    link = linked(V16, {v16.StatusNotification: failing(RuntimeError("inner workings"))})
    with caplog.at_level(logging.ERROR, "forecourt.gateway"):
        error = refused(await given(store, link, heard(STATUS)), ErrorCode.INTERNAL_ERROR)
    assert "inner workings" not in str(error)
    assert "inner workings" in caplog.text
    assert [row[5:] for row in await rows(store, ROW)] == [("", "InternalError")]
    assert await happened(store, "LampSwitched") == []


@transactions
async def test_an_error_of_ours_is_no_answer_to_a_transaction_message(store: Store, message: Message) -> None:
    version = VERSION_OF[cast(Any, message)]
    link = linked(version, {type(message): failing(RuntimeError("inner workings"))})
    with pytest.raises(Unanswerable):
        await given(store, link, heard(message, version))
    assert await rows(store, ROW) == []
    assert await happened(store, "LampSwitched") == []


async def test_an_answer_of_ours_that_cannot_be_said_is_an_error_of_ours(store: Store) -> None:
    answer = v16.DataTransferResponse(status="Accepted", data=cast(str, 7))
    link = linked(V16, {v16.DataTransfer: answering(answer)})
    refused(await given(store, link, heard(v16.DataTransfer(vendor_id="v"))), ErrorCode.INTERNAL_ERROR)
    assert await happened(store, "LampSwitched") == []


async def test_an_answer_that_cannot_be_said_is_no_answer_to_a_transaction_message(store: Store) -> None:
    info = v16.IdTagInfo(status="Accepted", parent_id_tag="x" * 21)
    answer = v16.StartTransactionResponse(id_tag_info=info, transaction_id=1)
    with pytest.raises(LocalProtocolError):
        write(V16, answer)
    with pytest.raises(Unanswerable):
        await given(store, linked(V16, {v16.StartTransaction: answering(answer)}), heard(START))
    assert await happened(store, "LampSwitched") == []


@pytest.mark.parametrize("message", [STATUS, START], ids=lambda one: type(one).__name__)
async def test_while_the_store_is_away_there_is_no_answer(away: Store, message: Message) -> None:
    link = linked(V16, {type(message): own_transaction})
    with pytest.raises(Unanswerable):
        await given(away, link, heard(message))
    assert link.station.last_seen_at is None


async def own_transaction(link: Link, work: Work, call: Message) -> Message:
    await (await work.sql()).execute(text("SELECT 1"))
    return v16.StatusNotificationResponse()


async def test_a_refusal_that_cannot_be_put_on_record_is_no_answer(store: Store) -> None:
    link = linked(V16, {v16.StatusNotification: failing(ProtocolError(ErrorCode.GENERIC_ERROR, "no"))})
    await store.journal.close()
    with pytest.raises(Unanswerable):
        await given(store, link, heard(STATUS))


async def test_a_statement_of_ours_that_is_wrong_is_no_answer(store: Store) -> None:
    async def handler(link: Link, work: Work, call: Message) -> Message:
        await (await work.sql()).execute(text("SELECT FROM no_such_table"))
        return v16.StatusNotificationResponse()

    with pytest.raises(Unanswerable):
        await given(store, linked(V16, {v16.StatusNotification: handler}), heard(STATUS))


class Held(Tasks):
    """Keeps what was started until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Coroutine[Any, Any, object]] = []

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        self.held.append(work)

    async def go_on(self) -> None:
        for work in self.held:
            await work


async def test_a_heartbeat_is_answered_while_the_store_is_away(store: Store) -> None:
    answer = v16.HeartbeatResponse(current_time=AT)
    link, tasks = linked(V16, {v16.Heartbeat: answering(answer)}), Held()
    await store.journal.close()
    result = await Dispatch(store, SYSTEM, tasks).answer(link, heard(HEARTBEAT))
    await tasks.go_on()
    assert result.answer is answer
    assert link.station.last_seen_at is not None
    assert await rows(store, ROW) == []


async def test_a_heartbeat_is_answered_first_and_put_on_record_then(store: Store) -> None:
    link, tasks = linked(V16, {v16.Heartbeat: answering(v16.HeartbeatResponse(current_time=AT))}), Held()
    await Dispatch(store, SYSTEM, tasks).answer(link, heard(HEARTBEAT))
    assert await rows(store, ROW) == []
    await tasks.go_on()
    assert [row[3] for row in await rows(store, ROW)] == ["Heartbeat"]


async def test_only_a_heartbeat_is_answered_before_its_commit(store: Store) -> None:
    link, tasks = linked(V16, {v16.StatusNotification: answering(v16.StatusNotificationResponse())}), Tasks()
    await store.journal.close()
    with pytest.raises(Unanswerable):
        await Dispatch(store, SYSTEM, tasks).answer(link, heard(STATUS))


BOOT_16 = v16.BootNotification(charge_point_vendor="v", charge_point_model="m")
BOOT_2 = v2.BootNotification(charging_station=v2.ChargingStation(model="m", vendor_name="v"), reason="PowerUp")
REPORT = v2.NotifyReport(request_id=1, generated_at=AT, seq_no=0)
BOOTED_16 = v16.BootNotificationResponse(current_time=AT, interval=1, status="Pending")
BOOTED_2 = v2.BootNotificationResponse(current_time=AT, interval=1, status="Pending")


@pytest.mark.parametrize(
    ("registration", "version", "message", "answer"),
    [
        ("Pending", V16, BOOT_16, BOOTED_16),
        ("Rejected", V16, BOOT_16, BOOTED_16),
        ("Pending", V201, BOOT_2, BOOTED_2),
        ("Rejected", V201, BOOT_2, BOOTED_2),
        ("Pending", V201, REPORT, v2.NotifyReportResponse()),
    ],
)
async def test_a_station_that_is_not_accepted_may_boot_and_report(
    store: Store, registration: str, version: Version, message: Message, answer: Message
) -> None:
    link = linked(version, {type(message): answering(answer)}, registration)
    assert (await given(store, link, heard(message, version))).answer is answer


@pytest.mark.parametrize(
    ("registration", "version", "message"),
    [
        ("Pending", V16, STATUS),
        ("Pending", V16, START),
        ("Pending", V16, HEARTBEAT),
        ("Rejected", V16, STATUS),
        ("Rejected", V16, HEARTBEAT),
        ("Pending", V201, EVENT),
        ("Rejected", V201, EVENT),
        ("Rejected", V201, REPORT),
    ],
)
async def test_a_station_that_is_not_accepted_may_say_nothing_else(
    store: Store, registration: str, version: Version, message: Message
) -> None:
    link = linked(version, {type(message): failing(AssertionError("was heard"))}, registration)
    error = refused(await given(store, link, heard(message, version)), ErrorCode.SECURITY_ERROR)
    assert registration in error.reason
    assert [row[6] for row in await rows(store, ROW)] == ["SecurityError"]


async def test_a_pending_station_may_say_what_it_was_asked_for(store: Store) -> None:
    link = linked(V16, {v16.StatusNotification: answering(v16.StatusNotificationResponse())}, "Pending")
    link.asked_for = frozenset({"StatusNotification"})
    assert not isinstance((await given(store, link, heard(STATUS))).answer, ProtocolError)


async def test_a_message_nobody_hears_is_not_supported(store: Store) -> None:
    refused(await given(store, linked(V16, {}), heard(STATUS)), ErrorCode.NOT_SUPPORTED)
    assert [row[6] for row in await rows(store, ROW)] == ["NotSupported"]


async def test_a_message_of_a_later_feature_is_answered_as_the_specification_allows(store: Store) -> None:
    message = v16.FirmwareStatusNotification(status="Idle")
    result = await given(store, linked(V16, dict(later_16.HEARS)), heard(message))
    assert result.answer == v16.FirmwareStatusNotificationResponse()
    assert [row[3:] for row in await rows(store, ROW)] == [
        ("FirmwareStatusNotification", '{"status":"Idle"}', "{}", "")
    ]


async def test_a_message_of_a_later_feature_without_an_honest_answer_is_not_supported(store: Store) -> None:
    result = await given(store, linked(V16, {v16.StatusNotification: Later("lamps")}), heard(STATUS))
    assert "yet" in refused(result, ErrorCode.NOT_SUPPORTED).reason


DEVIATION = Deviation(DeviationKind.TEXT_LENGTH, "$.info", '"a long te…"', "51 characters, 50 fit")


@pytest.mark.parametrize("accepted", [True, False])
async def test_what_was_forgiven_is_recorded_whatever_the_answer(store: Store, accepted: bool) -> None:
    handler = answering(v16.StatusNotificationResponse()) if accepted else failing(RuntimeError("ours"))
    await given(store, linked(V16, {v16.StatusNotification: handler}), heard(STATUS, deviations=(DEVIATION, DEVIATION)))
    recorded = await rows(store, "SELECT station_id, version, action, kind, path, value, detail FROM deviation")
    row = (1, "1.6", "StatusNotification", "text length", "$.info", '"a long te…"', "51 characters, 50 fit")
    assert recorded == [row, row]


async def test_of_a_message_that_may_carry_secrets_the_deviating_value_is_not_recorded(store: Store) -> None:
    link = linked(V16, {v16.DataTransfer: answering(v16.DataTransferResponse(status="Accepted"))})
    await given(store, link, heard(v16.DataTransfer(vendor_id="v"), deviations=(DEVIATION,)))
    assert await rows(store, "SELECT path, value FROM deviation") == [("$.info", MASK)]


async def test_a_message_id_with_a_nul_is_stored_all_the_same(store: Store) -> None:
    link = linked(V16, {v16.StatusNotification: answering(v16.StatusNotificationResponse())})
    result = await given(store, link, heard(STATUS, message_id="a\0b"))
    assert not isinstance(result.answer, ProtocolError)
    assert [row[2] for row in await rows(store, ROW)] == ["a\\0b"]


def test_every_message_about_transactions_is_one_that_must_not_be_discarded() -> None:
    assert {type(message) for message in (START, STOP, METER, EVENT)} == TRANSACTION_MESSAGES
