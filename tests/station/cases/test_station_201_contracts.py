"""Certification cases of 2.0.1 for stations: vehicles that are paid for by the contract they show (C07)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from tests.station.cases.test_station_201 import version
from tests.station.rig import Rig
from tests.station.vehicles import (
    CONTRACT,
    CONTRACT_NAMES,
    EMAID,
    MO_ROOT,
    arrives,
    equipped,
    install,
    judges,
    named,
    question,
    renewed,
)

__all__ = ["version"]

TOKEN = v2.IdToken(id_token=EMAID, type="eMAID")


def prepared(version: Version, *, central: bool = False, root: bool = True, **build: Any) -> Rig:
    rig = equipped(version, **build)
    rig.set("ISO15118Ctrlr.CentralContractValidationAllowed", str(central).lower())
    rig.set("ISO15118Ctrlr.PnCEnabled", "true")
    rig.set("AuthCtrlr.DisableRemoteAuthorization", "false")
    rig.set("TxCtrlr.TxStartPoint", "EVConnected")
    if root:
        install(rig, "MORootCertificate", MO_ROOT)
    renewed(rig)
    rig.fresh()
    return rig


def asked(rig: Rig) -> v2.Authorize:
    (request,) = rig.of(v2.Authorize)
    assert request.id_token == TOKEN
    return request


def told(rig: Rig) -> list[v2.TransactionEvent]:
    return rig.of(v2.TransactionEvent)


def charges(rig: Rig, *, offline: bool = False) -> None:
    """It is told that the vehicle was authorized, and then that it charges."""
    (authorized,) = [event for event in told(rig) if event.trigger_reason == "Authorized"]
    assert authorized.id_token == TOKEN
    assert authorized.offline is (True if offline else UNSET)
    charging = [event for event in told(rig) if event.trigger_reason == "ChargingStateChanged"][-1]
    assert charging.transaction_info.charging_state == "Charging"


def charges_nothing(rig: Rig) -> None:
    rig.time.advance(120)
    assert not [event for event in told(rig) if event.trigger_reason == "Authorized"]
    assert not [event for event in told(rig) if event.transaction_info.charging_state == "Charging"]


def test_TC_C_50_CS_the_station_checks_the_contract_and_it_is_accepted(version: Version) -> None:
    rig = prepared(version)
    judges(rig, "Accepted", "Accepted")
    vehicle = arrives(rig)
    request = asked(rig)
    assert request.iso15118_certificate_hash_data == tuple(map(question, named(*CONTRACT_NAMES)))
    assert request.certificate is UNSET
    charges(rig)
    assert vehicle.paid is True
    # The reusable state Authorized15118.
    assert rig.of(v2.NotifyEVChargingNeeds)


def test_TC_C_51_CS_the_station_checks_the_contract_and_it_is_cancelled(version: Version) -> None:
    rig = prepared(version)
    judges(rig, "Invalid", "ContractCancelled")
    vehicle = arrives(rig)
    assert asked(rig).iso15118_certificate_hash_data is not UNSET
    charges_nothing(rig)
    assert vehicle.paid is False


def test_TC_C_52_CS_the_management_system_checks_the_contract_and_it_is_accepted(version: Version) -> None:
    rig = prepared(version, central=True, root=False)
    judges(rig, "Accepted", "Accepted")
    arrives(rig)
    request = asked(rig)
    assert request.certificate == CONTRACT.chain
    # Of the last one nobody here knows the issuer.
    assert request.iso15118_certificate_hash_data == tuple(map(question, named(*CONTRACT_NAMES[:-1])))
    charges(rig)


def test_TC_C_53_CS_the_management_system_finds_the_contract_revoked(version: Version) -> None:
    rig = prepared(version, central=True, root=False)
    judges(rig, "Invalid", "CertificateRevoked")
    arrives(rig)
    assert asked(rig).certificate == CONTRACT.chain
    charges_nothing(rig)


def in_the_cache(rig: Rig) -> None:
    """The memory state IdTokenCached15118."""
    judges(rig, "Accepted", "Accepted")
    arrives(rig)
    charges(rig)
    (transaction,) = [bay.transaction for bay in rig.station.bays.values()]
    assert transaction is not None
    assert rig.ask(v2.RequestStopTransaction(transaction_id=transaction.id)).status == "Accepted"
    rig.hardware.unplug()
    rig.time.advance(5)


def on_the_list(rig: Rig) -> None:
    """The memory state IdTokenLocalAuthList."""
    entry = v2.AuthorizationData(id_token=TOKEN, id_token_info=v2.IdTokenInfo(status="Accepted"))
    sent = v2.SendLocalList(version_number=1, update_type="Full", local_authorization_list=(entry,))
    assert rig.ask(sent).status == "Accepted"


def offline(version: Version, known: Any, *, validates: bool) -> Rig:
    """A vehicle comes to a station without connection, which is back some time later."""
    rig = prepared(version)
    rig.set("AuthCacheCtrlr.Enabled", "true")
    rig.set("LocalAuthListCtrlr.Enabled", "true")
    rig.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "false")
    rig.set("ISO15118Ctrlr.ContractValidationOffline", str(validates).lower())
    known(rig)
    rig.set("OCPPCommCtrlr.RetryBackOffWaitMinimum", "60")
    rig.set("OCPPCommCtrlr.OfflineThreshold", "120")
    rig.link.up = False
    rig.link.cut()
    rig.fresh()
    arrives(rig)
    rig.link.up = True
    rig.time.advance(120)
    assert rig.of(v2.Authorize) == []
    assert statuses(rig)[-1] == "Occupied"
    plugged = told(rig)[0]
    assert (plugged.trigger_reason, plugged.offline) == ("CablePluggedIn", True)
    assert plugged.transaction_info.charging_state == "EVConnected"
    return rig


def statuses(rig: Rig) -> list[str]:
    """Of the connector, in the one message or the other."""
    found: list[str] = [one.connector_status for one in rig.of(v2.StatusNotification)]
    for event in rig.of(v2.NotifyEvent):
        for data in event.event_data:
            if (data.component.name, data.variable.name) == ("Connector", "AvailabilityState"):
                assert data.trigger == "Delta"
                found.append(data.actual_value)
    return found


@pytest.mark.parametrize("known", [in_the_cache, on_the_list])
def test_TC_C_54_CS_offline_a_known_contract_is_accepted_where_that_is_allowed(version: Version, known: Any) -> None:
    charges(offline(version, known, validates=True), offline=True)


@pytest.mark.parametrize("known", [in_the_cache, on_the_list])
def test_TC_C_55_CS_offline_no_contract_is_accepted_where_that_is_not_allowed(version: Version, known: Any) -> None:
    charges_nothing(offline(version, known, validates=False))
