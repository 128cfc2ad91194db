"""Signed readings: what a checker of OCMF records finds in them."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.station.blocks.metering.signing import PAGES
from tests.station.cases.test_station_201 import TAG, charging, events, put
from tests.station.rig import Rig


def values(rig: Rig) -> list[tuple[str, v2.SignedMeterValue]]:
    """All signed values that were told, with the kind of message."""
    return [
        (event.event_type, sampled.signed_meter_value)
        for event in events(rig)
        for value in event.meter_value or ()
        for sampled in value.sampled_value
        if isinstance(sampled.signed_meter_value, v2.SignedMeterValue)
    ]


def key_of(rig: Rig) -> ec.EllipticCurvePublicKey:
    key = load_der_public_key(rig.hardware.signer_of(1).public_key)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def opened(rig: Rig, value: v2.SignedMeterValue) -> dict[str, Any]:
    """The content of a record whose signature is right."""
    assert (value.encoding_method, value.signing_method) == ("OCMF", "")
    head, payload, signature = b64decode(value.signed_meter_data).split(b"|")
    assert head == b"OCMF"
    told = json.loads(signature)
    assert told["SA"] == "ECDSA-secp256r1-SHA256"
    key_of(rig).verify(bytes.fromhex(told["SD"]), payload, ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        key_of(rig).verify(bytes.fromhex(told["SD"]), payload + b" ", ec.ECDSA(SHA256()))
    content: dict[str, Any] = json.loads(payload)
    return content


def session(rig: Rig, token: str = TAG) -> None:
    rig.session(token, seconds=200)
    rig.hardware.swipe(token)
    rig.time.advance(3)


@pytest.mark.parametrize("version", [V201, V21], ids=str)
def test_J02_FR_21_the_end_is_signed_with_the_beginning_and_the_driver(version: Version) -> None:
    rig = Rig(version)
    rig.set("SampledDataCtrlr.SignReadings", "true")
    session(rig)
    assert {kind for kind, _ in values(rig)} == {"Ended"}
    record = opened(rig, values(rig)[-1][1])
    assert (record["IS"], record["IT"], record["ID"], record["IL"]) == (True, "ISO14443", TAG, "HEARSAY")
    assert (record["CT"], record["CI"], record["MS"]) == ("CBIDC", "CS001 1", "SIM00001")
    begin, end = record["RD"]
    assert (begin["TX"], end["TX"], end["RI"], end["RU"], end["ST"]) == ("B", "E", "1-0:1.8.0", "Wh", "G")
    assert begin["TM"].endswith("+0000 S")
    assert "," in begin["TM"]
    told = events(rig)[-1].meter_value
    assert isinstance(told, tuple)
    assert end["RV"] == float(told[-1].sampled_value[0].value) > begin["RV"]


def test_what_is_signed_on_the_way_and_at_the_beginning_is_chosen() -> None:
    rig = Rig(V201)
    rig.set("SampledDataCtrlr.SignReadings", "true")
    rig.set("SampledDataCtrlr.SignStartedReadings", "true")
    rig.set("SampledDataCtrlr.SignUpdatedReadings", "true")
    session(rig)
    assert {kind for kind, _ in values(rig)} == {"Started", "Updated", "Ended"}
    assert {opened(rig, value)["RD"][0]["TX"] for kind, value in values(rig) if kind == "Updated"} == {"C"}


def test_without_SignReadings_the_others_sign_nothing() -> None:
    rig = Rig(V201)
    rig.set("SampledDataCtrlr.SignStartedReadings", "true")
    rig.set("SampledDataCtrlr.SignUpdatedReadings", "true")
    session(rig)
    assert values(rig) == []


def test_the_key_is_told_once_for_each_transaction() -> None:
    rig = Rig(V21)
    rig.set("SampledDataCtrlr.SignReadings", "true")
    rig.set("SampledDataCtrlr.SignUpdatedReadings", "true")
    session(rig)
    keys = [value.public_key for _, value in values(rig)]
    assert sum(key not in ("", UNSET) for key in keys) == 1
    printed = b64decode(next(key for key in keys if isinstance(key, str) and key)).decode()
    assert printed.startswith("oca:base16:asn1:")
    key = load_der_public_key(bytes.fromhex(printed.rpartition(":")[2]))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.public_numbers() == key_of(rig).public_numbers()
    rig.hardware.unplug()
    rig.time.advance(3)
    rig.fresh()
    session(rig)
    assert sum(bool(value.public_key) for _, value in values(rig)) == 1


def test_records_are_numbered_without_a_gap_also_over_a_power_cut() -> None:
    rig = Rig(V201)
    rig.set("SampledDataCtrlr.SignReadings", "true")
    rig.set("SampledDataCtrlr.SignUpdatedReadings", "true")
    charging(rig)
    rig.time.advance(130)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(10)
    rig.hardware.unplug()
    rig.time.advance(3)
    session(rig)
    pages = [int(opened(rig, value)["PG"].removeprefix("T")) for _, value in values(rig)]
    assert len(pages) == len(set(pages))
    assert max(pages) == rig.station.storage.items(PAGES)[0][1]


def test_a_bar_in_an_identifier_does_not_part_the_record() -> None:
    rig = Rig(V201)
    rig.set("SampledDataCtrlr.SignReadings", "true")
    session(rig, "TAG|001")
    assert opened(rig, values(rig)[-1][1])["ID"] == "TAG|001"


def test_where_no_meter_signs_that_cannot_be_asked_for() -> None:
    rig = Rig(V201)
    rig.hardware.signs = False
    assert put(rig, "SampledDataCtrlr", "SignReadings", "true").attribute_status == "Rejected"
    assert put(rig, "SampledDataCtrlr", "SignReadings", "false").attribute_status == "Accepted"
