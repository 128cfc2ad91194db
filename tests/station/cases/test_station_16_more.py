"""More certification cases of 1.6 for stations: local list, triggers, cache, tokens of a group, readings."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from forecourt.ocpp import v16
from forecourt.station.config import EvseBuild
from tests.station.cases.test_station_16 import TAG, charging, rig_of, statuses
from tests.station.rig import ACCEPTED_16


def list_of(version: int, *tags: str, full: bool = True) -> v16.SendLocalList:
    return v16.SendLocalList(
        list_version=version,
        update_type="Full" if full else "Differential",
        local_authorization_list=tuple(v16.AuthorizationData(id_tag=tag, id_tag_info=ACCEPTED_16) for tag in tags),
    )


def test_TC_042_1_CS_the_version_of_a_list_that_is_disabled() -> None:
    rig = rig_of()
    rig.set("LocalAuthListEnabled", "false")
    assert rig.ask(v16.GetLocalListVersion()).list_version == -1


def test_TC_042_2_CS_the_version_of_an_empty_list() -> None:
    rig = rig_of()
    assert rig.ask(v16.SendLocalList(list_version=1, update_type="Full")).status == "Accepted"
    assert rig.ask(v16.GetLocalListVersion()).list_version == 0


def test_TC_043_CS_a_local_list_is_sent_and_changed() -> None:
    rig = rig_of()
    assert rig.ask(list_of(1, TAG)).status == "Accepted"
    assert rig.ask(list_of(2, "TAG002", full=False)).status == "Accepted"
    assert rig.ask(v16.GetLocalListVersion()).list_version == 2


def test_TC_043_1_CS_a_local_list_is_not_supported() -> None:
    rig = rig_of()
    rig.set("LocalAuthListEnabled", "false")
    assert rig.ask(list_of(1, TAG)).status == "NotSupported"


def test_TC_043_2_CS_a_local_list_of_an_old_version() -> None:
    rig = rig_of()
    assert rig.ask(list_of(2, TAG)).status == "Accepted"
    assert rig.ask(v16.GetLocalListVersion()).list_version == 2
    assert rig.ask(list_of(5, "TAG002", full=False)).status == "Accepted"
    assert rig.ask(v16.GetLocalListVersion()).list_version == 5
    assert rig.ask(list_of(4, "TAG003", full=False)).status == "VersionMismatch"
    assert rig.ask(v16.GetLocalListVersion()).list_version == 5


def test_TC_043_3_CS_a_local_list_fails() -> None:
    """A token twice in one list: nothing of it is taken."""
    rig = rig_of()
    assert rig.ask(list_of(2, TAG, TAG)).status == "Failed"


def test_TC_055_CS_a_message_of_a_connector_that_is_not_there_is_not_sent() -> None:
    rig = rig_of()
    asked = v16.TriggerMessage(requested_message="MeterValues", connector_id=2)
    assert rig.ask(asked).status == "Rejected"
    rig.time.advance(5)
    assert rig.names() == []


def test_TC_061_CS_the_cache_is_cleared() -> None:
    rig = rig_of()
    rig.set("LocalPreAuthorize", "true")
    rig.set("ConnectionTimeOut", "30")
    rig.hardware.swipe(TAG)
    rig.time.advance(2)
    assert statuses(rig) == ["Preparing"]
    rig.time.advance(30)
    assert statuses(rig) == ["Preparing", "Available"]
    assert rig.ask(v16.ClearCache()).status == "Accepted"
    rig.fresh()
    rig.hardware.swipe(TAG)
    rig.time.advance(2)
    assert rig.last(v16.Authorize).id_tag == TAG


def test_TC_062_CS_data_of_an_unknown_vendor_is_not_accepted() -> None:
    assert rig_of().ask(v16.DataTransfer(vendor_id="somebody")).status == "UnknownVendorId"


def test_TC_068_CS_only_the_token_that_began_a_session_ends_it() -> None:
    rig = rig_of()
    charging(rig)
    rig.hardware.swipe("TAG002")
    rig.time.advance(5)
    assert rig.names() == []
    rig.hardware.swipe(TAG)
    rig.time.advance(5)
    assert rig.last(v16.StopTransaction).id_tag == TAG
    assert statuses(rig) == ["Finishing"]


def test_TC_069_CS_another_token_of_the_group_ends_a_session() -> None:
    rig = rig_of()
    of_group = v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status="Accepted", parent_id_tag="GROUP"))
    rig.answers[v16.Authorize] = lambda request: of_group
    charging(rig)
    rig.hardware.swipe("TAG002")
    rig.time.advance(5)
    assert rig.last(v16.Authorize).id_tag == "TAG002"
    assert rig.last(v16.StopTransaction).id_tag == "TAG002"
    assert statuses(rig) == ["Finishing"]


def test_TC_070_CS_readings_at_the_interval() -> None:
    rig = rig_of()
    measurands = "Energy.Active.Import.Register,Power.Active.Import,SoC"
    rig.set("MeterValueSampleInterval", "25")
    rig.set("MeterValuesSampledData", measurands)
    charging(rig)
    rig.time.advance(61)
    told = rig.of(v16.MeterValues)
    assert len(told) == 3
    began = rig.station.bays[1].transaction  # type: ignore[index]
    assert began is not None
    for number, message in enumerate(told, 1):
        (value,) = message.meter_value
        assert (value.timestamp - began.began_at).total_seconds() == pytest.approx(25 * number, abs=1)
        assert {sampled.measurand for sampled in value.sampled_value} == set(measurands.split(","))
        assert {sampled.context for sampled in value.sampled_value} == {"Sample.Periodic"}
        assert message.transaction_id == 1


def test_TC_071_CS_readings_by_the_clock() -> None:
    rig = rig_of()
    measurands = "Energy.Active.Import.Register,Voltage"
    rig.set("MeterValueSampleInterval", "0")
    rig.set("MeterValuesAlignedData", measurands)
    rig.set("ClockAlignedDataInterval", "20")
    charging(rig)
    rig.time.advance(61)
    told = rig.of(v16.MeterValues)
    assert len(told) == 3
    for message in told:
        (value,) = message.meter_value
        assert value.timestamp.second % 20 == 0
        assert value.timestamp.microsecond == 0
        assert {sampled.context for sampled in value.sampled_value} == {"Sample.Clock"}
        assert {sampled.measurand for sampled in value.sampled_value} == set(measurands.split(","))


def test_TC_005_2_CS_the_cable_is_pulled_from_the_vehicle_and_the_connector_stays_locked() -> None:
    rig = rig_of()
    rig.set("StopTransactionOnEVSideDisconnect", "true")
    rig.set("UnlockConnectorOnEVSideDisconnect", "false")
    charging(rig)
    rig.hardware.unplug(cable_left=True)
    rig.time.advance(2)
    assert rig.last(v16.StopTransaction).reason == "EVDisconnected"
    assert statuses(rig) == ["Finishing"]
    assert rig.hardware.is_locked()
    assert rig.ask(v16.UnlockConnector(connector_id=1)).status == "Unlocked"
    assert not rig.hardware.is_locked()


FIXED_CABLE = EvseBuild(kinds=("cType2",))


def test_TC_017_2_CS_a_fixed_cable_is_not_unlocked() -> None:
    assert rig_of(built=(FIXED_CABLE,)).ask(v16.UnlockConnector(connector_id=1)).status == "NotSupported"


def test_TC_018_2_CS_a_fixed_cable_is_not_unlocked_during_a_session() -> None:
    rig = rig_of(built=(FIXED_CABLE,))
    charging(rig)
    assert rig.ask(v16.UnlockConnector(connector_id=1)).status == "NotSupported"
    rig.time.advance(5)
    assert rig.of(v16.StopTransaction) == []


READ_ONLY, EITHER, WRITABLE = {True}, {True, False}, {False}
REQUIRED: dict[str, dict[str, set[bool]]] = {
    "Core": {
        "AuthorizeRemoteTxRequests": EITHER,
        "ClockAlignedDataInterval": WRITABLE,
        "ConnectionTimeOut": WRITABLE,
        "ConnectorPhaseRotation": EITHER,
        "GetConfigurationMaxKeys": READ_ONLY,
        "HeartbeatInterval": WRITABLE,
        "LocalAuthorizeOffline": WRITABLE,
        "LocalPreAuthorize": WRITABLE,
        "MeterValuesAlignedData": WRITABLE,
        "MeterValuesSampledData": WRITABLE,
        "MeterValueSampleInterval": WRITABLE,
        "NumberOfConnectors": READ_ONLY,
        "ResetRetries": WRITABLE,
        "StopTransactionOnInvalidId": WRITABLE,
        "StopTxnAlignedData": WRITABLE,
        "StopTxnSampledData": WRITABLE,
        "SupportedFeatureProfiles": READ_ONLY,
        "TransactionMessageAttempts": WRITABLE,
        "TransactionMessageRetryInterval": WRITABLE,
        "UnlockConnectorOnEVSideDisconnect": EITHER,
    },
    "LocalAuthListManagement": {
        "LocalAuthListEnabled": WRITABLE,
        "LocalAuthListMaxLength": READ_ONLY,
        "SendLocalListMaxLength": READ_ONLY,
    },
    "SmartCharging": {
        "ChargeProfileMaxStackLevel": READ_ONLY,
        "ChargingScheduleAllowedChargingRateUnit": READ_ONLY,
        "ChargingScheduleMaxPeriods": READ_ONLY,
        "MaxChargingProfilesInstalled": READ_ONLY,
    },
}


def test_TC_019_CS_the_configuration_is_retrieved() -> None:
    rig = rig_of()

    def got(*keys: str) -> dict[str, v16.KeyValue]:
        answer = rig.ask(v16.GetConfiguration(key=keys or UNSET))
        assert answer.unknown_key is UNSET
        return {found.key: found for found in answer.configuration_key}

    (supported,) = got("SupportedFeatureProfiles").values()
    every = got()
    assert isinstance(supported.value, str)
    for profile in supported.value.split(","):
        for key, allowed in REQUIRED.get(profile, {}).items():
            assert every[key].readonly in allowed, key
    (most,) = got("GetConfigurationMaxKeys").values()
    assert isinstance(most.value, str)
    chosen = list(every)[: int(most.value)]
    assert list(got(*chosen)) == chosen


def test_TC_032_1_CS_with_a_back_up_sessions_end_before_the_power_is_gone() -> None:
    rig = rig_of(evses=2)
    charging(rig)
    rig.hardware.fall_back()
    rig.time.advance(2)
    assert rig.last(v16.StopTransaction).reason == "PowerLoss"
    assert statuses(rig) == ["Finishing"]
    rig.powered.cut_power()
    rig.time.advance(60)
    rig.fresh()
    rig.powered.power_on()
    rig.time.advance(5)
    assert rig.names()[0] == "BootNotification"
    assert statuses(rig)[-1] in ("Finishing", "Preparing")
    assert statuses(rig, 0) == statuses(rig, 2) == ["Available"]
    assert rig.of(v16.StopTransaction) == []
