"""Certification cases that are new in 2.1 for stations: smart charging."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from forecourt.charging.ids import EvseId
from forecourt.charging.rates import Cap
from forecourt.charging.schedule import RateUnit
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21
from forecourt.station.device_model.table import Name
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.station.cases.test_station_201_smart import Unit, amount, composite, local_limit, profile, reported
from tests.station.rig import Rig

__all__ = ["unit"]

from tests.station.cases.test_station_201_smart import unit

CONTROLLER = "SmartChargingCtrlr"


@pytest.fixture
def rig() -> Rig:
    return Rig(V21)


def put(rig: Rig, found: v2.ChargingProfile, evse_id: int = 0) -> tuple[str, str | None]:
    """The status, and why not."""
    answer: v2.SetChargingProfileResponse = rig.ask(v2.SetChargingProfile(evse_id=evse_id, charging_profile=found))
    info = answer.status_info
    return answer.status, None if info is UNSET else info.reason_code


def accepted(rig: Rig, found: v2.ChargingProfile, evse_id: int = 0) -> None:
    assert put(rig, found, evse_id) == ("Accepted", None)


def transferring(rig: Rig, vehicle: Vehicle | None = None) -> str:
    """The reusable state EnergyTransferStarted, or with a limit of 0 as far as that comes; the id of the transaction."""
    rig.hardware.plug(vehicle)
    rig.time.advance(2)
    rig.hardware.swipe("TAG001")
    rig.time.advance(15)
    return rig.last(v2.TransactionEvent).transaction_info.transaction_id


def offline(rig: Rig, seconds: float) -> None:
    """The connection is closed, and accepted again after so long."""
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(seconds)
    rig.link.up = True
    rig.time.advance(900)
    assert rig.station.online


def test_TC_K_100_CS_a_profile_that_holds_for_a_while_offline(rig: Rig, unit: Unit) -> None:
    def lasting(limit: int, seconds: int, *, gone: bool) -> v2.ChargingProfile:
        found = profile(((0, limit),), number=2, level=1, unit=unit, kind="Relative")
        return msgspec.structs.replace(found, max_offline_duration=seconds, invalid_after_offline_duration=gone)

    accepted(rig, profile(((0, 6),), number=1, unit=unit, kind="Relative"))
    accepted(rig, lasting(7, 1000, gone=True))
    transferring(rig)
    offline(rig, 1)
    assert composite(rig, unit, 900)[0] == (0, amount(unit, 7))
    offline(rig, 1001)
    assert composite(rig, unit, 900)[0] == (0, amount(unit, 6))
    accepted(rig, lasting(8, 1000, gone=False))
    offline(rig, 1001)
    assert composite(rig, unit, 900)[0] == (0, amount(unit, 8))
    accepted(rig, lasting(9, 0, gone=True))
    offline(rig, 1)
    assert composite(rig, unit, 900)[0] == (0, amount(unit, 6))


def test_TC_K_102_CS_a_limit_from_a_state_of_charge_on(rig: Rig, unit: Unit) -> None:
    at_soc = v2.LimitAtSoC(soc=50, limit=amount(unit, 6))
    accepted(rig, profile(((0, 8),), unit=unit, kind="Relative", schedule_more={"limit_at_so_c": at_soc}))
    vehicle = Vehicle(Model(ac_current_a=32), soc=0.3)
    transferring(rig, vehicle)
    assert composite(rig, unit, 900) == [(0, amount(unit, 8))]
    vehicle.energy_wh = 0.5 * vehicle.model.battery_wh
    assert composite(rig, unit, 900) == [(0, amount(unit, 6))]
    vehicle.energy_wh = 0.4 * vehicle.model.battery_wh
    assert composite(rig, unit, 900) == [(0, amount(unit, 8))]


@pytest.mark.parametrize(("offset", "zone"), [("+02:00", ""), ("", "UTC+2:00")], ids=["TC_K_103_CS", "TC_K_136_CS"])
def test_TC_K_103_CS_TC_K_136_CS_a_schedule_in_local_time(rig: Rig, unit: Unit, offset: str, zone: str) -> None:
    rig.set("ClockCtrlr.TimeOffset", offset)
    rig.set("ClockCtrlr.TimeZone", zone)
    face = rig.time.now() + timedelta(hours=2, minutes=10)
    begin = rig.time.now()
    accepted(rig, profile(unit=unit, start=face, duration=300, schedule_more={"use_local_time": True}))
    x = round((rig.time.now() - begin).total_seconds())
    first, second, *_ = composite(rig, unit, 900, 0)
    assert (first, second) == ((0, local_limit(unit)), (600 - x, amount(unit, 6)))


def test_TC_K_104_CS_what_is_wrong_with_a_profile_for_priority_charging(rig: Rig) -> None:
    lasting = profile(purpose="PriorityCharging", kind="Relative", duration=300)
    assert put(rig, lasting) == ("Rejected", "InvalidSchedule")
    period = v2.ChargingSchedulePeriod(start_period=0, limit=Decimal(6), operation_mode="CentralSetpoint")
    schedule = v2.ChargingSchedule(id=1, charging_rate_unit="A", charging_schedule_period=(period,))
    wanted = msgspec.structs.replace(lasting, id=2, charging_schedule=(schedule,))
    assert put(rig, wanted, 1) == ("Rejected", "InvalidSchedule")


def outlives_a_reset(rig: Rig, wanted: v2.ChargingProfile) -> None:
    accepted(rig, wanted)
    assert rig.ask(v2.Reset(type="Immediate")).status == "Accepted"
    rig.time.advance(10)
    assert "BootNotification" in rig.names()
    assert reported(rig, charging_profile_id=(1, 2)) == [(0, wanted)]


def test_TC_K_105_CS_a_profile_for_the_station_outlives_a_reset(rig: Rig, unit: Unit) -> None:
    most = profile(unit=unit, purpose="ChargingStationMaxProfile", start=rig.time.now(), duration=300)
    outlives_a_reset(rig, most)


def test_a_profile_for_priority_charging_outlives_a_reset(rig: Rig, unit: Unit) -> None:
    """TC_K_129, but without the duration that it gives the profile against K01.FR.70."""
    outlives_a_reset(rig, profile(unit=unit, purpose="PriorityCharging", start=rig.time.now()))


DAY_S = 86_400


def daily(rig: Rig, unit: Unit, periods: tuple[tuple[int, int], ...], delay_s: int = 5760) -> v2.ChargingProfile:
    return profile(
        periods,
        unit=unit,
        kind="Recurring",
        recurrency_kind="Daily",
        start=rig.time.now(),
        duration=DAY_S,
        schedule_more={"randomized_delay": delay_s},
    )


def test_TC_K_106_CS_periods_begin_at_random(rig: Rig, unit: Unit) -> None:
    transaction_id = transferring(rig)
    begin = rig.time.now()
    accepted(rig, daily(rig, unit, ((0, 6), (1, 0), (28_800, 6))))

    def since(begin: datetime) -> int:
        return round((rig.time.now() - begin).total_seconds())

    x = since(begin)
    starts = composite(rig, unit, 134_400)
    assert [limit for _, limit in starts] == [amount(unit, limit) for limit in (6, 0, 6, 0, 6)]
    assert 1 <= starts[1][0] <= 5760 - x
    assert 28_800 - x <= starts[2][0] <= 34_560 - x
    # The second day is delayed as the first: the delays are drawn once for a transaction.
    assert [at for at, _ in starts[3:]] == [at + DAY_S for at, _ in starts[1:3]]
    of_transaction = profile(
        ((0, 3), (9600, 0), (19_200, 2)),
        number=2,
        unit=unit,
        purpose="TxProfile",
        kind="Absolute",
        start=rig.time.now(),
        duration=38_400,
        transaction_id=transaction_id,
        schedule_more={"randomized_delay": 5760},
    )
    later = rig.time.now()
    accepted(rig, of_transaction, 1)
    y = since(later)
    told = composite(rig, unit, 134_400)
    assert [limit for _, limit in told][:4] == [amount(unit, limit) for limit in (3, 0, 2, 6)]
    assert 9600 - y <= told[1][0] <= 15_360 - y
    assert 19_200 - y <= told[2][0] <= 24_960 - y
    # What rises may be told a second late, and what falls a second early.
    assert 0 <= told[3][0] - (38_400 - y) <= 1
    assert 0 <= told[4][0] + since(begin) - DAY_S <= 5762
    assert told[4][1] == 0
    assert told[5][1] == amount(unit, 6)


@pytest.mark.parametrize("purpose", ["ChargingStationMaxProfile", "PriorityCharging", "LocalGeneration"])
def test_TC_K_107_CS_only_profiles_of_transactions_begin_at_random(rig: Rig, purpose: str) -> None:
    def delayed(seconds: int) -> v2.ChargingProfile:
        more = {"randomized_delay": seconds}
        return profile(purpose=purpose, start=rig.time.now(), schedule_more=more)

    assert put(rig, delayed(900)) == ("Rejected", "InvalidSchedule")
    accepted(rig, delayed(0))


def test_TC_K_108_CS_delays_are_others_for_each_transaction(rig: Rig, unit: Unit) -> None:
    accepted(rig, daily(rig, unit, ((0, 0), (28_800, 6))))
    transferring(rig)
    first_asked = rig.time.now()
    (_, first), (first_s, _), *_ = composite(rig, unit, 129_600)
    assert first == 0
    rig.hardware.swipe("TAG001")
    rig.time.advance(3)
    rig.hardware.unplug()
    rig.time.advance(3)
    transferring(rig)
    x = (rig.time.now() - first_asked).total_seconds()
    (_, second), (second_s, _), *_ = composite(rig, unit, 134_400)
    assert second == 0
    assert not first_s - x - 1 <= second_s <= first_s - x + 1


def test_TC_K_109_CS_limits_of_others_have_ids_of_their_own(rig: Rig) -> None:
    rig.set("SmartChargingCtrlr.MaxExternalConstraintsId", "10")
    rig.hardware.restrict(Cap(Decimal(16), RateUnit.A))
    rig.time.advance(2)
    ((_, found),) = reported(rig, charging_profile_purpose="ChargingStationExternalConstraints")
    assert found.id <= 10


def test_TC_K_110_CS_ids_that_are_kept_for_limits_of_others(rig: Rig) -> None:
    rig.set("SmartChargingCtrlr.MaxExternalConstraintsId", "99")
    for number in (99, 50):
        assert put(rig, profile(number=number, start=rig.time.now())) == ("Rejected", "InvalidProfileId")
    accepted(rig, profile(number=100, start=rig.time.now()))


def test_TC_K_112_CS_without_a_transaction_nothing_is_delayed(rig: Rig, unit: Unit) -> None:
    begin = rig.time.now()
    periods = ((0, 6), (3600, 7), (7200, 8))
    accepted(rig, profile(periods, unit=unit, start=begin, schedule_more={"randomized_delay": 1000}))
    x = round((rig.time.now() - begin).total_seconds())
    assert composite(rig, unit, 8000) == [
        (0, amount(unit, 6)),
        (3600 - x, amount(unit, 7)),
        (7200 - x, amount(unit, 8)),
    ]


def use_priority(rig: Rig, transaction_id: str, *, on: bool) -> tuple[str, str | None]:
    answer = rig.ask(v2.UsePriorityCharging(transaction_id=transaction_id, activate=on))
    info = answer.status_info
    return answer.status, None if info is UNSET else info.reason_code


def priority_told(rig: Rig) -> list[tuple[str, bool]]:
    return [(told.transaction_id, told.activated) for told in rig.of(v2.NotifyPriorityCharging)]


def test_TC_K_118_CS_priority_charging_on_request(rig: Rig, unit: Unit) -> None:
    transaction_id = transferring(rig)
    assert use_priority(rig, "unknown", on=True) == ("Rejected", "TxNotFound")
    assert use_priority(rig, transaction_id, on=True) == ("NoProfile", "NotFound")
    accepted(rig, profile(unit=unit, purpose="PriorityCharging", kind="Relative"))
    assert use_priority(rig, transaction_id, on=True) == ("Accepted", None)
    assert priority_told(rig) == [(transaction_id, True)]
    assert use_priority(rig, transaction_id, on=False) == ("Accepted", None)
    assert priority_told(rig) == [(transaction_id, True), (transaction_id, False)]


def test_priority_charging_by_the_button(rig: Rig, unit: Unit) -> None:
    """TC_K_119, but for the limit at its end, which is not to be that of the default profile against K22.FR.04."""
    accepted(rig, profile(unit=unit, level=1, kind="Relative"))
    transaction_id = transferring(rig)
    rig.hardware.hurry()
    rig.time.advance(2)
    assert rig.hardware.shown == ["No priority charging"]
    accepted(rig, profile(((0, 10),), number=2, unit=unit, purpose="PriorityCharging", kind="Relative"))
    rig.hardware.hurry()
    rig.time.advance(2)
    assert priority_told(rig) == [(transaction_id, True)]
    assert composite(rig, unit, 60) == [(0, amount(unit, 10))]
    rig.hardware.hurry(wanted=False)
    rig.time.advance(2)
    assert priority_told(rig)[1:] == [(transaction_id, False)]
    assert composite(rig, unit, 60) == [(0, amount(unit, 6))]


def test_TC_K_120_CS_what_is_generated_locally_is_told(rig: Rig) -> None:
    rig.set("SmartChargingCtrlr.LimitChangeSignificance", "0")
    rig.set("SmartChargingCtrlr.NotifyChargingLimitWithSchedules", "true")
    assert reported(rig, evse_id=1, charging_profile_purpose="LocalGeneration") == []
    rig.hardware.restrict(Cap(Decimal(6), RateUnit.A), evse_id=1, adds=True)
    rig.time.advance(2)

    def told() -> list[tuple[int, str, bool, Decimal]]:
        found = []
        for message in rig.of(v2.NotifyChargingLimit):
            assert isinstance(message.charging_schedule, tuple)
            assert isinstance(message.evse_id, int)
            (schedule,) = message.charging_schedule
            (period,) = schedule.charging_schedule_period
            limit = message.charging_limit
            assert isinstance(period.limit, Decimal)
            local = limit.is_local_generation is True
            found.append((message.evse_id, limit.charging_limit_source, local, period.limit))
        return found

    assert told() == [(1, "EMS", True, Decimal(6))]
    ((evse_id, found),) = reported(rig, evse_id=1, charging_profile_purpose="LocalGeneration")
    assert (evse_id, found.charging_profile_purpose) == (1, "LocalGeneration")
    rig.fresh()
    rig.hardware.restrict(Cap(Decimal(7), RateUnit.A), evse_id=1, adds=True)
    rig.hardware.restrict(Cap(Decimal(16), RateUnit.A), evse_id=1)
    rig.time.advance(2)
    assert told() == [(1, "EMS", True, Decimal(7)), (1, "EMS", False, Decimal(16))]
    # K08.FR.04: it comes on top of what is allowed.
    assert composite(rig, "A", 60) == [(0, Decimal(23))]


def test_TC_K_121_CS_a_dynamic_profile_is_asked_for(rig: Rig, unit: Unit) -> None:
    pulled = v2.ChargingScheduleUpdate(limit=amount(unit, 6))
    answered: list[datetime] = []

    def answer(request: Any) -> v2.PullDynamicScheduleUpdateResponse:
        answered.append(rig.time.now())
        return v2.PullDynamicScheduleUpdateResponse(status="Accepted", schedule_update=pulled)

    rig.answers[v2.PullDynamicScheduleUpdate] = answer
    wanted = profile(
        ((0, 8),),
        number=123,
        unit=unit,
        purpose="ChargingStationMaxProfile",
        kind="Dynamic",
        dyn_update_time=rig.time.now(),
        dyn_update_interval=30,
    )
    accepted(rig, wanted)
    rig.time.advance(30)
    assert rig.last(v2.PullDynamicScheduleUpdate).charging_profile_id == 123
    ((_, found),) = reported(rig, charging_profile_id=(123,))
    assert isinstance(found.dyn_update_time, datetime)
    assert abs((found.dyn_update_time - answered[0]).total_seconds()) < 1
    assert found.charging_schedule[0].charging_schedule_period[0].limit == amount(unit, 6)


def test_TC_K_122_CS_a_dynamic_profile_is_updated(rig: Rig, unit: Unit) -> None:
    def dynamic(number: int, level: int, limit: int, duration: int | None) -> v2.ChargingProfile:
        most = {"purpose": "ChargingStationMaxProfile", "kind": "Dynamic", "duration": duration}
        return profile(((0, limit),), number=number, level=level, unit=unit, **most)  # type: ignore[arg-type]

    def updated() -> datetime:
        new = v2.ChargingScheduleUpdate(limit=amount(unit, 8))
        at = rig.time.now()
        ask = v2.UpdateDynamicSchedule(charging_profile_id=123, schedule_update=new)
        assert rig.ask(ask).status == "Accepted"
        return at

    def told() -> object:
        ((_, found),) = reported(rig, charging_profile_id=(123,))
        return found.dyn_update_time

    accepted(rig, dynamic(122, 0, 6, None))
    at = rig.time.now()
    accepted(rig, dynamic(123, 1, 8, 15))
    assert told() == at
    assert updated() == told()
    rig.time.advance(20)
    assert composite(rig, unit, 900) == [(0, amount(unit, 6))]
    updated()
    assert composite(rig, unit, 900)[0] == (0, amount(unit, 8))


def test_TC_Q_109_CS_a_dynamic_profile_says_when_it_was_updated(rig: Rig, unit: Unit) -> None:
    def told() -> object:
        ((_, found),) = reported(rig, charging_profile_id=(123,))
        return found.dyn_update_time

    at = rig.time.now()
    accepted(rig, profile(((0, 8),), number=123, unit=unit, purpose="ChargingStationMaxProfile", kind="Dynamic"))
    assert told() == at
    at = rig.time.now()
    new = v2.ChargingScheduleUpdate(limit=amount(unit, 8))
    ask = v2.UpdateDynamicSchedule(charging_profile_id=123, schedule_update=new)
    assert rig.ask(ask).status == "Accepted"
    assert told() == at


def test_what_is_wrong_with_a_dynamic_profile(rig: Rig) -> None:
    """TC_K_123 but for its step 10, where a relative profile for the station is to be accepted against K01.FR.38."""
    most: Any = {"purpose": "ChargingStationMaxProfile", "kind": "Dynamic"}
    assert put(rig, profile(((0, 8), (900, 4)), **most))[0] == "Rejected"
    one = profile(((0, 8),), **most)
    two = msgspec.structs.replace(one, charging_schedule=one.charging_schedule * 2)
    assert put(rig, two)[0] == "Rejected"
    assert put(rig, profile(((1, 8),), **most))[0] == "Rejected"
    assert put(rig, profile(kind="Relative", dyn_update_interval=10))[0] == "Rejected"
    accepted(rig, profile(number=123, kind="Relative"))
    new = v2.ChargingScheduleUpdate(limit=Decimal(8))
    assert rig.ask(v2.UpdateDynamicSchedule(charging_profile_id=123, schedule_update=new)).status == "Rejected"


def test_TC_K_124_CS_a_limit_of_others_is_a_dynamic_profile(rig: Rig) -> None:
    ids = set()
    for limit in (6, 7):
        rig.hardware.restrict(Cap(Decimal(limit), RateUnit.A), evse_id=1)
        at = rig.time.now()
        rig.time.advance(2)
        found_here = reported(rig, evse_id=1, charging_profile_purpose="ChargingStationExternalConstraints")
        ((evse_id, found),) = found_here
        assert evse_id == 1
        assert found.charging_profile_kind == "Dynamic"
        (schedule,) = found.charging_schedule
        (period,) = schedule.charging_schedule_period
        assert (period.start_period, period.limit) == (0, Decimal(limit))
        assert found.dyn_update_time == at
        ids.add(found.id)
    assert len(ids) == 1


@pytest.mark.parametrize("purpose", ["PriorityCharging", "LocalGeneration"], ids=["TC_K_130_CS", "TC_K_131_CS"])
def test_TC_K_130_CS_TC_K_131_CS_a_purpose_that_is_not_supported(rig: Rig, purpose: str) -> None:
    wanted = profile(purpose=purpose, start=rig.time.now())
    accepted(rig, wanted)
    rig.station.model.set(Name(CONTROLLER, "SupportedAdditionalPurposes"), "")
    assert put(rig, wanted) == ("Rejected", "UnsupportedPurpose")


UNSUPPORTED = [
    ("SupportsUseLocalTime", {"use_local_time": True}),
    ("SupportsRandomizedDelay", {"randomized_delay": 10}),
    ("SupportsLimitAtSoC", {"limit_at_so_c": v2.LimitAtSoC(soc=80, limit=Decimal(10))}),
]


@pytest.mark.parametrize(("variable", "schedule_more"), UNSUPPORTED, ids=["TC_K_132_CS", "TC_K_133_CS", "TC_K_134_CS"])
def test_TC_K_132_CS_TC_K_133_CS_TC_K_134_CS_a_feature_that_is_not_supported(
    rig: Rig, variable: str, schedule_more: dict[str, Any]
) -> None:
    rig.station.model.set(Name(CONTROLLER, variable), "false")
    wanted = profile(purpose="TxProfile", start=rig.time.now(), schedule_more=schedule_more)
    assert put(rig, wanted) == ("Rejected", "InvalidSchedule")
    default = profile(start=rig.time.now(), schedule_more=schedule_more)
    assert put(rig, default) == ("Rejected", "InvalidSchedule")


def test_TC_K_135_CS_an_EVSE_that_cannot_sleep(rig: Rig) -> None:
    period = v2.ChargingSchedulePeriod(start_period=0, limit=Decimal(6), evse_sleep=True)
    schedule = v2.ChargingSchedule(
        id=1, charging_rate_unit="A", start_schedule=rig.time.now(), charging_schedule_period=(period,)
    )
    wanted = msgspec.structs.replace(profile(purpose="TxProfile"), charging_schedule=(schedule,))
    assert put(rig, wanted) == ("Rejected", "InvalidSchedule")


def test_the_vehicle_follows_local_time_across_a_clock_change(rig: Rig) -> None:
    """K01.FR.91: a schedule of every day at 20:00 is at 20:00 before and after the summer begins (31 March 2030)."""
    rig.set("ClockCtrlr.TimeZone", "Europe/Berlin")
    rig.time.advance((datetime(2030, 3, 30, 18, 0, tzinfo=rig.time.now().tzinfo) - rig.time.now()).total_seconds())
    face = datetime(2030, 3, 1, 20, 0, tzinfo=rig.time.now().tzinfo)
    found = profile(
        ((0, 10),),
        kind="Recurring",
        recurrency_kind="Daily",
        start=face,
        duration=3600,
        schedule_more={"use_local_time": True},
    )
    accepted(rig, found)
    rig.hardware.plug(Vehicle(Model(ac_current_a=32, battery_wh=10_000_000)))
    rig.hardware.swipe("TAG001")
    rig.time.advance(5)
    taken = []
    for _ in range(27 * 60):
        taken.append((rig.time.now(), rig.hardware.measure(EvseId(1)).currents_a[0]))
        rig.time.advance(60)
    low = [at for at, current_a in taken if current_a == 10]
    first, last = low[0], low[-1]
    assert (first.day, first.hour) == (30, 19)
    assert (last.day, last.hour) == (31, 18)


@pytest.mark.parametrize(
    ("variable", "value"), [("TimeOffset", "2"), ("TimeOffset", "+25:00"), ("TimeZone", "Europe/Nowhere")]
)
def test_a_time_that_is_none_is_not_set(rig: Rig, variable: str, value: str) -> None:
    data = v2.SetVariableData(
        component=v2.Component(name="ClockCtrlr"), variable=v2.Variable(name=variable), attribute_value=value
    )
    (result,) = rig.ask(v2.SetVariables(set_variable_data=(data,))).set_variable_result
    assert result.attribute_status == "Rejected"
