"""No secret of the table reaches anything that is stored, and what is no secret stays as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from forecourt.clock import SYSTEM
from forecourt.csms.gateway.dispatch import Dispatch, Heard
from forecourt.csms.gateway.log import row_of_call
from forecourt.csms.gateway.recording import Recording
from forecourt.csms.redaction import (
    MASK,
    SECRET_ACTIONS,
    SECRET_NAMES,
    redacted,
    redacted_excerpt,
    redacted_odd,
    redacted_reply,
    redacted_text,
    redacted_value,
)
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Store, Work
from forecourt.ocpp import v2, v16
from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.events import CallRefused
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import V16, VERSIONS
from forecourt.transport.tasks import Tasks
from tests.csms.blocks.availability.world import Wire, populate, rows, station_of

SECRET = 'tr0ub4dor "&3'
URL = "ftps://maintenance:tr0ub4dor&3%22@files.example.org/a/b.bin"
URL_SECRET = "tr0ub4dor&3%22"
COMPONENT = {"name": "SecurityCtrlr"}
VARIABLE = {"name": "BasicAuthPassword"}
NAMED = {"component": COMPONENT, "variable": VARIABLE}
PROFILE = {
    "ocppInterface": "Wired0",
    "ocppCsmsUrl": "wss://csms.example.org/ocpp",
    "basicAuthPassword": SECRET,
    "apn": {"apn": "m2m", "apnUserName": SECRET, "apnPassword": SECRET, "simPin": 424242},
    "vpn": {
        "server": "vpn.example.org",
        "user": SECRET,
        "password": SECRET,
        "key": SECRET,
        "group": "g",
        "type": "IKEv2",
    },
}

CALLS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}, {"status": "Accepted"}),
    ("ChangeConfiguration", {"key": "authorizationkey", "value": SECRET}, {"status": "Rejected"}),
    (
        "GetConfiguration",
        {"key": ["AuthorizationKey"]},
        {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": SECRET}]},
    ),
    ("SetVariables", {"setVariableData": [NAMED | {"attributeValue": SECRET}]}, {"setVariableResult": [NAMED]}),
    (
        "GetVariables",
        {"getVariableData": [NAMED]},
        {"getVariableResult": [NAMED | {"attributeStatus": "Accepted", "attributeValue": SECRET}]},
    ),
    ("NotifyReport", {"reportData": [NAMED | {"variableAttribute": [{"type": "Actual", "value": SECRET}]}]}, {}),
    ("NotifyEvent", {"eventData": [NAMED | {"eventId": 1, "trigger": "Delta", "actualValue": SECRET}]}, {}),
    ("SetNetworkProfile", {"configurationSlot": 1, "connectionData": PROFILE}, {"status": "Accepted"}),
    ("DataTransfer", {"vendorId": "v", "data": {"deep": [{"password": SECRET}]}}, {"status": "Accepted"}),
    ("DataTransfer", {"vendorId": "v", "data": json.dumps({"user": {"Password": SECRET}})}, {"status": "Accepted"}),
    ("DataTransfer", {"vendorId": "v"}, {"status": "Accepted", "data": json.dumps([{"sharedSecret": SECRET}])}),
    ("UpdateFirmware", {"location": URL, "retrieveDate": "2026-11-20T12:00:00Z"}, {}),
    ("UpdateFirmware", {"requestId": 1, "firmware": {"location": URL}}, {"status": "Accepted"}),
    ("SignedUpdateFirmware", {"requestId": 1, "firmware": {"location": URL}}, {"status": "Accepted"}),
    ("GetLog", {"requestId": 1, "log": {"remoteLocation": URL}}, {"status": "Accepted", "filename": URL}),
    ("GetDiagnostics", {"location": URL}, {"fileName": "a.log"}),
    ("PublishFirmware", {"location": URL, "checksum": "c", "requestId": 1}, {"status": "Accepted"}),
    ("GetDiagnostics", {"location": "x"}, {"fileName": URL}),
    ("SecurityEventNotification", {"type": "x", "techInfo": json.dumps({"password": SECRET})}, {}),
    ("DataTransfer", {"vendorId": "v", "data": "a=1&apnpassword=tr0ub4dor&b=2"}, {"status": "Accepted"}),
    ("PublishFirmwareStatusNotification", {"status": "Published", "location": [URL], "requestId": 1}, {}),
]
calls = pytest.mark.parametrize(
    ("action", "request_", "answer"), CALLS, ids=[f"{n} {c[0]}" for n, c in enumerate(CALLS)]
)


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


def leaks(found: str) -> list[str]:
    """The secrets of these tests that stand in a text, however deep it is JSON inside JSON."""
    forms = [SECRET, "tr0ub4dor", URL_SECRET, "424242"]
    return [form for form in forms if form in found]


@calls
def test_no_secret_is_left_of_a_call(action: str, request_: Any, answer: Any) -> None:
    assert leaks((written(request_) + written(answer)).decode())
    request, response = redacted(action, written(request_), written(answer))
    assert leaks(request.decode()) == []
    assert leaks(response.decode()) == []
    assert MASK.encode() in request + response


def test_every_secret_action_is_tried_here() -> None:
    assert {action for action, _, _ in CALLS} == SECRET_ACTIONS


def test_every_secret_action_is_one_of_the_specification() -> None:
    assert {name for version in VERSIONS.values() for name in version.actions} >= SECRET_ACTIONS


@pytest.mark.parametrize("name", sorted(SECRET_NAMES))
def test_every_secret_name_is_secret_as_variable_as_key_and_as_field(name: str) -> None:
    for spelling in (name, name.upper(), name.title()):
        variable = {"component": COMPONENT, "variable": {"name": spelling}, "attributeValue": SECRET}
        for value in (variable, {"key": spelling, "value": SECRET}, {spelling: SECRET}, [{"a": {spelling: 424242}}]):
            assert leaks(json.dumps(redacted_value(value))) == []


def test_what_is_no_secret_stays_as_it_was() -> None:
    request = {"key": "HeartbeatInterval", "value": "300"}
    assert json.loads(redacted("ChangeConfiguration", written(request), b"{}")[0]) == request
    profile = redacted("SetNetworkProfile", written({"connectionData": PROFILE}), b"{}")[0]
    connection = json.loads(profile)["connectionData"]
    assert connection["ocppCsmsUrl"] == "wss://csms.example.org/ocpp"
    assert connection["vpn"] == {**PROFILE["vpn"], "user": MASK, "password": MASK, "key": MASK}  # type: ignore[dict-item]
    assert connection["apn"]["apn"] == "m2m"


def test_data_that_holds_no_secret_is_kept_letter_by_letter() -> None:
    for data in ('{ "a" : 1.50 }', "{no json", "[]", "plain", ""):
        request = {"vendorId": "v", "data": data}
        assert json.loads(redacted("DataTransfer", written(request), b"{}")[0]) == request


def test_data_nested_beyond_all_reason_is_not_kept() -> None:
    request = redacted("DataTransfer", written({"vendorId": "v", "data": "[" * 50_000 + "]" * 50_000}), b"{}")[0]
    assert json.loads(request)["data"] == MASK


def test_the_host_and_the_path_of_a_location_stay() -> None:
    location = json.loads(redacted("GetDiagnostics", written({"location": URL}), b"{}")[0])["location"]
    assert location == f"ftps://{MASK}@files.example.org/a/b.bin"


@pytest.mark.parametrize("location", ["https://files.example.org/a@b", "files", "", "https://files.example.org"])
def test_a_location_without_credentials_stays(location: str) -> None:
    request = {"location": location}
    assert json.loads(redacted("GetDiagnostics", written(request), b"{}")[0]) == request


def test_an_answer_that_repeats_a_secret_in_its_own_words_is_masked() -> None:
    request = written({"key": "AuthorizationKey", "value": SECRET})
    answer = redacted("ChangeConfiguration", request, written({"status": "Rejected", "info": f"bad {SECRET}!"}))[1]
    assert json.loads(answer) == {"status": "Rejected", "info": f"bad {MASK}!"}


def test_an_answer_that_is_no_json_is_masked_as_text() -> None:
    request = written({"key": "AuthorizationKey", "value": "0123456789abcdef"})
    assert redacted("ChangeConfiguration", request, b"oops 0123456789abcdef")[1] == b"oops " + MASK.encode()


def test_a_secret_of_digits_leaves_an_answer_that_can_be_read() -> None:
    request = written({"key": "AuthorizationKey", "value": "123456"})
    answer = redacted("ChangeConfiguration", request, written({"id": 123456, "other": 1234567}))[1]
    assert json.loads(answer) == {"id": MASK, "other": 1234567}


@pytest.mark.parametrize("password", [":", "a", ","])
def test_a_short_password_of_a_location_does_not_take_the_answer_apart(password: str) -> None:
    request = written({"location": f"ftp://user:{password}@host/path"})
    request, answer = redacted("GetDiagnostics", request, written({"fileName": "a.log"}))
    assert json.loads(request) == {"location": f"ftp://{MASK}@host/path"}
    assert json.loads(answer) == {"fileName": "a.log"}


def test_of_two_secrets_that_begin_alike_nothing_is_left() -> None:
    data = [{"password": "abcdef"}, {"password": "abcdefghij"}, {"info": "abcdefghij and abcdef"}]
    request = redacted("DataTransfer", written({"data": data}), b"{}")[0]
    assert json.loads(request)["data"][2] == {"info": f"{MASK} and {MASK}"}


def test_an_action_without_secrets_is_logged_as_it_came() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    row = row_of_call(
        station_of(),
        received_at=at,
        by_station=True,
        version="1.6",
        message_id="1",
        action="Heartbeat",
        request=b'{ "a":  1}',
        answer=b"{}",
        error="",
        duration_s=0.5,
    )
    assert row[7:] == ('{ "a":  1}', "{}", "", 500_000)


class _Held(Tasks):
    """Does at once, when asked, what it was given to do beside everything else."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Any] = []

    def start(self, work: Any) -> None:
        self.held.append(work)

    async def go_on(self) -> None:
        while self.held:
            await self.held.pop(0)


