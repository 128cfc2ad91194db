"""Certification cases of 2.0.1 for stations about messages on the display (block O) and costs shown (block I)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from forecourt.station.running import preset
from tests.station.cases.test_station_201 import TAG, charging, rig, service, statuses, version
from tests.station.rig import ACCEPTED, Rig

__all__ = ["rig", "version"]


def message(
    number: int = 1,
    content: str = "Hello",
    *,
    priority: Any = "NormalCycle",
    state: Any = UNSET,
    form: Any = "UTF8",
    **rest: Any,
) -> v2.MessageInfo:
    return v2.MessageInfo(
        id=number, priority=priority, state=state, message=v2.MessageContent(format=form, content=content), **rest
    )


def put(rig: Rig, told: v2.MessageInfo) -> str:
    answer: v2.SetDisplayMessageResponse = rig.ask(v2.SetDisplayMessage(message=told))
    return answer.status


def listed(rig: Rig, *numbers: int, state: Any = UNSET, priority: Any = UNSET) -> list[v2.MessageInfo]:
    """GetDisplayMessages; nothing for Unknown. Only the last part says that no more follow."""
    before = len(rig.of(v2.NotifyDisplayMessages))
    answer = rig.ask(v2.GetDisplayMessages(request_id=31, id=numbers or UNSET, state=state, priority=priority))
    parts = rig.of(v2.NotifyDisplayMessages)[before:]
    if not parts:
        assert answer.status == "Unknown"
        return []
    assert answer.status == "Accepted"
    assert {part.request_id for part in parts} == {31}
    assert [part.tbc for part in parts] == [True] * (len(parts) - 1) + [False]
    return [info for part in parts for info in part.message_info or ()]


def shown(rig: Rig) -> tuple[str, ...]:
    return rig.hardware.displayed


def leave(rig: Rig) -> None:
    """StopAuthorized to ParkingBayUnoccupied."""
    rig.hardware.swipe(TAG)
    rig.time.advance(3)
    rig.hardware.unplug()
    rig.time.advance(3)


def at(rig: Rig, seconds: float) -> Any:
    return rig.time.now() + timedelta(seconds=seconds)


def test_TC_O_01_CS_a_message_is_shown(rig: Rig) -> None:
    told = message(7, "Welcome", priority="InFront")
    assert put(rig, told) == "Accepted"
    assert listed(rig, 7) == [told]
    assert shown(rig) == ("Welcome",)


def test_TC_O_02_CS_all_messages_are_listed(rig: Rig) -> None:
    for number in range(1, 13):
        assert put(rig, message(number)) == "Accepted"
    assert [info.id for info in listed(rig)] == list(range(1, 13))


def test_TC_O_03_CS_there_is_no_message_to_list(rig: Rig) -> None:
    assert listed(rig) == []


def test_TC_O_04_CS_a_message_is_removed(rig: Rig) -> None:
    put(rig, message(7))
    assert rig.ask(v2.ClearDisplayMessage(id=7)).status == "Accepted"
    assert listed(rig, 7) == []
    assert shown(rig) == ()


def test_TC_O_05_CS_there_is_no_message_to_remove(rig: Rig) -> None:
    assert rig.ask(v2.ClearDisplayMessage(id=7)).status == "Unknown"


def test_TC_O_06_CS_a_message_for_a_transaction_goes_with_it(rig: Rig) -> None:
    transaction_id = charging(rig)
    assert put(rig, message(7, "For you", transaction_id=transaction_id)) == "Accepted"
    assert shown(rig) == ("For you",)
    leave(rig)
    assert shown(rig) == ()
    assert listed(rig, 7) == []


def test_TC_O_07_CS_a_message_is_listed_by_its_number(rig: Rig) -> None:
    put(rig, message(7))
    put(rig, message(8))
    assert [info.id for info in listed(rig, 7)] == [7]


def test_TC_O_08_CS_messages_are_listed_by_priority(rig: Rig) -> None:
    put(rig, message(7, priority="InFront"))
    put(rig, message(8))
    assert [info.id for info in listed(rig, priority="InFront")] == [7]


def test_TC_O_09_CS_messages_are_listed_by_state(rig: Rig) -> None:
    put(rig, message(7, state="Charging"))
    put(rig, message(8))
    assert [(info.id, info.state) for info in listed(rig, state="Charging")] == [(7, "Charging")]


def test_TC_O_10_CS_a_message_for_a_transaction_nobody_knows(rig: Rig) -> None:
    assert put(rig, message(7, transaction_id="nobody-knows-it")) == "UnknownTransaction"


def test_TC_O_11_CS_messages_are_listed_by_what_none_has(rig: Rig) -> None:
    put(rig, message(7, priority="NormalCycle"))
    assert listed(rig, priority="AlwaysFront") == []


def test_TC_O_12_CS_a_message_is_replaced(rig: Rig) -> None:
    put(rig, message(7, "Before"))
    assert put(rig, message(7, "After")) == "Accepted"
    assert shown(rig) == ("After",)


def test_TC_O_13_CS_a_message_is_shown_from_an_instant(rig: Rig) -> None:
    assert put(rig, message(7, "Later", start_date_time=at(rig, 60))) == "Accepted"
    (info,) = listed(rig, 7)
    assert info.start_date_time is not UNSET
    rig.time.advance(50)
    assert shown(rig) == ()
    rig.time.advance(10)
    assert shown(rig) == ("Later",)


def test_TC_O_14_CS_a_message_is_shown_until_an_instant(rig: Rig) -> None:
    assert put(rig, message(7, "Soon over", end_date_time=at(rig, 60))) == "Accepted"
    (info,) = listed(rig, 7)
    assert info.end_date_time is not UNSET
    assert shown(rig) == ("Soon over",)
    rig.time.advance(60)
    assert shown(rig) == ()
    assert listed(rig, 7) == []


@pytest.mark.parametrize(
    ("variable", "known", "told", "status"),
    [
        ("SupportedPriorities", "NormalCycle", message(7, priority="AlwaysFront"), "NotSupportedPriority"),
        ("SupportedStates", "Charging,Idle", message(7, state="Faulted"), "NotSupportedState"),
    ],
)
def test_TC_O_17_CS_and_TC_O_18_CS_a_priority_and_a_state_that_are_not_supported(
    version: Version, variable: str, known: str, told: v2.MessageInfo, status: str
) -> None:
    rig = Rig(version, start=False)
    preset(rig.powered.storage, {f"DisplayMessageCtrlr.{variable}": known})
    rig.powered.power_on()
    rig.time.advance(5)
    assert put(rig, told) == status
    assert listed(rig) == []
    assert put(rig, message(8, state="Idle")) == "Accepted"


def test_TC_O_19_CS_a_format_that_is_not_supported(rig: Rig) -> None:
    assert put(rig, message(7, "<b>Hello</b>", form="HTML")) == "NotSupportedMessageFormat"


def test_TC_O_20_CS_a_message_is_kept_over_a_reboot(rig: Rig) -> None:
    told = message(7, "Welcome")
    put(rig, told)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(10)
    assert listed(rig, 7) == [told]
    assert shown(rig) == ("Welcome",)


def test_TC_O_22_CS_several_messages_in_front(rig: Rig) -> None:
    put(rig, message(6, "In the cycle"))
    assert put(rig, message(7, "One", priority="InFront")) == "Accepted"
    assert put(rig, message(8, "Two", priority="InFront")) == "Accepted"
    assert [info.id for info in listed(rig, 7)] == [7]
    assert [info.id for info in listed(rig, 8)] == [8]
    assert shown(rig) == ("One", "Two")


def test_TC_O_24_CS_a_second_message_always_in_front(rig: Rig) -> None:
    put(rig, message(6, "In front", priority="InFront"))
    assert put(rig, message(7, "One", priority="AlwaysFront")) == "Accepted"
    assert put(rig, message(8, "Two", priority="AlwaysFront")) == "Accepted"
    assert [info.id for info in listed(rig, 8)] == [8]
    assert shown(rig) == ("Two",)


def test_TC_O_27_CS_a_message_for_a_transaction_from_an_instant(rig: Rig) -> None:
    transaction_id = charging(rig)
    told = message(7, "Later", transaction_id=transaction_id, start_date_time=at(rig, 30))
    assert put(rig, told) == "Accepted"
    rig.time.advance(20)
    assert shown(rig) == ()
    rig.time.advance(10)
    assert shown(rig) == ("Later",)
    leave(rig)
    assert shown(rig) == ()
    assert listed(rig, 7) == []


def test_TC_O_28_CS_a_message_for_a_transaction_until_an_instant(rig: Rig) -> None:
    transaction_id = charging(rig)
    told = message(7, "Now", transaction_id=transaction_id, end_date_time=at(rig, 30))
    assert put(rig, told) == "Accepted"
    assert shown(rig) == ("Now",)
    rig.time.advance(30)
    assert shown(rig) == ()
    assert listed(rig, 7) == []


def test_TC_O_30_CS_several_messages_for_a_transaction_in_front(rig: Rig) -> None:
    transaction_id = charging(rig)
    first = message(7, "Yours", priority="InFront", transaction_id=transaction_id)
    second = message(8, "Yours 2", priority="InFront", transaction_id=transaction_id)
    assert put(rig, first) == put(rig, second) == "Accepted"
    assert shown(rig) == ("Yours", "Yours 2")
    assert (listed(rig, 7), listed(rig, 8)) == ([first], [second])
    leave(rig)
    assert shown(rig) == ()
    assert listed(rig, 7) == listed(rig, 8) == []


def test_TC_O_32_CS_a_second_message_for_a_transaction_always_in_front(rig: Rig) -> None:
    transaction_id = charging(rig)
    put(rig, message(7, "Yours", priority="AlwaysFront", transaction_id=transaction_id))
    assert shown(rig) == ("Yours",)
    second = message(8, "Yours 2", priority="AlwaysFront", transaction_id=transaction_id)
    assert put(rig, second) == "Accepted"
    assert shown(rig) == ("Yours 2",)
    assert listed(rig, 7) == []
    assert listed(rig, 8) == [second]
    leave(rig)
    assert shown(rig) == ()
    assert listed(rig, 8) == []


def test_TC_O_33_CS_there_is_no_message_to_list_by_its_number(rig: Rig) -> None:
    assert listed(rig, 7) == []


def test_TC_O_34_CS_and_TC_O_35_CS_a_message_is_listed_by_number_and_what_it_has_not(rig: Rig) -> None:
    put(rig, message(7, state="Charging", priority="InFront"))
    assert listed(rig, 7, state="Idle") == []
    assert listed(rig, 7, priority="NormalCycle") == []


def test_TC_O_36_CS_a_message_while_it_charges(rig: Rig) -> None:
    told = message(7, "It charges", state="Charging")
    assert put(rig, told) == "Accepted"
    assert shown(rig) == ()
    charging(rig)
    assert shown(rig) == ("It charges",)
    leave(rig)
    assert shown(rig) == ()
    assert listed(rig, 7) == [told]


def test_TC_O_37_CS_a_message_while_nothing_goes_on(rig: Rig) -> None:
    told = message(7, "Come in", state="Idle")
    assert put(rig, told) == "Accepted"
    assert shown(rig) == ("Come in",)
    charging(rig)
    assert shown(rig) == ()
    leave(rig)
    assert shown(rig) == ("Come in",)
    assert listed(rig, 7) == [told]


def test_TC_O_38_CS_a_message_while_out_of_use(rig: Rig) -> None:
    told = message(7, "Closed", state="Unavailable")
    assert put(rig, told) == "Accepted"
    assert shown(rig) == ()
    service(rig, "Inoperative")
    assert shown(rig) == ("Closed",)
    rig.fresh()
    assert service(rig, "Operative") == "Accepted"
    assert statuses(rig, 1) == statuses(rig, 2) == ["Available"]
    assert shown(rig) == ()
    assert listed(rig, 7) == [told]


def test_TC_O_39_CS_a_message_while_at_fault(rig: Rig) -> None:
    told = message(7, "Broken", state="Faulted")
    assert put(rig, told) == "Accepted"
    assert shown(rig) == ()
    rig.hardware.break_down()
    rig.time.advance(1)
    assert shown(rig) == ("Broken",)
    rig.hardware.mend()
    rig.time.advance(1)
    assert shown(rig) == ()
    assert listed(rig, 7) == [told]


def personal(text: str) -> v2.MessageContent:
    return v2.MessageContent(format="UTF8", content=text)


def costs(rig: Rig, answer: v2.TransactionEventResponse) -> None:
    rig.answers[v2.TransactionEvent] = lambda request: (
        answer if request.event_type == "Updated" else v2.TransactionEventResponse(id_token_info=ACCEPTED)
    )


def greeted(rig: Rig) -> None:
    """A token is accepted with words for its driver."""
    info = v2.IdTokenInfo(status="Accepted", personal_message=personal("0.40 a kWh"))
    rig.answers[v2.Authorize] = lambda request: v2.AuthorizeResponse(id_token_info=info)
    costs(rig, v2.TransactionEventResponse(updated_personal_message=personal("0.50 a kWh")))
    rig.session(seconds=20)
    assert rig.hardware.shown is not None
    assert "0.40 a kWh" in rig.hardware.shown


def test_TC_I_01_CS_the_cost_so_far_is_shown(rig: Rig) -> None:
    greeted(rig)
    transaction_id = rig.of(v2.TransactionEvent)[0].transaction_info.transaction_id
    for total in ("1.20", "2.45"):
        rig.hardware.shown = []
        rig.time.advance(60)
        assert "0.50 a kWh" in rig.hardware.shown
        answer = rig.ask(v2.CostUpdated(total_cost=Decimal(total), transaction_id=transaction_id))
        assert isinstance(answer, v2.CostUpdatedResponse)
        assert rig.hardware.shown[-1] == f"EUR {total} so far"


def test_TC_I_02_CS_the_cost_in_the_end_is_shown(rig: Rig) -> None:
    charging(rig)
    total = v2.TransactionEventResponse(total_cost=Decimal("8.10"), id_token_info=ACCEPTED)
    rig.answers[v2.TransactionEvent] = lambda request: (
        total if request.event_type == "Ended" else v2.TransactionEventResponse()
    )
    leave(rig)
    assert rig.hardware.shown is not None
    assert rig.hardware.shown[-1] == "Total: EUR 8.10"


def test_TC_I_07_CS_the_cost_so_far_is_told_in_answers(rig: Rig) -> None:
    greeted(rig)
    for total in ("1.20", "2.45"):
        costs(rig, v2.TransactionEventResponse(total_cost=Decimal(total)))
        rig.time.advance(60)
        assert rig.hardware.shown is not None
        assert rig.hardware.shown[-1] == f"EUR {total} so far"
