"""Our SOAP service against zeep, a client nobody here wrote, which knows nothing but the WSDL we serve."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import zeep
import zeep.exceptions

from forecourt.ocpp import v16
from forecourt.transport import Handlers, Peer, serve

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
IDENTITY = {"ChargeBoxIdentity": "CP-1"}


class Csms:
    """Answers and remembers."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    async def boot(self, station: Peer, call: v16.BootNotification) -> v16.BootNotificationResponse:
        self.heard.append((station.identity, call))
        return v16.BootNotificationResponse(status="Accepted", current_time=NOW, interval=300)

    async def start(self, station: Peer, call: v16.StartTransaction) -> v16.StartTransactionResponse:
        self.heard.append((station.identity, call))
        info = v16.IdTagInfo(status="Accepted", parent_id_tag="GROUP")
        return v16.StartTransactionResponse(transaction_id=7, id_tag_info=info)


def _session(wsdl: str) -> dict[str, Any]:
    """What a program of somebody else does with our WSDL. Blocks."""
    client: Any = zeep.Client(wsdl)  # type: ignore[no-untyped-call]
    found: dict[str, Any] = {
        "boot": client.service.BootNotification(
            chargePointVendor="Acme", chargePointModel="Wallbox", _soapheaders=IDENTITY
        ),
        "start": client.service.StartTransaction(
            connectorId=1, idTag="TAG", timestamp=NOW, meterStart=1000, _soapheaders=IDENTITY
        ),
    }
    with pytest.raises(zeep.exceptions.Fault) as unhandled:
        client.service.Heartbeat(_soapheaders=IDENTITY)
    found["fault"] = unhandled.value
    return found


async def test_a_foreign_soap_client_works_from_the_wsdl_we_serve() -> None:
    csms = Csms()
    handlers: Handlers = {v16.BootNotification: csms.boot, v16.StartTransaction: csms.start}
    async with serve("127.0.0.1", handlers=handlers, soap=True) as server:
        found = await asyncio.to_thread(_session, f"http://127.0.0.1:{server.port}/ocpp?wsdl")
    assert found["boot"].status == "Accepted"
    assert found["boot"].currentTime == NOW
    assert found["start"].transactionId == 7
    assert found["start"].idTagInfo.parentIdTag == "GROUP"
    assert [subcode.localname for subcode in found["fault"].subcodes] == ["NotSupported"]
    assert csms.heard == [
        ("CP-1", v16.BootNotification(charge_point_vendor="Acme", charge_point_model="Wallbox")),
        ("CP-1", v16.StartTransaction(connector_id=1, id_tag="TAG", meter_start=1000, timestamp=NOW)),
    ]
