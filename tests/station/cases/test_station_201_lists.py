"""Certification cases of 2.0.1 for stations about the local list and the cache (blocks C and D)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from tests.station.cases.test_station_201 import TAG, events, rig, version
from tests.station.cases.test_station_201_more import prepare_back_off
from tests.station.rig import Rig

__all__ = ["rig", "version"]

OTHER = "TAG002"
GROUP = v2.IdToken(id_token="GROUP1", type="Central")


def token(value: str = TAG) -> v2.IdToken:
    return v2.IdToken(id_token=value, type="ISO14443")


def entry(value: str = TAG, status: Any = "Accepted", group: Any = UNSET) -> v2.AuthorizationData:
    return v2.AuthorizationData(
        id_token=token(value), id_token_info=v2.IdTokenInfo(status=status, group_id_token=group)
    )


def send(rig: Rig, number: int, *entries: v2.AuthorizationData, kind: Any = "Full") -> str:
    sent = v2.SendLocalList(version_number=number, update_type=kind, local_authorization_list=entries or UNSET)
    answer: v2.SendLocalListResponse = rig.ask(sent)
    return answer.status


def listed(rig: Rig) -> int:
    answer: v2.GetLocalListVersionResponse = rig.ask(v2.GetLocalListVersion())
    return answer.version_number


def known(rig: Rig, *entries: v2.AuthorizationData) -> None:
    """IdTokenLocalAuthList, with the variables that the cases set."""
    rig.set("AuthCtrlr.LocalPreAuthorize", "true")
    rig.set("LocalAuthListCtrlr.DisablePostAuthorize", "false")
    assert send(rig, 1, *(entries or (entry(),))) == "Accepted"
    rig.fresh()


def says(rig: Rig, status: Any, group: Any = UNSET) -> None:
    """What the management system says of every token from now on."""
    info = v2.IdTokenInfo(status=status, group_id_token=group)
    rig.answers[v2.Authorize] = lambda request: v2.AuthorizeResponse(id_token_info=info)
    rig.answers[v2.TransactionEvent] = lambda request: v2.TransactionEventResponse(
        id_token_info=info if request.id_token is not UNSET else UNSET
    )


def cached(rig: Rig, status: Any = "Accepted", value: str = TAG, group: Any = UNSET) -> None:
    """IdTokenCached: the token is shown once, asked about, and goes."""
    rig.set("AuthCtrlr.LocalPreAuthorize", "true")
    says(rig, status, group)
    rig.hardware.swipe(value)
    rig.time.advance(2)
    assert [request.id_token for request in rig.of(v2.Authorize)] == [token(value)]
    if status == "Accepted":
        rig.hardware.swipe(value)
        rig.time.advance(2)
    says(rig, "Accepted")
    rig.fresh()


def charges(rig: Rig, value: str = TAG) -> None:
    """EVConnectedPreSession, Authorized, EnergyTransferStarted."""
    rig.session(value, seconds=20)
    assert events(rig)[-1].transaction_info.charging_state == "Charging"
    assert token(value) in [event.id_token for event in events(rig)]


def refused(rig: Rig, value: str = TAG) -> None:
    rig.session(value, seconds=20)
    assert events(rig) == []
    assert rig.hardware.shown


def asked(rig: Rig) -> list[str]:
    return [request.id_token.id_token for request in rig.of(v2.Authorize)]


def test_TC_D_01_CS_a_whole_local_list_is_sent(rig: Rig) -> None:
    assert send(rig, 4, entry()) == "Accepted"
    assert listed(rig) == 4


def test_TC_D_02_CS_entries_of_the_local_list_are_added(rig: Rig) -> None:
    send(rig, 4, entry())
    assert send(rig, 5, entry(OTHER), kind="Differential") == "Accepted"
    assert listed(rig) == 5


def test_TC_D_03_CS_entries_of_the_local_list_are_removed(rig: Rig) -> None:
    send(rig, 4, entry())
    removed = v2.AuthorizationData(id_token=token())
    assert send(rig, 5, removed, kind="Differential") == "Accepted"
    assert listed(rig) == 5


def test_TC_D_04_CS_the_local_list_is_emptied(rig: Rig) -> None:
    send(rig, 4, entry())
    assert send(rig, 5) == "Accepted"
    assert listed(rig) == 5


def test_TC_D_05_CS_an_update_of_the_local_list_without_entries(rig: Rig) -> None:
    send(rig, 4, entry())
    assert send(rig, 5, kind="Differential") == "Accepted"
    assert listed(rig) == 5


def test_TC_D_06_CS_an_update_of_the_local_list_whose_version_does_not_fit(rig: Rig) -> None:
    send(rig, 4, entry())
    assert send(rig, 3, entry(OTHER), kind="Differential") == "VersionMismatch"
    assert listed(rig) == 4


def test_TC_D_07_CS_the_local_list_is_kept_over_a_reboot(rig: Rig) -> None:
    send(rig, 4, entry())
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(10)
    assert listed(rig) == 4


def test_TC_D_08_CS_the_version_of_the_local_list(rig: Rig) -> None:
    send(rig, 4, entry())
    assert listed(rig) == 4


def test_TC_D_10_CS_the_version_of_the_local_list_where_it_is_switched_off(rig: Rig) -> None:
    send(rig, 4, entry())
    rig.set("LocalAuthListCtrlr.Enabled", "false")
    assert listed(rig) == 0


def offline(rig: Rig) -> None:
    rig.fresh()
    rig.link.up = False
    rig.link.cut()


def back(rig: Rig) -> None:
    rig.link.up = True
    rig.time.advance(200)


def prepare_offline(rig: Rig, *, unknown: str = "false") -> None:
    prepare_back_off(rig, 60)
    rig.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", unknown)
    rig.set("AuthCtrlr.LocalAuthorizeOffline", "true")


def test_TC_C_21_CS_offline_the_local_list_accepts(rig: Rig) -> None:
    prepare_offline(rig)
    known(rig)
    offline(rig)
    rig.session(seconds=30)
    rig.hardware.swipe(TAG)
    rig.time.advance(3)
    rig.hardware.unplug()
    back(rig)
    told = events(rig)
    assert {event.offline for event in told} == {True}
    assert "StopAuthorized" in {event.trigger_reason for event in told}
    assert told[-1].event_type == "Ended"


@pytest.mark.parametrize(("case", "status"), [(22, "Invalid"), (23, "Blocked"), (24, "Expired")])
def test_TC_C_22_CS_and_TC_C_23_CS_and_TC_C_24_CS_offline_the_local_list_refuses(
    rig: Rig, case: int, status: str
) -> None:
    prepare_offline(rig)
    known(rig, entry(status=status))
    offline(rig)
    rig.session(seconds=30)
    back(rig)
    assert events(rig) == []
    assert rig.station.bays[1].authorization is None  # type: ignore[index]


def test_TC_C_25_CS_offline_the_local_list_goes_before_the_cache(rig: Rig) -> None:
    prepare_offline(rig, unknown="true")
    rig.set("TxCtrlr.StopTxOnInvalidId", "false")
    cached(rig)
    known(rig, entry(status="Invalid"))
    rig.hardware.plug()
    rig.time.advance(2)
    offline(rig)
    rig.hardware.swipe(TAG)
    rig.time.advance(60)
    back(rig)
    assert events(rig) == []


def test_TC_C_26_CS_offline_an_unknown_token(rig: Rig) -> None:
    prepare_offline(rig, unknown="true")
    offline(rig)
    rig.session("UNKNOWN", seconds=30)
    back(rig)
    told = events(rig)
    assert (told[0].event_type, told[0].offline) == ("Started", True)
    assert token("UNKNOWN") in [event.id_token for event in told]
    assert told[-1].transaction_info.charging_state == "Charging"


def test_TC_C_27_CS_online_the_local_list_accepts(rig: Rig) -> None:
    known(rig)
    charges(rig)
    assert asked(rig) == []


@pytest.mark.parametrize(("case", "status"), [(28, "Invalid"), (29, "Blocked"), (30, "Expired")])
def test_TC_C_28_CS_and_TC_C_29_CS_and_TC_C_30_CS_online_the_local_list_refuses_and_so_does_the_management_system(
    rig: Rig, case: int, status: str
) -> None:
    known(rig, entry(status=status))
    says(rig, status)
    refused(rig)
    assert asked(rig) == [TAG]


def test_TC_C_31_CS_online_the_local_list_refuses_and_the_management_system_accepts(rig: Rig) -> None:
    known(rig, entry(status="Invalid"))
    charges(rig)
    assert asked(rig) == [TAG]


def stops(rig: Rig, value: str = OTHER) -> None:
    """Another token of the group is shown: the transaction ends with it, and nobody is asked."""
    rig.fresh()
    rig.hardware.swipe(value, evse_id=1)
    rig.time.advance(3)
    (ended,) = events(rig)
    assert (ended.trigger_reason, ended.id_token) == ("StopAuthorized", token(value))
    assert asked(rig) == []


def test_TC_C_40_CS_another_token_of_the_group_stops_the_transaction_by_the_local_list(rig: Rig) -> None:
    known(rig, entry(group=GROUP), entry(OTHER, group=GROUP))
    charges(rig)
    stops(rig)


def test_TC_C_41_CS_another_token_of_the_group_stops_the_transaction_by_the_cache(rig: Rig) -> None:
    cached(rig, group=GROUP)
    cached(rig, value=OTHER, group=GROUP)
    says(rig, "Accepted", GROUP)
    charges(rig)
    stops(rig)


def goes_on(rig: Rig) -> None:
    rig.fresh()
    says(rig, "Invalid", GROUP)
    rig.hardware.swipe(OTHER, evse_id=1)
    rig.time.advance(5)
    assert asked(rig) == [OTHER]
    assert events(rig) == []
    rig.time.advance(60)
    assert "Ended" not in {event.event_type for event in events(rig)}


def test_TC_C_43_CS_the_local_list_calls_a_token_of_the_group_invalid(rig: Rig) -> None:
    known(rig, entry(group=GROUP), entry(OTHER, "Invalid", GROUP))
    charges(rig)
    goes_on(rig)


def test_TC_C_44_CS_the_cache_calls_a_token_of_the_group_invalid(rig: Rig) -> None:
    cached(rig, group=GROUP)
    cached(rig, "Invalid", OTHER, GROUP)
    says(rig, "Accepted", GROUP)
    charges(rig)
    goes_on(rig)


def test_TC_C_08_CS_a_token_from_the_cache_is_judged_in_the_transaction(rig: Rig) -> None:
    cached(rig)
    charges(rig)
    assert asked(rig) == []


@pytest.mark.parametrize(("case", "status"), [(9, "Invalid"), (10, "Blocked"), (11, "Expired")])
def test_TC_C_09_CS_and_TC_C_10_CS_and_TC_C_11_CS_the_cache_refuses_and_so_does_the_management_system(
    rig: Rig, case: int, status: str
) -> None:
    cached(rig, status)
    says(rig, status)
    refused(rig)
    assert asked(rig) == [TAG]


def test_TC_C_12_CS_the_cache_refuses_and_the_management_system_accepts(rig: Rig) -> None:
    cached(rig, "Invalid")
    charges(rig)
    assert asked(rig) == [TAG]


def test_TC_C_32_CS_the_cache_is_kept_over_a_reboot(rig: Rig) -> None:
    cached(rig)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(10)
    rig.fresh()
    charges(rig)
    assert asked(rig) == []


def test_TC_C_33_CS_the_cache_is_filled_from_answers_to_authorize(rig: Rig) -> None:
    cached(rig)
    charges(rig)
    assert asked(rig) == []


def test_TC_C_34_CS_the_cache_is_filled_from_answers_to_transaction_events(rig: Rig) -> None:
    cached(rig)
    says(rig, "Invalid")
    rig.session(seconds=10)
    assert asked(rig) == []
    assert events(rig)[-1].trigger_reason == "Deauthorized"
    rig.hardware.unplug()
    rig.time.advance(2)
    rig.fresh()
    refused(rig)
    assert asked(rig) == [TAG]


def test_TC_C_36_CS_the_cache_is_not_used_before_the_management_system_was_asked(rig: Rig) -> None:
    cached(rig)
    rig.set("AuthCtrlr.LocalPreAuthorize", "false")
    says(rig, "Invalid")
    refused(rig)
    assert asked(rig) == [TAG]


def test_TC_C_37_CS_the_cache_is_cleared(rig: Rig) -> None:
    cached(rig)
    assert rig.ask(v2.ClearCache()).status == "Accepted"
    charges(rig)
    assert asked(rig) == [TAG]


def test_TC_C_38_CS_the_cache_is_not_cleared(rig: Rig) -> None:
    cached(rig)
    rig.set("AuthCacheCtrlr.Enabled", "false")
    assert rig.ask(v2.ClearCache()).status == "Rejected"


def test_TC_C_46_CS_what_is_in_the_cache_has_its_time(rig: Rig) -> None:
    rig.set("AuthCacheCtrlr.LifeTime", "60")
    cached(rig)
    rig.time.advance(60)
    charges(rig)
    assert asked(rig) == [TAG]


def refused_later(rig: Rig, *, stop: str, energy_wh: str) -> list[v2.TransactionEvent]:
    """A cached token begins a transaction offline; back online it is refused. Returns what is told from then on."""
    prepare_offline(rig, unknown="true")
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    rig.set("TxCtrlr.StopTxOnInvalidId", stop)
    rig.set("TxCtrlr.MaxEnergyOnInvalidId", energy_wh)
    cached(rig)
    rig.hardware.plug()
    rig.time.advance(2)
    offline(rig)
    rig.hardware.swipe(TAG)
    rig.time.advance(5)
    says(rig, "Invalid")
    rig.link.up = True
    rig.time.advance(100)
    told = events(rig)
    begun = [event for event in told if event.offline is True]
    assert token() in [event.id_token for event in begun]
    assert "ChargingStateChanged" in {event.trigger_reason for event in begun}
    return [event for event in told if event.offline is not True]


def test_TC_C_15_CS_an_invalid_token_from_the_cache_gets_so_much_energy_and_no_more(rig: Rig) -> None:
    later = refused_later(rig, stop="false", energy_wh="10000")
    assert {event.trigger_reason for event in later} <= {"ChargingStateChanged"}
    assert "SuspendedEVSE" not in {event.transaction_info.charging_state for event in later}
    rig.time.advance(7200)
    assert events(rig)[-1].transaction_info.charging_state == "SuspendedEVSE"
    assert "Ended" not in {event.event_type for event in events(rig)}
    assert 9_990 <= rig.hardware.measure(rig.station.bays[1].evse_id).import_wh <= 10_010  # type: ignore[index]


def test_TC_C_16_CS_an_invalid_token_from_the_cache_ends_the_transaction(rig: Rig) -> None:
    assert "Deauthorized" in {event.trigger_reason for event in refused_later(rig, stop="true", energy_wh="0")}


def test_TC_C_17_CS_an_invalid_token_from_the_cache_suspends_the_transaction(rig: Rig) -> None:
    later = refused_later(rig, stop="false", energy_wh="0")
    assert "SuspendedEVSE" in {event.transaction_info.charging_state for event in later}
    assert "Ended" not in {event.event_type for event in later}


def test_TC_C_18_CS_an_invalid_token_from_the_cache_ends_the_transaction_whatever_is_left(rig: Rig) -> None:
    assert "Deauthorized" in {event.trigger_reason for event in refused_later(rig, stop="true", energy_wh="500")}
