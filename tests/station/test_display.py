"""Messages on the display and costs, beyond the certification cases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201
from tests.station.cases.test_station_201 import TAG, charging, got
from tests.station.cases.test_station_201_display import at, listed, message, personal, put, shown
from tests.station.rig import ACCEPTED, Rig


def test_O01_FR_11_no_more_messages_than_there_is_room_for() -> None:
    rig = Rig(V201)
    for number in range(50):
        assert put(rig, message(number)) == "Accepted"
    assert put(rig, message(50)) == "Rejected"
    assert put(rig, message(49, "Replaced")) == "Accepted"
    assert got(rig, "DisplayMessageCtrlr", "DisplayMessages").attribute_value == "50"


def test_a_message_that_is_over_before_it_begins_is_rejected() -> None:
    rig = Rig(V201)
    assert put(rig, message(end_date_time=at(rig, -1))) == "Rejected"
    assert put(rig, message(start_date_time=at(rig, 60), end_date_time=at(rig, 60))) == "Rejected"
    assert listed(rig) == []


def test_O01_FR_07_a_message_that_was_over_while_the_power_was_away_is_gone() -> None:
    rig = Rig(V201)
    put(rig, message(1, "Short", end_date_time=at(rig, 60)))
    put(rig, message(2, "Long", end_date_time=at(rig, 3600)))
    rig.powered.cut_power()
    rig.time.advance(120)
    rig.powered.power_on()
    rig.time.advance(10)
    assert shown(rig) == ("Long",)
    assert [info.id for info in listed(rig)] == [2]
    rig.time.advance(3600)
    assert shown(rig) == ()


def test_nothing_is_shown_while_messages_are_disabled() -> None:
    rig = Rig(V201)
    put(rig, message(1, "Hello"))
    rig.set("DisplayMessageCtrlr.Enabled", "false")
    assert shown(rig) == ()
    assert put(rig, message(2)) == "Rejected"
    rig.set("DisplayMessageCtrlr.Enabled", "true")
    assert shown(rig) == ("Hello",)


def test_O01_FR_08_a_message_is_shown_in_the_language_of_the_display() -> None:
    rig = Rig(V21)
    contents = [
        v2.MessageContent(format="UTF8", content=text, language=language)
        for text, language in (("Bonjour", "fr"), ("Hello", "en-GB"), ("Guten Tag", "de"))
    ]
    told = v2.MessageInfo(id=1, priority="NormalCycle", message=contents[0], message_extra=tuple(contents[1:]))
    assert put(rig, told) == "Accepted"
    assert shown(rig) == ("Hello",)
    rig.set("DisplayMessageCtrlr.Language", "de")
    assert shown(rig) == ("Guten Tag",)
    rig.set("DisplayMessageCtrlr.Language", "sv")
    assert shown(rig) == ("Hello",)
    assert listed(rig) == [told]


def test_O01_FR_18_a_language_that_is_not_supported() -> None:
    rig = Rig(V21)
    content = v2.MessageContent(format="UTF8", content="Saluton", language="eo")
    assert put(rig, v2.MessageInfo(id=1, priority="NormalCycle", message=content)) == "LanguageNotSupported"


def test_O01_FR_02_a_state_that_is_not_supported() -> None:
    assert put(Rig(V21), message(state="Discharging")) == "NotSupportedState"


def test_a_message_for_another_display_is_rejected() -> None:
    rig = Rig(V201)
    assert put(rig, message(display=v2.Component(name="OtherDisplay"))) == "Rejected"


def test_O02_FR_02_a_message_for_a_transaction_that_power_has_ended_is_gone() -> None:
    rig = Rig(V201)
    transaction_id = charging(rig)
    put(rig, message(1, transaction_id=transaction_id))
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(10)
    assert listed(rig) == []
    assert shown(rig) == ()


def test_I04_I05_what_is_configured_is_shown_where_nobody_tells_a_tariff_or_a_cost() -> None:
    rig = Rig(V201)
    rig.set("TariffCostCtrlr.TariffFallbackMessage", "0.60 a kWh")
    rig.set("TariffCostCtrlr.TotalCostFallbackMessage", "See your bill")
    charging(rig)
    assert rig.hardware.shown == ["0.60 a kWh"]
    rig.link.up = False
    rig.link.cut()
    rig.hardware.swipe(TAG)
    rig.time.advance(2)
    assert rig.hardware.shown == ["0.60 a kWh", "See your bill"]


def test_I01_who_has_a_tariff_of_his_own_is_not_shown_the_one_for_all() -> None:
    rig = Rig(V201)
    rig.set("TariffCostCtrlr.TariffFallbackMessage", "0.60 a kWh")
    info = v2.IdTokenInfo(status="Accepted", personal_message=personal("0.40 for you"))
    rig.answers[v2.Authorize] = lambda request: v2.AuthorizeResponse(id_token_info=info)
    charging(rig)
    assert rig.hardware.shown == ["0.40 for you"]


@pytest.mark.parametrize(
    ("reads", "shown"), [("de-AT", "0,50 je kWh"), ("fr", "0.50 a kWh"), (None, "0.50 a kWh"), ("pl", "0.50 a kWh")]
)
def test_words_on_the_way_are_shown_in_the_language_of_the_driver(reads: str | None, shown: str) -> None:
    rig = Rig(V21)
    info = v2.IdTokenInfo(status="Accepted", language1=UNSET if reads is None else reads)
    rig.answers[v2.Authorize] = lambda request: v2.AuthorizeResponse(id_token_info=info)
    answer = v2.TransactionEventResponse(
        updated_personal_message=v2.MessageContent(format="UTF8", content="0.50 a kWh", language="en"),
        updated_personal_message_extra=(
            v2.MessageContent(format="UTF8", content="0,50 je kWh", language="de"),
            v2.MessageContent(format="UTF8", content="0,50 per kWh", language="nl"),
        ),
    )
    rig.answers[v2.TransactionEvent] = lambda request: (
        answer if request.event_type == "Updated" else v2.TransactionEventResponse(id_token_info=ACCEPTED)
    )
    rig.session(seconds=20)
    assert set(rig.hardware.shown or ()) == {shown}


def test_a_cost_of_a_transaction_nobody_knows_is_not_shown() -> None:
    rig = Rig(V201)
    charging(rig)
    rig.ask(v2.CostUpdated(total_cost=Decimal("3.00"), transaction_id="another"))
    assert rig.hardware.shown == []


def test_the_clock_that_jumps_takes_messages_with_it() -> None:
    rig = Rig(V201)
    put(rig, message(1, "Later", start_date_time=at(rig, 7200)))
    ahead = v2.HeartbeatResponse(current_time=rig.time.now() + timedelta(seconds=7300))
    rig.answers[v2.Heartbeat] = lambda request: ahead
    rig.ask(v2.TriggerMessage(requested_message="Heartbeat"))
    assert shown(rig) == ("Later",)
