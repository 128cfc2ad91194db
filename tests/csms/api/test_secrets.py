"""Secrets that go through a running system, said by people and by stations, stand nowhere in its database afterwards."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import logging
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote

import pytest
from sqlalchemy import text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from forecourt.csms.app import Csms
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.api.charger import add
from tests.csms.api.system import System
from tests.journeys.driver import basic
from tests.journeys.site import LIMIT_S

pytestmark = pytest.mark.usefixtures("fresh")

SOON: Final[dict[str, Any]] = {"params": {"wait": 30}}
AT: Final = "2026-11-20T12:00:00Z"


class Told:
    """Secrets of a test, each unlike any other, and the search for them."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def secret(self, what: str) -> str:
        """A new secret that stands for `what`."""
        # 20 characters, what an APN takes in 2.0.1: as it is, as hexadecimal text and as base64 it is nothing that turns up by chance.
        return self.also(what, "s3cr" + secrets.token_hex(8))

    def also(self, what: str, value: str) -> str:
        """A secret that the system made up itself."""
        self._told[what] = value
        return value

    def found_in(self, content: str) -> list[str]:
        """What of it stands in a text, in whichever form."""
        lower = content.lower()
        return [
            f"{what} as {form}"
            for what, value in self._told.items()
            for form, needle in _forms(value)
            if needle in content or (form == "hex" and needle in lower)
        ]


def _forms(value: str) -> list[tuple[str, str]]:
    data = value.encode()
    forms = [("text", value), ("hex", data.hex()), ("hex of hex", data.hex().encode().hex())]
    # The key of 1.6 is hexadecimal text on the wire; the bytes it stands for may have been kept.
    for skipped in range(3):
        # Within longer text base64 begins anywhere; the ends depend on what stands beside.
        encoded = base64.b64encode(b"\0" * skipped + data).decode()
        forms.append(("base64", encoded[4 if skipped else 0 : -4]))
    return forms


async def every_row(csms: Csms) -> dict[str, str]:
    """All rows of all tables of all schemas that are ours, as text: bytea as hexadecimal digits, arrays and JSON as they are."""
    tables = await _ask(
        csms,
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
        " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
    )
    return {table: "\n".join(await _ask(csms, f"SELECT t::text FROM {table} t")) for table in tables}


async def _ask(csms: Csms, question: str) -> list[str]:
    async with csms.store.database.engine.connect() as connection:
        return [str(value) for value in (await connection.execute(text(question))).scalars()]


class Answering:
    """A station that says anything at all, and answers what it is asked from a table."""

    def __init__(self, connection: ClientConnection, answers: dict[str, Callable[[Any], Any]]) -> None:
        self._connection = connection
        self._answers = answers
        self._numbers = itertools.count()
        self._heard: dict[str, asyncio.Future[list[Any]]] = {}
        self.asked: list[tuple[str, Any]] = []

    async def say(self, action: str, payload: Any) -> list[Any]:
        """Call; returns the frame of the answer, an error or not."""
        message_id = f"m-{next(self._numbers)}"
        self._heard[message_id] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(LIMIT_S):
            return await self._heard[message_id]

    async def read(self) -> None:
        """Until the connection ends."""
        try:
            while True:
                kind, message_id, *rest = json.loads(await self._connection.recv())
                if kind != 2:
                    self._heard.pop(message_id).set_result([kind, *rest])
                    continue
                action, payload = rest
                self.asked.append((action, payload))
                answer = self._answers.get(action)
                reply = [4, message_id, "NotSupported", "", {}] if answer is None else [3, message_id, answer(payload)]
                await self._connection.send(json.dumps(reply))
        except ConnectionClosed:
            pass


@asynccontextmanager
async def answering(
    system: System, wire_id: str, password: str, version: Version, answers: dict[str, Callable[[Any], Any]]
) -> AsyncGenerator[Answering, None]:
    async with connect(
        f"ws://127.0.0.1:{system.port}/ocpp/{wire_id}",
        subprotocols=[Subprotocol(version.subprotocol)],
        additional_headers=basic(wire_id, password),
        compression=None,
    ) as connection:
        station = Answering(connection, answers)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(station.read())
            yield station
            reading.cancel()


async def hide_nothing(system: System, told: Told, least: dict[str, int]) -> None:
    """Search everything, once what is written beside the calls is written."""
    for question, count in least.items():
        stored = 0
        try:
            async with asyncio.timeout(LIMIT_S):
                while (stored := (await system.rows(question))[0][0]) < count:
                    pass
        except TimeoutError:
            raise AssertionError(f"{question}: {stored}") from None
    rows = await every_row(system.csms)
    assert {"public.message_log", "public.refused_entry", "public.command", "public.audit"} <= rows.keys()
    leaks = {table: told.found_in(content) for table, content in rows.items()}
    assert {table: found for table, found in leaks.items() if found} == {}


