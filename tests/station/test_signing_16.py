"""Signed readings in 1.6, by the keys and in the form of the application note on signed meter values."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21
from forecourt.station.config import EvseBuild
from tests.station.rig import Rig
from tests.station.test_signing import opened


def session(rig: Rig) -> None:
    rig.session(seconds=200)
    rig.hardware.swipe("TAG001")
    rig.time.advance(3)


def samples(rig: Rig) -> list[tuple[str, v16.SampledValue]]:
    """All sampled values of transactions, with the kind of message."""
    found = []
    for message in rig.heard:
        values: Any = ()
        if isinstance(message, v16.MeterValues):
            values = message.meter_value
        elif isinstance(message, v16.StopTransaction):
            values = message.transaction_data or ()
        found += [(type(message).__name__, one) for value in values for one in value.sampled_value]
    return found


def signed(rig: Rig) -> list[tuple[str, str, dict[str, str]]]:
    """Message, context and content of those that are signed."""
    return [(name, str(one.context), json.loads(one.value)) for name, one in samples(rig) if one.format == "SignedData"]


def record(rig: Rig, content: dict[str, str]) -> dict[str, Any]:
    assert content.keys() == {"signedMeterData", "signingMethod", "encodingMethod", "publicKey"}
    value = v2.SignedMeterValue(
        signed_meter_data=content["signedMeterData"],
        signing_method=content["signingMethod"],
        encoding_method=content["encodingMethod"],
        public_key=content["publicKey"],
    )
    return opened(rig, value)


def test_the_stop_has_the_begin_and_the_end_signed() -> None:
    rig = Rig(V16)
    rig.set("SampledDataSignReadings", "true")
    session(rig)
    assert {(name, context) for name, context, _ in signed(rig)} == {
        ("StopTransaction", "Transaction.Begin"),
        ("StopTransaction", "Transaction.End"),
    }
    begin, end = record(rig, signed(rig)[-1][2])["RD"]
    assert (begin["TX"], end["TX"]) == ("B", "E")
    stop = rig.last(v16.StopTransaction)
    assert int(end["RV"]) == stop.meter_stop
    assert int(begin["RV"]) == 0


def test_the_number_stands_beside_what_is_signed() -> None:
    rig = Rig(V16)
    rig.set("SampledDataSignReadings", "true")
    session(rig)
    *_, plain, told = [one for name, one in samples(rig) if name == "StopTransaction"]
    assert (plain.format, told.format) == (UNSET, "SignedData")
    assert (plain.context, plain.measurand, plain.unit) == (told.context, told.measurand, told.unit)
    assert float(plain.value) == record(rig, json.loads(told.value))["RD"][-1]["RV"]


def test_unless_it_is_asked_for_nothing_is_signed_and_a_start_has_no_readings() -> None:
    rig = Rig(V16)
    for key in ("SampledDataSignStartedReadings", "SampledDataSignUpdatedReadings", "AlignedDataSignUpdatedReadings"):
        rig.set(key, "true")
    session(rig)
    assert signed(rig) == []
    names = rig.names()
    assert names[names.index("StartTransaction") + 1] != "MeterValues"


def test_the_readings_of_a_start_come_right_after_it_signed_where_that_is_asked_for() -> None:
    rig = Rig(V16)
    rig.set("SampledDataSignReadings", "true")
    rig.set("StartTxnSampledData", "Energy.Active.Import.Register,Voltage")
    session(rig)
    assert "MeterValues" not in {name for name, _, _ in signed(rig)}
    rig.set("SampledDataSignStartedReadings", "true")
    rig.hardware.unplug()
    rig.time.advance(3)
    rig.fresh()
    session(rig)
    start = rig.names().index("StartTransaction")
    told = rig.heard[start + 1]
    assert isinstance(told, v16.MeterValues)
    assert told.transaction_id == 2
    (value,) = told.meter_value
    assert {one.context for one in value.sampled_value} == {"Transaction.Begin"}
    assert [one.measurand for one in value.sampled_value][1:] == ["Energy.Active.Import.Register", *3 * ["Voltage"]]
    assert record(rig, json.loads(value.sampled_value[1].value))["RD"][0]["TX"] == "B"


@pytest.mark.parametrize("power", [True, False])
def test_they_come_right_after_it_also_when_all_had_to_wait(power: bool) -> None:
    rig = Rig(V16)
    rig.set("StartTxnSampledData", "Energy.Active.Import.Register")
    rig.set("AllowOfflineTxForUnknownId", "true")
    rig.link.up = False
    rig.link.cut()
    rig.session(seconds=200)

    def cut(request: v16.StartTransaction) -> v16.StartTransactionResponse:
        if not power:
            rig.time.after(0.021, rig.powered.cut_power)
        return v16.StartTransactionResponse(transaction_id=7, id_tag_info=v16.IdTagInfo(status="Accepted"))

    rig.answers[v16.StartTransaction] = cut
    rig.link.up = True
    while not rig.of(v16.StartTransaction):
        rig.time.advance(1)
    rig.time.advance(1)
    if not power:
        rig.fresh()
        rig.powered.power_on()
    rig.time.advance(60)
    told = rig.of(v16.MeterValues)
    assert {one.transaction_id for one in told} == {7}
    contexts = [value.sampled_value[0].context for one in told for value in one.meter_value]
    assert contexts[0] == "Transaction.Begin"
    assert contexts.count("Transaction.Begin") == 1
    assert "Sample.Periodic" in contexts


def test_readings_on_the_way_are_signed_where_that_is_asked_for() -> None:
    rig = Rig(V16)
    for key in ("SampledDataSignReadings", "SampledDataSignUpdatedReadings"):
        rig.set(key, "true")
    for key in ("AlignedDataSignReadings", "AlignedDataSignUpdatedReadings"):
        rig.set(key, "true")
    rig.set("ClockAlignedDataInterval", "60")
    session(rig)
    contexts = {context for name, context, _ in signed(rig) if name == "MeterValues"}
    assert contexts == {"Sample.Periodic", "Sample.Clock"}


def test_the_key_comes_as_often_as_configured_and_can_be_read() -> None:
    rig = Rig(V16, built=(EvseBuild(kinds=("sType2", "cType2")), EvseBuild()))
    rig.set("SampledDataSignReadings", "true")
    rig.set("SampledDataSignUpdatedReadings", "true")
    found = rig.ask(v16.GetConfiguration(key=("MeterPublicKey1", "MeterPublicKey2", "MeterPublicKey3")))
    first, second, third = found.configuration_key
    assert first.value == second.value != third.value
    assert first.readonly
    for how, least in (("OncePerTransaction", 1), ("EveryMeterValue", 3), ("Never", 0)):
        rig.set("PublicKeyWithSignedMeterValue", how)
        rig.fresh()
        session(rig)
        keys = [content["publicKey"] for _, _, content in signed(rig)]
        told = [key for key in keys if key]
        assert len(told) == (len(keys) if how == "EveryMeterValue" else least)
        assert {b64decode(key).decode() for key in told} <= {first.value}
        assert len(keys) >= 3
        rig.hardware.unplug()
        rig.time.advance(3)
    refused = rig.ask(v16.ChangeConfiguration(key="MeterPublicKey1", value="x"))
    assert refused.status == "Rejected"


def test_where_no_meter_signs_there_is_no_key_and_nothing_can_be_asked_for() -> None:
    rig = Rig(V16)
    rig.hardware.signs = False
    refused = rig.ask(v16.ChangeConfiguration(key="SampledDataSignReadings", value="true"))
    assert refused.status == "Rejected"
    assert rig.ask(v16.GetConfiguration(key=("MeterPublicKey1",))).unknown_key == ("MeterPublicKey1",)


def test_in_2_x_the_key_of_a_meter_is_a_variable_of_its_EVSE() -> None:
    rig = Rig(V21, evses=2)
    asked = tuple(
        v2.GetVariableData(
            component=v2.Component(name="FiscalMetering", evse=v2.EVSE(id=number)),
            variable=v2.Variable(name="PublicKey"),
        )
        for number in (1, 2)
    )
    one, other = rig.ask(v2.GetVariables(get_variable_data=asked)).get_variable_result
    printed = f"oca:base16:asn1:{rig.hardware.signer_of(1).public_key.hex()}"
    assert one.attribute_value == printed != other.attribute_value
