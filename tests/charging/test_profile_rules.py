from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from forecourt.charging.ids import STATION, EvseId, ProfileId, TransactionId
from forecourt.charging.profile_rules import (
    ALLOWED_MODES,
    Capabilities,
    EvseFacts,
    Station,
    wrong_for_start,
    wrong_here,
    wrong_in_itself,
)
from forecourt.charging.profile_verdicts import REASON_CODES
from forecourt.charging.profile_verdicts import ProfileVerdict as V
from forecourt.charging.rates import Supply
from forecourt.charging.schedule import (
    Kind,
    LimitAtSoc,
    OperationMode,
    Period,
    Profile,
    Purpose,
    RateUnit,
    Recurrency,
    Schedule,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
E1, E2, DC = EvseId(1), EvseId(2), EvseId(3)
TX = TransactionId("tx")
PERIOD = Period(start_s=0, limit=Decimal(16))
SCHEDULE = Schedule(schedule_id=1, unit=RateUnit.A, periods=(PERIOD,), start=NOW)
GOOD = Profile(
    profile_id=ProfileId(10), stack_level=0, purpose=Purpose.TX_DEFAULT, kind=Kind.ABSOLUTE, schedules=(SCHEDULE,)
)
DYNAMIC = replace(GOOD, kind=Kind.DYNAMIC, schedules=(replace(SCHEDULE, start=None),))
OF_TX = replace(GOOD, purpose=Purpose.TX, transaction_id=TX)
CAN_ALL = Capabilities(
    highest_stack_level=5,
    most_periods=3,
    purposes=frozenset({Purpose.PRIORITY_CHARGING, Purpose.LOCAL_GENERATION}),
    operation_modes=frozenset(OperationMode),
    max_external_constraints_id=0,
    dynamic=True,
    local_time=True,
    randomized_delay=True,
    limit_at_soc=True,
    max_offline=True,
)
EVSES = {
    E1: EvseFacts(supply=Supply(Decimal(230)), transaction_id=TX),
    E2: EvseFacts(supply=Supply(Decimal(230), phases=1), phase_in_use=1, drops_phases=False),
    DC: EvseFacts(supply=Supply(Decimal(400), direct=True)),
}
STATION_FACTS = Station(capabilities=CAN_ALL, evses=EVSES)


def with_period(profile: Profile = GOOD, **fields: Any) -> Profile:
    (schedule,) = profile.schedules
    return replace(profile, schedules=(replace(schedule, periods=(replace(PERIOD, **fields),)),))


def with_schedule(profile: Profile = GOOD, **fields: Any) -> Profile:
    return replace(profile, schedules=(replace(profile.schedules[0], **fields),))


def starting(*starts_s: int) -> Profile:
    return with_schedule(periods=tuple(replace(PERIOD, start_s=start_s) for start_s in starts_s))


@pytest.mark.parametrize(
    "profile",
    [
        GOOD,
        OF_TX,
        DYNAMIC,
        replace(DYNAMIC, update_interval_s=60, updated_at=NOW),
        replace(GOOD, kind=Kind.RECURRING, recurrency=Recurrency.DAILY),
        with_schedule(replace(GOOD, kind=Kind.RELATIVE), start=None),
        starting(0, 10, 20),
        with_period(number_phases=1, phase_to_use=3),
        with_period(operation_mode=OperationMode.IDLE, limit=None, evse_sleep=True),
        with_period(operation_mode=OperationMode.CENTRAL_SETPOINT, limit=None, setpoint=Decimal(-500)),
        with_period(setpoint=Decimal(16), discharge_limit=Decimal(-1)),
        with_period(setpoint=Decimal(-1), discharge_limit=Decimal(-1)),
        with_period(OF_TX, limit_l2=Decimal(1), limit_l3=Decimal(2)),
        with_schedule(randomized_delay_s=60, duration_s=1),
        replace(GOOD, valid_from=NOW, valid_to=NOW + timedelta(seconds=1)),
        replace(GOOD, purpose=Purpose.CHARGING_STATION_MAX),
        replace(GOOD, purpose=Purpose.PRIORITY_CHARGING),
        replace(OF_TX, schedules=(SCHEDULE,) * 3),
    ],
)
def test_a_profile_that_keeps_the_rules_is_right_in_itself(profile: Profile) -> None:
    assert wrong_in_itself(profile, from_csms=True) is None


WRONG_IN_ITSELF = [
    (replace(GOOD, schedules=()), V.NO_SCHEDULE),
    (replace(OF_TX, schedules=(SCHEDULE,) * 4), V.TOO_MANY_SCHEDULES),
    (replace(GOOD, stack_level=-1), V.STACK_LEVEL_NEGATIVE),
    (replace(GOOD, valid_from=NOW, valid_to=NOW), V.VALIDITY_EMPTY),
    (replace(GOOD, kind=Kind.RECURRING), V.RECURRENCY_MISSING),
    (replace(GOOD, recurrency=Recurrency.WEEKLY), V.RECURRENCY_NOT_RECURRING),
    (
        with_schedule(replace(GOOD, purpose=Purpose.CHARGING_STATION_MAX, kind=Kind.RELATIVE), start=None),
        V.MAX_PROFILE_RELATIVE,
    ),
    (replace(GOOD, transaction_id=TX), V.TRANSACTION_ID_OF_OTHER_PURPOSE),
    (replace(GOOD, update_interval_s=60), V.DYNAMIC_FIELD_IN_OTHER_KIND),
    (replace(GOOD, updated_at=NOW), V.DYNAMIC_FIELD_IN_OTHER_KIND),
    (with_schedule(periods=()), V.NO_PERIODS),
    (starting(1), V.FIRST_PERIOD_NOT_AT_ZERO),
    (starting(0, 20, 10), V.PERIODS_OUT_OF_ORDER),
    (starting(0, 20, 20), V.PERIODS_OUT_OF_ORDER),
    (with_schedule(duration_s=0), V.DURATION_NOT_POSITIVE),
    (with_schedule(start=None), V.START_SCHEDULE_MISSING),
    (
        with_schedule(replace(GOOD, kind=Kind.RECURRING, recurrency=Recurrency.DAILY), start=None),
        V.START_SCHEDULE_MISSING,
    ),
    (replace(GOOD, kind=Kind.RELATIVE), V.START_SCHEDULE_IN_RELATIVE),
    (
        with_schedule(DYNAMIC, periods=(PERIOD, replace(PERIOD, start_s=1))),
        V.DYNAMIC_NOT_ONE_PERIOD,
    ),
    (replace(DYNAMIC, schedules=DYNAMIC.schedules * 2), V.DYNAMIC_NOT_ONE_PERIOD),
    (with_schedule(replace(GOOD, purpose=Purpose.PRIORITY_CHARGING), duration_s=60), V.PRIORITY_WITH_DURATION),
    (
        with_schedule(replace(GOOD, purpose=Purpose.CHARGING_STATION_MAX), randomized_delay_s=1),
        V.RANDOMIZED_DELAY_NOT_ALLOWED,
    ),
    (with_period(limit=None), V.LIMIT_MISSING),
    (with_period(setpoint=Decimal(17)), V.SETPOINT_OUTSIDE_LIMITS),
    (
        with_period(
            operation_mode=OperationMode.CENTRAL_SETPOINT,
            limit=None,
            setpoint=Decimal(-750),
            discharge_limit=Decimal(-500),
        ),
        V.SETPOINT_OUTSIDE_LIMITS,
    ),
    (with_period(number_phases=0), V.NUMBER_OF_PHASES_OUT_OF_RANGE),
    (with_period(number_phases=4), V.NUMBER_OF_PHASES_OUT_OF_RANGE),
    (with_period(number_phases=1, phase_to_use=4), V.PHASE_TO_USE_OUT_OF_RANGE),
    (with_period(phase_to_use=1), V.PHASE_TO_USE_OF_SEVERAL_PHASES),
    (with_period(number_phases=3, phase_to_use=1), V.PHASE_TO_USE_OF_SEVERAL_PHASES),
    (with_period(limit_l2=Decimal(1)), V.LIMITS_PER_PHASE_NOT_ALLOWED),
    (
        with_period(OF_TX, operation_mode=OperationMode.EXTERNAL_LIMITS, limit=None, limit_l3=Decimal(1)),
        V.LIMITS_PER_PHASE_NOT_ALLOWED,
    ),
    (with_period(evse_sleep=True), V.EVSE_SLEEP_NOT_IDLE),
    (with_period(operation_mode=OperationMode.IDLE), V.IDLE_WITH_VALUES),
    (with_period(operation_mode=OperationMode.IDLE, limit=None, setpoint=Decimal(1)), V.IDLE_WITH_VALUES),
    (
        with_period(operation_mode=OperationMode.IDLE, limit=None, carried=(("setpoint_reactive", "1"),)),
        V.IDLE_WITH_VALUES,
    ),
    (
        with_period(replace(GOOD, purpose=Purpose.PRIORITY_CHARGING), operation_mode=OperationMode.IDLE),
        V.PRIORITY_NOT_CHARGING_ONLY,
    ),
    (
        with_period(replace(GOOD, purpose=Purpose.LOCAL_GENERATION), operation_mode=OperationMode.EXTERNAL_SETPOINT),
        V.OPERATION_MODE_NOT_ALLOWED,
    ),
]


@pytest.mark.parametrize(("profile", "verdict"), WRONG_IN_ITSELF)
def test_a_profile_that_breaks_a_rule_is_refused_by_its_name(profile: Profile, verdict: V) -> None:
    assert wrong_in_itself(profile, from_csms=True) is verdict


def test_K01_FR_95_an_external_system_may_delay_its_constraints_at_random() -> None:
    external = with_schedule(
        replace(GOOD, purpose=Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS), randomized_delay_s=60
    )
    assert wrong_in_itself(external, from_csms=False) is None


def test_K01_FR_111_to_113_each_purpose_has_its_operation_modes() -> None:
    assert ALLOWED_MODES.keys() == set(Purpose)
    assert ALLOWED_MODES[Purpose.CHARGING_STATION_MAX] == {OperationMode.CHARGING_ONLY}
    assert all(OperationMode.CHARGING_ONLY in modes for modes in ALLOWED_MODES.values())


@pytest.mark.parametrize(
    ("profile", "evse_id"),
    [
        (GOOD, E1),
        (GOOD, STATION),
        (OF_TX, E1),
        (replace(GOOD, purpose=Purpose.CHARGING_STATION_MAX), STATION),
        (replace(GOOD, purpose=Purpose.PRIORITY_CHARGING), E1),
        (DYNAMIC, E1),
        (replace(starting(0, 1, 2), stack_level=5), E1),
        (with_period(number_phases=1), E1),
        (with_period(number_phases=3), E2),  # K01.FR.45
        (with_period(number_phases=1, phase_to_use=1), E2),
    ],
)
def test_a_profile_that_the_station_can_take_is_not_wrong_here(profile: Profile, evse_id: EvseId) -> None:
    assert wrong_here(profile, evse_id, STATION_FACTS, from_csms=True) is None


NOTHING_SPECIAL = replace(STATION_FACTS, capabilities=Capabilities())
ONLY_WATTS = replace(STATION_FACTS, capabilities=replace(CAN_ALL, rate_units=frozenset({RateUnit.W})))


@pytest.mark.parametrize(
    ("profile", "evse_id", "station", "verdict"),
    [
        (
            replace(GOOD, purpose=Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS),
            E1,
            STATION_FACTS,
            V.EXTERNAL_CONSTRAINTS_FROM_CSMS,
        ),
        (replace(GOOD, profile_id=ProfileId(0)), E1, STATION_FACTS, V.PROFILE_ID_RESERVED),
        (replace(GOOD, purpose=Purpose.PRIORITY_CHARGING), E1, NOTHING_SPECIAL, V.UNSUPPORTED_PURPOSE),
        (replace(GOOD, purpose=Purpose.LOCAL_GENERATION), E1, NOTHING_SPECIAL, V.UNSUPPORTED_PURPOSE),
        (DYNAMIC, E1, NOTHING_SPECIAL, V.UNSUPPORTED_KIND),
        (replace(GOOD, stack_level=6), E1, STATION_FACTS, V.STACK_LEVEL_TOO_HIGH),
        (replace(GOOD, max_offline_s=60), E1, NOTHING_SPECIAL, V.OFFLINE_VALIDITY_UNSUPPORTED),
        (GOOD, E1, ONLY_WATTS, V.UNSUPPORTED_RATE_UNIT),
        (starting(0, 1, 2, 3), E1, STATION_FACTS, V.TOO_MANY_PERIODS),
        (with_schedule(use_local_time=True), E1, NOTHING_SPECIAL, V.LOCAL_TIME_UNSUPPORTED),
        (with_schedule(randomized_delay_s=1), E1, NOTHING_SPECIAL, V.RANDOMIZED_DELAY_UNSUPPORTED),
        (
            with_schedule(limit_at_soc=LimitAtSoc(soc_percent=80, limit=Decimal(1))),
            E1,
            NOTHING_SPECIAL,
            V.LIMIT_AT_SOC_UNSUPPORTED,
        ),
        (with_period(operation_mode=OperationMode.IDLE), E1, NOTHING_SPECIAL, V.OPERATION_MODE_UNSUPPORTED),
        (GOOD, EvseId(9), STATION_FACTS, V.UNKNOWN_EVSE),
        (OF_TX, EvseId(9), STATION_FACTS, V.UNKNOWN_EVSE),
        (replace(GOOD, purpose=Purpose.CHARGING_STATION_MAX), E1, STATION_FACTS, V.MAX_PROFILE_ON_EVSE),
        (OF_TX, STATION, STATION_FACTS, V.TX_PROFILE_ON_STATION),
        (OF_TX, E2, STATION_FACTS, V.TX_PROFILE_WITHOUT_TRANSACTION),
        (replace(OF_TX, transaction_id=None), E1, STATION_FACTS, V.TX_PROFILE_WITHOUT_TRANSACTION_ID),
        (
            replace(OF_TX, transaction_id=TransactionId("gone")),
            E1,
            STATION_FACTS,
            V.TX_PROFILE_OF_UNKNOWN_TRANSACTION,
        ),
        (with_period(number_phases=3), DC, STATION_FACTS, V.PHASES_OF_DC),
        (with_period(number_phases=1, phase_to_use=1), DC, STATION_FACTS, V.PHASES_OF_DC),
        (with_period(number_phases=1, phase_to_use=2), E2, STATION_FACTS, V.PHASE_NOT_SWITCHABLE),
        (with_period(number_phases=1, phase_to_use=2), STATION, STATION_FACTS, V.PHASE_NOT_SWITCHABLE),
    ],
)
def test_a_profile_that_the_station_cannot_take_is_refused_by_the_reason(
    profile: Profile, evse_id: EvseId, station: Station, verdict: V
) -> None:
    assert wrong_here(profile, evse_id, station, from_csms=True) is verdict


def test_an_external_system_may_use_reserved_ids_and_constraints() -> None:
    external = replace(
        GOOD, profile_id=ProfileId(-1), purpose=Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS
    )  # fmt: skip
    assert wrong_here(external, STATION, STATION_FACTS, from_csms=False) is None


def test_what_is_not_known_of_a_station_refuses_nothing() -> None:
    assert wrong_here(replace(starting(*range(1000)), stack_level=99), E1, NOTHING_SPECIAL, from_csms=True) is None
    negative = replace(GOOD, profile_id=ProfileId(-5))
    assert wrong_here(negative, E1, NOTHING_SPECIAL, from_csms=True) is None


def test_in_1_6_a_TxProfile_without_a_transaction_id_is_for_the_transaction_that_runs() -> None:
    station = replace(STATION_FACTS, capabilities=replace(CAN_ALL, needs_transaction_id=False))
    assert wrong_here(replace(OF_TX, transaction_id=None), E1, station, from_csms=True) is None


def test_K01_FR_43_fewer_phases_are_refused_where_they_cannot_be_assured() -> None:
    evses = {E1: replace(EVSES[E1], drops_phases=False)}
    station = replace(STATION_FACTS, evses=evses)
    assert wrong_here(with_period(number_phases=2), E1, station, from_csms=True) is V.PHASES_NOT_ASSURED
    assert wrong_here(with_period(number_phases=3), E1, station, from_csms=True) is None


def test_K01_FR_46_a_phase_may_be_chosen_where_it_can_be_switched() -> None:
    station = replace(STATION_FACTS, evses={E1: replace(EVSES[E1], switches_phase=True)})
    assert wrong_here(with_period(number_phases=1, phase_to_use=2), E1, station, from_csms=True) is None


def test_K01_FR_54_phases_of_a_DC_EVSE_count_where_its_input_can_be_chosen() -> None:
    station = replace(STATION_FACTS, evses={DC: replace(EVSES[DC], dc_phases=True)})
    assert wrong_here(with_period(number_phases=1, phase_to_use=2), DC, station, from_csms=True) is None


def test_K05_FR_02_a_remote_start_takes_a_TxProfile_without_transaction_id() -> None:
    waiting = replace(OF_TX, transaction_id=None)
    assert wrong_for_start(waiting) is None
    assert wrong_for_start(GOOD) is V.NOT_A_TX_PROFILE
    assert wrong_for_start(OF_TX) is V.TRANSACTION_ID_BEFORE_START
    assert wrong_here(waiting, E2, STATION_FACTS, from_csms=True, before_start=True) is None
    assert wrong_here(waiting, STATION, STATION_FACTS, from_csms=True, before_start=True) is V.TX_PROFILE_ON_STATION


def test_every_verdict_but_accepted_has_a_reason_code_of_the_specification() -> None:
    assert REASON_CODES.keys() == set(V) - {V.ACCEPTED}
    assert set(REASON_CODES.values()) <= {
        "DuplicateProfile",
        "InvalidOperationMode",
        "InvalidProfile",
        "InvalidProfileId",
        "InvalidSchedule",
        "InvalidStackLevel",
        "MissingParam",
        "NoPhaseForDC",
        "PhaseConflict",
        "TooManyElements",
        "TxNotFound",
        "UnknownEvse",
        "UnsupportedKind",
        "UnsupportedParam",
        "UnsupportedPurpose",
        "UnsupportedRateUnit",
    }
    assert (V.ACCEPTED.accepted, V.ACCEPTED.reason_code) == (True, "")
    assert (V.UNKNOWN_EVSE.accepted, V.UNKNOWN_EVSE.reason_code) == (False, "UnknownEvse")