def named(what: str) -> dict[str, Any]:
    return {"component": {"name": "SecurityCtrlr"}, "variable": {"name": what}}


def taken(request: Any) -> Any:
    """A station that takes every variable."""
    return {
        "setVariableResult": [
            {name: one[name] for name in ("component", "variable")} | {"attributeStatus": "Accepted"}
            for one in request["setVariableData"]
        ]
    }


async def test_the_search_finds_a_secret_in_every_form(system: System) -> None:
    told = Told()
    secret = told.secret("one")
    for hidden in (
        f'{{"a": "{secret}"}}',
        secret.encode().hex().upper(),
        *(base64.b64encode(b"x" * n + secret.encode() + b"yz").decode() for n in range(3)),
    ):
        assert told.found_in(hidden), hidden
    assert told.found_in("s3cr and others") == []
    async with system.csms.store.database.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO refused_entry (refused_at, sqlstate, reason, table_name, column_name, constraint_name, entry)"
                 " VALUES (:at, '', '', '', '', '', :entry)"),
            {"at": system.csms.store.work().now, "entry": secret.encode()},
        )  # fmt: skip
    assert told.found_in((await every_row(system.csms))["public.refused_entry"]) == ["one as hex"]


async def test_no_secret_that_people_give_or_get_is_in_the_database(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "forecourt")
    told = Told()
    platform = system.platform
    mine = {"Idempotency-Key": "once"}
    await add(platform, "GIVEN", password=told.secret("given password of a station"))
    made = await platform.post("/stations", {"stationId": "MADE"}, headers=mine)
    told.also("made password of a station", made["password"])
    wanted = {"password": told.secret("password of a key file")}
    issued = await platform.post(f"/stations/{made['id']}/certificates", wanted, headers={"Idempotency-Key": "key"})
    told.also("private key of a station", issued["privateKey"].splitlines()[1])
    told.also("key file of a station", issued["pkcs12"])
    person = {"login": "ada", "grants": [{"role": "viewer"}]}
    user = await platform.post("/users", {**person, "password": told.secret("password of a user")})
    other = await platform.post("/users", {**person, "login": "eve"})
    told.also("made password of a user", other["password"])
    again = {"password": told.secret("new password of a user")}
    await platform.post(f"/users/{user['id']}/password", again, 200)
    wrong = {"login": "ada", "password": told.secret("wrong password")}
    assert (await system.client.post("/api/v1/session", json=wrong)).status_code == 401
    # What is refused as a body is not kept either.
    body = {"stationId": "CP", "password": told.secret("password in a wrong body"), "odd": 1}
    assert (await platform.refused("POST", "/stations", json=body))[0] == 422
    signed_in = await system.client.post("/api/v1/session", json={"login": "ada", **again})
    assert signed_in.status_code == 201
    (token,) = signed_in.cookies.values()
    told.also("session", token)
    csrf = {"X-CSRF-Token": signed_in.json()["csrfToken"]}
    own = {"current": again["password"], "password": told.secret("own new password")}
    changed = await system.client.post("/api/v1/me/password", json=own, headers=csrf)
    assert changed.status_code == 204
    key = await platform.post("/api-keys", {"name": "of a test", "role": "viewer"})
    told.also("API key", key["key"])
    assert (await system.client.get("/api/v1/me", headers={"Authorization": f"Bearer {key['key']}"})).status_code == 200
    await hide_nothing(system, told, {"SELECT count(*) FROM audit": 7})
    assert told.found_in(caplog.text) == []


def locations(told: Told) -> dict[str, str]:
    """URLs that hold a name and a password."""
    return {
        what: f"ftps://{told.secret(f'user of {what}')}:{told.secret(f'password of {what}')}@files.example.org/{what}"
        for what in ("firmware", "log")
    }


