"""Vendor messages of a station: those it has for its management system, and the answer to those it does not know."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.station.blocks.data_transfer.model import Transfer
from tests.station.rig import Rig

KINDS: dict[Version, Any] = {V16: v16.DataTransfer, V201: v2.DataTransfer, V21: v2.DataTransfer}


@pytest.fixture(params=KINDS, ids=str)
def rig(request: pytest.FixtureRequest) -> Rig:
    rig = Rig(request.param)
    answer = KINDS[rig.version].__name__ + "Response"
    made = getattr(v16 if rig.version is V16 else v2, answer)(status="Accepted")
    rig.answers[KINDS[rig.version]] = lambda told: made
    return rig


def test_P02_a_vendor_message_is_told_with_its_data(rig: Rig) -> None:
    rig.station.turn(lambda: rig.station.say(Transfer(vendor_id="Acme", message_id="Hum", data="50 Hz")))
    rig.time.advance(1)
    assert rig.heard == [KINDS[rig.version](vendor_id="Acme", message_id="Hum", data="50 Hz")]


def test_P02_what_a_vendor_message_has_not_is_left_out(rig: Rig) -> None:
    rig.station.turn(lambda: rig.station.say(Transfer(vendor_id="Acme")))
    rig.time.advance(1)
    (told,) = rig.heard
    assert told == KINDS[rig.version](vendor_id="Acme", message_id=UNSET, data=UNSET)


@pytest.mark.parametrize(("vendor", "status"), [("Forecourt", "UnknownMessageId"), ("Acme", "UnknownVendorId")])
def test_P01_FR_05_06_a_vendor_message_that_nobody_knows_is_refused_by_name(rig: Rig, vendor: str, status: str) -> None:
    assert rig.ask(KINDS[rig.version](vendor_id=vendor, message_id="Hum")).status == status