async def everything(store: Store) -> str:
    """What stands in every column of every table that can hold text."""
    columns = await rows(
        store,
        "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t"
        " USING (table_schema, table_name) WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
        " AND c.data_type IN ('text', 'jsonb', 'json', 'ARRAY', 'bytea', 'character varying')",
    )
    assert ("message_log", "request") in columns
    found = []
    async with store.database.engine.connect() as connection:
        for table, column in columns:
            values = await connection.execute(text(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'))
            found += [
                bytes(value).decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                for value in values.scalars()
            ]
    return "\n".join(found)


async def test_no_column_of_the_database_holds_a_secret_whoever_said_it_and_whatever_came_of_it(store: Store) -> None:
    await populate(store)

    async def agrees(link: Link, work: Work, call: Message) -> Message:
        return (
            v16.HeartbeatResponse(current_time=work.now)
            if version is V16
            else v2.HeartbeatResponse(current_time=work.now)
        )

    async def fails(link: Link, work: Work, call: Message) -> Message:
        raise RuntimeError("an error of ours")

    tasks = _Held()
    recording = Recording(store, tasks)
    sent = 0
    for action, request, answer in CALLS:
        for version in VERSIONS.values():
            if action not in version.actions:
                continue
            sent += 1
            payload = written(request)
            # Only its type matters here, to find the handler: what is stored is the payload.
            message = v16.Heartbeat()
            link = Link(station_of(), Dialect(version, {}, {}), Wire(version), 1)
            for handler in (agrees, fails):
                link.dialect = Dialect(version, {v16.Heartbeat: handler}, {})
                await Dispatch(store, SYSTEM).answer(link, Heard("1", action, message, payload))
            # As a call of ours, and as one of the station that could not be read.
            recording.call(
                link, message_id="2", action=action, request=payload, answer=written(answer), error="", duration_s=0.1
            )
            refused = CallRefused("3", action, ErrorCode.FORMAT_VIOLATION, "bad", "$.x", msgspec.Raw(payload[:-1]))
            recording.refused(link, refused)
            await tasks.go_on()
    assert recording.unrecorded == 0
    assert await rows(store, "SELECT count(*) FROM message_log") == [(4 * sent,)]
    stored = await everything(store)
    assert "files.example.org" in stored
    assert leaks(stored) == []


def test_what_does_not_belong_into_a_message_is_searched_and_otherwise_left_as_it_came() -> None:
    odd = written({"chargingStation": {"password": SECRET, "customData": {"vpnKey": [SECRET]}}, "n": 1.50})
    assert leaks(redacted_odd(odd, b"{}")[0].decode()) == []
    unreadable = b'{"password": "tr0ub4dor'
    assert redacted_odd(unreadable, b"")[0] == MASK.encode()
    for harmless in (b'{ "a":  1.50}', b"", b"{no json"):
        assert redacted_odd(harmless, b"{}") == (harmless, b"{}")


def test_a_reply_is_without_the_secrets_of_what_was_asked() -> None:
    asked = {"profile": {"basicAuthPassword": SECRET}}
    assert redacted_reply(asked, {"info": f"{SECRET}?", "n": 1}) == {"info": f"{MASK}?", "n": 1}
    assert redacted_reply(asked, f"not {SECRET}") == f"not {MASK}"


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("$.password", '"tr0ub4dor"', MASK),
        ("$.x[0].AuthorizationKey[1]", '"tr0ub4dor"', MASK),
        ("$.odd", '{"a":{"vpnKey":"tr0ub…', MASK),
        ("$.odd", '"ftp://user:tr0ub4dor@…', MASK),
        ("$.meterValue[0].unit", '"kWh"', '"kWh"'),
    ],
)
def test_an_excerpt_with_a_secret_is_not_kept_however_it_was_cut(path: str, value: str, kept: str) -> None:
    assert redacted_excerpt(path, value) == kept


def test_words_about_passwords_stay() -> None:
    for words in ("wrong_password: at the door", "the password is too short", "https://example.org/a@b"):
        assert redacted_text(words) == words
    assert redacted_text("a=1&password=tr0ub4dor&b=2") == f"a=1&password={MASK}&b=2"
    assert redacted_text('{"password": "tr0ub') == f'{{"password": "{MASK}'