async def test_no_secret_said_to_or_by_a_station_of_1_6_is_in_the_database(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "forecourt")
    told = Told()
    platform = system.platform
    password = told.secret("password")
    made = await add(platform, "CP", password=password)
    at = locations(told)
    reported, shown = told.secret("reported key"), told.secret("transferred")
    url = f"https://x:{told.secret('password in a file name')}@files.example.org/b"
    answers: dict[str, Callable[[Any], Any]] = {
        "GetConfiguration": lambda _: {
            "configurationKey": [
                {"key": "AuthorizationKey", "readonly": False, "value": reported},
                {"key": "authorizationkey", "readonly": False, "value": password + "\0"},
                {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
            ]
        },
        # Vendors repeat what they were given.
        "ChangeConfiguration": lambda asked: {"status": "Accepted", "info": f"{asked['key']}={asked['value']}"},
        "UpdateFirmware": lambda _: {},
        "GetDiagnostics": lambda _: {"fileName": url},
        "DataTransfer": lambda asked: {"status": "Accepted", "data": asked["data"]},
    }
    path = f"/stations/{made['id']}"
    async with answering(system, "CP", password, V16, answers) as station:
        odd = {"password": told.secret("odd field of a boot"), "AuthorizationKey": [told.secret("odd list of a boot")]}
        boot = {"chargePointVendor": "Acme", "chargePointModel": "Wallbox", "customer": {"deep": odd}, **odd}
        assert (await station.say("BootNotification", boot))[1]["status"] == "Accepted"
        given = await platform.post(f"{path}/commands", {"kind": "RotatePassword"}, 201, **SOON)
        assert given["status"] == "accepted"
        for action, payload in [
            ("ChangeConfiguration", {"key": "ApnPassword", "value": told.secret("other key")}),
            ("GetConfiguration", {}),
            ("UpdateFirmware", {"location": at["firmware"], "retrieveDate": AT}),
            ("GetDiagnostics", {"location": at["log"]}),
            ("DataTransfer", {"vendorId": "v", "data": json.dumps({"password": told.secret("sent")})}),
        ]:
            body = {"action": action, "payload": payload}
            done = await platform.post(f"{path}/raw-commands", body, 201, **SOON)
            assert done["status"] in ("accepted", "running"), (action, done["reason"])
        data = json.dumps({"user": {"Password": shown}})
        for transfer in (
            {"vendorId": "v", "data": data},
            {"vendorId": "v", "data": f"password={told.secret('in a form')}&a=1"},
            {"vendorId": "v", "messageId": 7, "data": {"sharedSecret": told.secret("as an object")}},
            {"data": data},
        ):
            assert (await station.say("DataTransfer", transfer))[0] in (3, 4)
        # Of an action that nobody has, and in a message that the database refuses as a whole.
        unknown = {"key": "AuthorizationKey", "value": told.secret("unknown action"), "a": {"simPin": reported}}
        assert (await station.say("VendorSetKey", unknown))[0] == 4
        wrong = {"meterValue": 1, "password": told.secret("field of a call that is refused")}
        assert (await station.say("MeterValues", wrong))[0] == 4
        value = {"timestamp": "0001-01-01T00:00:00+14:00", "sampledValue": [{"value": "1"}]}
        entry = {"connectorId": 2**62, "meterValue": [value], "password": told.secret("refused entry")}
        assert (await station.say("MeterValues", entry))[0] == 4
        # Every password that was given is there now.
        for action, payload in station.asked:
            if action == "ChangeConfiguration":
                told.also(f"given as {payload['key']}", payload["value"])
        # A station that shows a wrong one.
        absent = told.secret("shown and wrong")
    with pytest.raises(InvalidStatus):
        async with connect(
            f"ws://127.0.0.1:{system.port}/ocpp/CP?password={quote(absent)}",
            subprotocols=[Subprotocol(V16.subprotocol)],
            additional_headers=basic("CP", absent),
        ):
            pass
    least = {
        "SELECT count(*) FROM message_log WHERE caller = 'csms' AND error = ''": 7,
        "SELECT count(*) FROM message_log WHERE error <> '' AND caller = 'station'": 3,
        "SELECT count(*) FROM refused_handshake": 1,
    }
    await hide_nothing(system, told, least)
    assert told.found_in(caplog.text) == []


@pytest.mark.parametrize("version", [V201, V21], ids=lambda version: version.name)
async def test_no_secret_said_to_or_by_a_station_of_2_is_in_the_database(
    system: System, version: Version, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "forecourt")
    told = Told()
    platform = system.platform
    password = told.secret("password")
    made = await add(platform, "CP", password=password)
    at = locations(told)
    secret_variables = ("BasicAuthPassword", "ApnPassword", "VpnKey", "MasterPassGroupId")

    def said(request: Any) -> Any:
        """A station that tells what it should not."""
        results = [
            {**one, "attributeStatus": "Accepted", "attributeValue": told.secret(f"read {one['variable']['name']}")}
            for one in request["getVariableData"]
        ]
        return {"getVariableResult": results}

    answers: dict[str, Callable[[Any], Any]] = {
        "GetBaseReport": lambda _: {"status": "NotSupported"},
        "SetVariables": taken,
        "GetVariables": said,
        "SetNetworkProfile": lambda asked: {
            "status": "Accepted",
            "statusInfo": {"reasonCode": "Ok", "additionalInfo": asked["connectionData"]["apn"]["apnPassword"]},
        },
        "UpdateFirmware": lambda _: {"status": "Accepted"},
        "GetLog": lambda asked: {"status": "Accepted", "filename": asked["log"]["remoteLocation"]},
        "DataTransfer": lambda asked: {"status": "Accepted", "data": asked["data"]},
    }
    path = f"/stations/{made['id']}"
    apn = {"apn": "m2m", "apnAuthentication": "AUTO", "apnUserName": told.secret("APN user")}
    network = {
        "csmsUrl": "wss://csms.example.org",
        "interface": "Wired0",
        "securityProfile": 2,
        "apn": {**apn, "apnPassword": told.secret("APN password"), "simPin": 424242424},
        "vpn": {
            "server": "vpn.example.org",
            "type": "IKEv2",
            **{name: told.secret(f"VPN {name}") for name in ("user", "password", "key")},
        },
    }
    if version is V21:
        network["basicAuthPassword"] = told.secret("password of a profile")
    told.also("SIM PIN", "424242424")
    async with answering(system, "CP", password, version, answers) as station:
        odd = {"password": told.secret("odd field of a boot")}
        custom = {"vendorId": "v", "basicAuthPassword": told.secret("custom data")}
        charger = {"vendorName": "Acme", "model": "Wallbox", **odd, "customData": custom}
        boot = {"reason": "PowerUp", "chargingStation": charger, "odd": [odd]}
        assert (await station.say("BootNotification", boot))[1]["status"] == "Accepted"
        assert (await station.say("Heartbeat", {"customData": custom}))[0] == 3
        values = [
            {"component": {"name": "Ctrlr"}, "variable": {"name": name}, "value": told.secret(f"set {name}")}
            for name in secret_variables[1:]
        ]
        for command in (
            {"kind": "RotatePassword"},
            {"kind": "SetVariables", "arguments": {"values": values}},
            {"kind": "SetNetworkProfile", "arguments": {"slot": 1, "profile": network}},
        ):
            given = await platform.post(f"{path}/commands", command, 201, **SOON)
            assert given["status"] == "accepted", (given["kind"], given["reason"])
        firmware = {"location": at["firmware"], "retrieveDateTime": AT}
        log = {"remoteLocation": at["log"]}
        for action, payload in [
            ("GetVariables", {"getVariableData": [named(name) for name in secret_variables]}),
            ("UpdateFirmware", {"requestId": 1, "firmware": firmware}),
            ("GetLog", {"requestId": 2, "logType": "SecurityLog", "log": log}),
            ("DataTransfer", {"vendorId": "v", "data": {"a": [{"password": told.secret("sent")}]}}),
        ]:
            body = {"action": action, "payload": payload}
            done = await platform.post(f"{path}/raw-commands", body, 201, **SOON)
            assert done["status"] in ("accepted", "running"), (action, done["reason"])
        for name in secret_variables:
            attribute = {"type": "Actual", "value": told.secret(f"reported {name}")}
            report = {"requestId": 9, "generatedAt": AT, "seqNo": 0}
            data = [{**named(name), "variableAttribute": [attribute]}]
            assert (await station.say("NotifyReport", {**report, "reportData": data}))[0] == 3
            event = {"eventId": 1, "timestamp": AT, "trigger": "Delta", "eventNotificationType": "HardWiredMonitor"}
            noted = {**named(name), **event, "actualValue": told.secret(f"noted {name}")}
            assert (await station.say("NotifyEvent", {"generatedAt": AT, "seqNo": 0, "eventData": [noted]}))[0] == 3
        transfer = {"vendorId": "v", "data": {"sharedSecret": told.secret("transferred")}}
        assert (await station.say("DataTransfer", transfer))[0] == 3
        security = {"type": "Oops", "timestamp": AT, "techInfo": json.dumps({"password": told.secret("tech info")})}
        assert (await station.say("SecurityEventNotification", security))[0] == 3
        assert (await station.say("VendorSetKey", {"deep": [named("VpnKey") | {"value": told.secret("unknown")}]}))[
            0
        ] == 4
        value = {"timestamp": AT, "sampledValue": [{"value": 1}]}
        entry = {"evseId": 2**62, "meterValue": [value], "customData": {"vendorId": "v", **odd}}
        assert (await station.say("MeterValues", entry))[0] == 4
        for action, payload in station.asked:
            if action == "SetVariables":
                for one in payload["setVariableData"]:
                    told.also(f"given as {one['variable']['name']}", one["attributeValue"])
    least = {
        "SELECT count(*) FROM message_log WHERE caller = 'csms' AND error = ''": 7,
        "SELECT count(*) FROM message_log WHERE error <> '' AND caller = 'station'": 2,
    }
    await hide_nothing(system, told, least)
    assert told.found_in(caplog.text) == []
