"""More certification cases of 1.6 for stations: local list, triggers, cache, tokens of a group, readings."""

from __future__ import annotations

import pytest

from forecourt.ocpp import v16
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
