"""Every row of the specification's message lists is in the table of its version, with its types and its sender."""

from __future__ import annotations

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.action import BLOCKS
from forecourt.ocpp.delta import Delta
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.v2.deltas import DELTAS
from forecourt.ocpp.versions import V16, V21, V201, VERSIONS, Action, Version

CENTRAL_SYSTEM_SERVICE = {
    "Authorize",
    "BootNotification",
    "DataTransfer",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
}
CHARGE_POINT_SERVICE = {
    "CancelReservation",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DataTransfer",
    "GetCompositeSchedule",
    "GetConfiguration",
    "GetDiagnostics",
    "GetLocalListVersion",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "TriggerMessage",
    "UnlockConnector",
    "UpdateFirmware",
}
WHITEPAPER_FROM_STATION = {
    "LogStatusNotification",
    "SecurityEventNotification",
    "SignCertificate",
    "SignedFirmwareStatusNotification",
}
WHITEPAPER_FROM_CSMS = {
    "CertificateSigned",
    "DeleteCertificate",
    "ExtendedTriggerMessage",
    "GetInstalledCertificateIds",
    "GetLog",
    "InstallCertificate",
    "SignedUpdateFirmware",
}
NEW_IN_2_1 = {
    "AFRRSignal",
    "AdjustPeriodicEventStream",
    "BatterySwap",
    "ChangeTransactionTariff",
    "ClearDERControl",
    "ClearTariffs",
    "ClosePeriodicEventStream",
    "GetCertificateChainStatus",
    "GetDERControl",
    "GetPeriodicEventStream",
    "GetTariffs",
    "NotifyAllowedEnergyTransfer",
    "NotifyDERAlarm",
    "NotifyDERStartStop",
    "NotifyPeriodicEventStream",
    "NotifyPriorityCharging",
    "NotifySettlement",
    "NotifyWebPaymentStarted",
    "OpenPeriodicEventStream",
    "PullDynamicScheduleUpdate",
    "ReportDERControl",
    "RequestBatterySwap",
    "SetDERControl",
    "SetDefaultTariff",
    "UpdateDynamicSchedule",
    "UsePriorityCharging",
    "VatNumberValidation",
}


def from_station(version: Version) -> set[str]:
    return {name for name, action in version.actions.items() if action.from_station}


def from_csms(version: Version) -> set[str]:
    return {name for name, action in version.actions.items() if action.from_csms}


def test_1_6_has_28_actions_which_are_the_operations_of_soap_and_the_whitepaper_11_more() -> None:
    core = CENTRAL_SYSTEM_SERVICE | CHARGE_POINT_SERVICE
    whitepaper = WHITEPAPER_FROM_STATION | WHITEPAPER_FROM_CSMS
    assert (len(core), len(whitepaper), len(V16.actions)) == (28, 11, 39)
    assert V16.actions.keys() == core | whitepaper


def test_in_1_6_each_party_may_send_what_its_service_offers() -> None:
    assert from_station(V16) == CENTRAL_SYSTEM_SERVICE | WHITEPAPER_FROM_STATION
    assert from_csms(V16) == CHARGE_POINT_SERVICE | WHITEPAPER_FROM_CSMS


def test_2_0_1_has_64_actions_and_2_1_has_27_more() -> None:
    assert (len(V201.actions), len(V21.actions)) == (64, 91)
    assert V21.actions.keys() - V201.actions.keys() == NEW_IN_2_1
    assert V201.actions.keys() < V21.actions.keys()


def test_2_x_splits_its_actions_between_the_parties() -> None:
    assert len(from_station(V201)) == 25
    assert len(from_csms(V201)) == 40
    assert len(from_station(V21)) == 37
    assert len(from_csms(V21)) == 55
    assert from_station(V201) <= from_station(V21)


@pytest.mark.parametrize("version", VERSIONS.values(), ids=repr)
def test_every_action_has_its_types_a_sender_and_a_block(version: Version) -> None:
    dialect = v16 if version is V16 else v2
    for name, action in version.actions.items():
        assert action.name == name
        assert action.request is getattr(dialect, name)
        assert action.response is getattr(dialect, f"{name}Response", None)
        assert action.from_station or action.from_csms
        assert action.block in BLOCKS


@pytest.mark.parametrize("version", VERSIONS.values(), ids=repr)
def test_only_data_transfer_goes_either_way(version: Version) -> None:
    assert from_station(version) & from_csms(version) == {"DataTransfer"}


def test_only_the_periodic_event_stream_is_never_answered() -> None:
    unanswered = {
        (version.name, action.name)
        for version in VERSIONS.values()
        for action in version.actions.values()
        if action.response is None
    }
    assert unanswered == {("2.1", "NotifyPeriodicEventStream")}


def test_a_version_is_found_by_its_subprotocol_the_newest_first() -> None:
    assert list(VERSIONS.items()) == [("ocpp2.1", V21), ("ocpp2.0.1", V201), ("ocpp1.6", V16)]
    assert [version.subprotocol for version in VERSIONS.values()] == list(VERSIONS)
    assert [version.name for version in VERSIONS.values()] == ["2.1", "2.0.1", "1.6"]
    assert repr(V201) == "<OCPP 2.0.1>"


def test_each_version_knows_what_it_forbids() -> None:
    assert V16.delta == Delta()
    assert V201.delta is DELTAS["2.0.1"]
    assert V21.delta is DELTAS["2.1"]
    assert V201.delta.actions == NEW_IN_2_1
    assert V21.delta.actions == frozenset()


@pytest.mark.parametrize(
    "message",
    [
        v2.Reset,
        v2.ResetResponse,
        v2.Reset(type="Immediate"),
        v2.ResetResponse(status="Accepted"),
    ],
)
def test_the_action_of_a_request_or_an_answer_or_their_types_is_found(message: Message | type[Message]) -> None:
    assert V201.action_of(message) is V201.actions["Reset"]
    assert V21.action_of(message) is V21.actions["Reset"]
    assert V21.action_of(message) == Action(
        name="Reset", request=v2.Reset, response=v2.ResetResponse, from_station=False, from_csms=True, block="B"
    )


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (V201, v2.GetTariffs(evse_id=1)),
        (V201, v2.GetTariffsResponse),
        (V21, v16.Heartbeat()),
        (V16, v2.Heartbeat),
        (V21, v2.IdToken),
    ],
)
def test_a_message_the_version_does_not_have_is_refused(version: Version, message: Message | type[Message]) -> None:
    with pytest.raises(LocalProtocolError, match=f"OCPP {version.name} has no message") as refused:
        version.action_of(message)
    assert refused.value.code is ErrorCode.NOT_IMPLEMENTED


def test_the_tables_cannot_be_changed() -> None:
    for table in (V21.actions, VERSIONS):
        with pytest.raises(TypeError):
            table["Own"] = None  # type: ignore[index]
