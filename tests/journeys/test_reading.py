"""How strictly a station is read is decided for each station, whichever door it comes through."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import requests
from websockets.asyncio.client import connect

from forecourt.ocpp import soap, v16
from tests.journeys.driver import basic
from tests.journeys.site import LIMIT_S, PASSWORD, Site

POLICIES = pytest.mark.parametrize("strict", [True, False, None])


async def boots(site: Site) -> list[Any]:
    """What a station of 1.6 is answered that sends a field nobody knows."""
    url, offered = f"{site.url}/CP", ["ocpp1.6"]
    async with asyncio.timeout(LIMIT_S):
        async with connect(url, subprotocols=offered, additional_headers=basic("CP", PASSWORD)) as connection:  # type: ignore[arg-type]
            payload = {"chargePointVendor": "Acme", "chargePointModel": "Wallbox", "mood": "fine"}
            await connection.send(json.dumps([2, "1", "BootNotification", payload]))
            answer: list[Any] = json.loads(await connection.recv())
            return answer


@POLICIES
async def test_a_station_over_websocket_is_read_as_was_said_of_it(site: Site, strict: bool | None) -> None:
    station = await site.announce("CP")
    station.strict = strict
    answer = await boots(site)
    assert (answer[0] == 4) is (strict is True), answer


@POLICIES
async def test_a_station_over_soap_is_read_as_was_said_of_it(site: Site, strict: bool | None) -> None:
    station = await site.announce("CP", soap=True)
    station.strict = strict
    boot = v16.BootNotification(charge_point_vendor="Acme", charge_point_model="Wallbox")
    body = soap.write_request(
        boot, service=soap.CENTRAL_SYSTEM, identity="CP", message_id="urn:uuid:1", to=site.soap_url
    )
    changed = body.replace(b":bootNotificationRequest", b":BootNotificationRequest")
    assert changed != body

    def post() -> requests.Response:
        headers = {"Content-Type": "application/soap+xml", "Accept-Encoding": "identity"}
        return requests.post(site.soap_url, changed, headers=headers, auth=("CP", PASSWORD), timeout=LIMIT_S)

    answer = await asyncio.to_thread(post)
    assert (b"Fault" in answer.content) is (strict is True), answer.content
