from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.ids import STATION, EvseId, ProfileId, TransactionId
from forecourt.charging.profile_rules import Capabilities, EvseFacts, Station
from forecourt.charging.profile_verdicts import ProfileVerdict as V
from forecourt.charging.profiles import PERSISTENT, Criteria, Outcome, Profiles, SameLevel, ScheduleUpdate
from forecourt.charging.rates import Supply
from forecourt.charging.schedule import Installed, Kind, OperationMode, Period, Profile, Purpose, RateUnit, Schedule

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
E1, E2 = EvseId(1), EvseId(2)
TX = TransactionId("tx")
FACTS = EvseFacts(supply=Supply(Decimal(230)), transaction_id=TX, switches_phase=True)
ALL_PURPOSES = frozenset({Purpose.PRIORITY_CHARGING, Purpose.LOCAL_GENERATION})
HERE = Station(
    capabilities=Capabilities(purposes=ALL_PURPOSES, dynamic=True, max_offline=True, most_profiles=6),
    evses={E1: FACTS, E2: replace(FACTS, transaction_id=None)},
)


def made(number: int, purpose: Purpose = Purpose.TX_DEFAULT, evse_id: EvseId = E1, **fields: Any) -> Installed:
    period = Period(start_s=0, limit=Decimal(16), number_phases=fields.pop("phases", None), phase_to_use=fields.pop("phase", None))  # fmt: skip
    kind = fields.pop("kind", Kind.ABSOLUTE)
    schedule = Schedule(schedule_id=1, unit=RateUnit.A, periods=(period,), start=NOW if kind is Kind.ABSOLUTE else None)
    if purpose is Purpose.TX:
        fields.setdefault("transaction_id", TX)
    profile = Profile(
        profile_id=ProfileId(number),
        stack_level=fields.pop("level", 0),
        purpose=purpose,
        kind=kind,
        schedules=(schedule,),
        **fields,
    )
    return Installed(profile=profile, evse_id=evse_id)


def installed(*ones: Installed, into: Profiles | None = None, **how: Any) -> Profiles:
    profiles = into or Profiles()
    for one in ones:
        outcome = profiles.install(one, HERE, now=NOW, **how)
        assert outcome.verdict is V.ACCEPTED, outcome.verdict
        profiles = outcome.profiles
    return profiles


def ids(profiles: Profiles) -> list[int]:
    return [one.profile.profile_id for one in profiles.installed]


def attempt(new: Installed, *present: Installed, **how: Any) -> Outcome:
    return installed(*present).install(new, HERE, now=NOW, **how)


def test_K01_FR_05_a_profile_with_a_known_id_is_replaced_wherever_it_was() -> None:
    before = installed(made(1), made(2, level=1))
    outcome = before.install(made(1, Purpose.CHARGING_STATION_MAX, STATION), HERE, now=NOW)
    assert (outcome.verdict, outcome.replaced) == (V.ACCEPTED, (1,))
    assert [one.evse_id for one in outcome.profiles.installed] == [STATION, E1]
    assert ids(before) == [1, 2]


def test_K01_FR_05_constraints_of_an_external_system_are_not_replaced_by_the_CSMS_but_by_that_system() -> None:
    external = made(5, Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS, STATION)
    present = installed(external, from_csms=False)
    outcome = present.install(made(5), HERE, now=NOW)
    assert (outcome.verdict, outcome.profiles) == (V.EXTERNAL_CONSTRAINTS_NOT_REPLACEABLE, present)
    assert ids(installed(external, into=present, from_csms=False)) == [5]


def test_a_profile_that_is_wrong_changes_nothing() -> None:
    present = installed(made(1))
    for wrong, verdict in (
        (made(2, level=-1), V.STACK_LEVEL_NEGATIVE),
        (made(2, evse_id=EvseId(9)), V.UNKNOWN_EVSE),
        (made(2), V.DUPLICATE_PROFILE),
    ):
        outcome = present.install(wrong, HERE, now=NOW)
        assert (outcome.verdict, outcome.profiles, outcome.replaced) == (verdict, present, ())


DUPLICATES = [
    (made(1), made(2)),
    (made(1), made(2, evse_id=STATION)),  # K01.FR.52
    (made(1, evse_id=STATION), made(2)),  # K01.FR.53
    (made(1, valid_to=NOW), made(2, evse_id=STATION, valid_from=NOW)),  # K01.FR.52 knows no validity
    (made(1, valid_to=NOW + HOUR), made(2, valid_from=NOW)),
    (made(1, Purpose.TX), made(2, Purpose.TX)),  # K01.FR.39
    (made(1, Purpose.TX, valid_to=NOW), made(2, Purpose.TX, valid_from=NOW)),
    (made(1, Purpose.CHARGING_STATION_MAX, STATION), made(2, Purpose.CHARGING_STATION_MAX, STATION)),
    (made(1, Purpose.PRIORITY_CHARGING), made(2, Purpose.PRIORITY_CHARGING)),
]
NO_DUPLICATES = [
    (made(1), made(2, level=1)),
    (made(1), made(2, evse_id=E2)),
    (made(1), made(2, Purpose.TX)),
    (made(1, level=1, evse_id=STATION), made(2)),
    (made(1, valid_to=NOW), made(2, valid_from=NOW)),
    (made(1, valid_from=NOW), made(2, valid_to=NOW)),
    (made(1, Purpose.PRIORITY_CHARGING), made(2, Purpose.PRIORITY_CHARGING, STATION)),
]


@pytest.mark.parametrize(("present", "new"), DUPLICATES)
def test_K01_FR_06_39_52_53_no_two_profiles_may_lead_at_the_same_time(present: Installed, new: Installed) -> None:
    assert attempt(new, present).verdict is V.DUPLICATE_PROFILE
    assert attempt(present, new).verdict is V.DUPLICATE_PROFILE


@pytest.mark.parametrize(("present", "new"), NO_DUPLICATES)
def test_profiles_that_cannot_lead_together_stand_side_by_side(present: Installed, new: Installed) -> None:
    assert ids(installed(present, new)) == ids(installed(new, present)) == [1, 2]


@pytest.mark.parametrize(
    ("present", "new", "left"),
    [
        (made(1), made(2), [2]),
        (made(1, valid_to=NOW), made(2, valid_from=NOW), [2]),
        (made(1), made(2, evse_id=STATION), [1, 2]),
        (made(1), made(2, level=1), [1, 2]),
        (made(1, Purpose.TX, transaction_id=None), made(2, Purpose.TX), [2]),
        (made(1, Purpose.TX), made(2, Purpose.TX, transaction_id=None), [2]),
    ],
)
def test_in_1_6_a_profile_of_the_same_purpose_and_level_takes_the_place_of_the_other(
    present: Installed, new: Installed, left: list[int]
) -> None:
    station = replace(HERE, capabilities=replace(HERE.capabilities, needs_transaction_id=False))
    before = Profiles().install(present, station, now=NOW).profiles
    outcome = before.install(new, station, now=NOW, same_level=SameLevel.REPLACE)
    assert outcome.verdict is V.ACCEPTED
    assert ids(outcome.profiles) == left
    assert outcome.replaced == ((1,) if left == [2] else ())


def test_a_station_takes_so_many_profiles_and_a_replacement_always() -> None:
    full = installed(*(made(number, level=number) for number in range(6)))
    assert full.install(made(9, level=9), HERE, now=NOW).verdict is V.TOO_MANY_PROFILES
    assert full.install(made(3, level=9), HERE, now=NOW).verdict is V.ACCEPTED
    unbounded = replace(HERE, capabilities=Capabilities())
    assert full.install(made(9, level=9), unbounded, now=NOW).verdict is V.ACCEPTED


def test_in_1_6_what_is_displaced_makes_room_and_no_longer_conflicts() -> None:
    full = installed(made(0, phases=1, phase=1), *(made(number, level=number) for number in range(1, 6)))
    new = made(9, phases=1, phase=2)
    assert full.install(new, HERE, now=NOW, same_level=SameLevel.REPLACE).verdict is V.ACCEPTED
    tight = replace(HERE, capabilities=replace(HERE.capabilities, most_profiles=5))
    elsewhere = made(9, evse_id=E2)
    assert full.install(elsewhere, tight, now=NOW, same_level=SameLevel.REPLACE).verdict is V.TOO_MANY_PROFILES


ONE: dict[str, Any] = {"phases": 1, "phase": 1}
TWO: dict[str, Any] = {"phases": 1, "phase": 2}
MAX_ON_1 = made(1, Purpose.CHARGING_STATION_MAX, STATION, **ONE)


@pytest.mark.parametrize(
    ("present", "new", "verdict"),
    [
        (MAX_ON_1, made(2, Purpose.TX, **TWO), V.PHASE_CONFLICT),
        (made(2, Purpose.TX, **TWO), MAX_ON_1, V.PHASE_CONFLICT),
        (MAX_ON_1, made(2, Purpose.TX, **ONE), V.ACCEPTED),
        (MAX_ON_1, made(2, Purpose.TX), V.ACCEPTED),
        (made(1, **ONE), made(2, Purpose.TX, **TWO), V.ACCEPTED),  # the TxProfile overrules the default
        (made(1, Purpose.LOCAL_GENERATION, E2, **ONE), made(2, **TWO), V.ACCEPTED),
        (made(1, Purpose.LOCAL_GENERATION, **ONE), made(2, **TWO), V.PHASE_CONFLICT),
        (made(1, **ONE), made(2, level=1, **TWO), V.ACCEPTED),  # one leads, not both
        (
            made(1, Purpose.CHARGING_STATION_MAX, STATION, valid_to=NOW, **ONE),
            made(2, valid_from=NOW, **TWO),
            V.ACCEPTED,
        ),
    ],
)
def test_K01_FR_141_phases_that_contradict_each_other_are_refused(
    present: Installed, new: Installed, verdict: V
) -> None:
    assert attempt(new, present).verdict is verdict


def test_K05_a_profile_of_a_remote_start_waits_for_its_transaction() -> None:
    waiting = made(1, Purpose.TX, E2, transaction_id=None)
    assert Profiles().install(waiting, HERE, now=NOW).verdict is V.TX_PROFILE_WITHOUT_TRANSACTION
    outcome = Profiles().install(waiting, HERE, now=NOW, before_start=True)
    assert outcome.verdict is V.ACCEPTED
    refused = Profiles().install(made(1), HERE, now=NOW, before_start=True)
    assert refused.verdict is V.NOT_A_TX_PROFILE
    profiles = installed(made(2), into=outcome.profiles)
    started = profiles.started(E2, TransactionId("new"))
    assert [one.profile.transaction_id for one in started.installed] == ["new", None]
    assert profiles.started(E1, TransactionId("new")) == profiles


def test_K02_FR_05_a_TxProfile_ends_with_its_transaction() -> None:
    profiles = installed(made(1, Purpose.TX), made(2))
    assert ids(profiles.ended(E1, TX)) == [2]
    assert ids(profiles.ended(E1, TransactionId("other"))) == [1, 2]
    assert ids(profiles.ended(E2, TX)) == [1, 2]
    waiting = Profiles().install(made(1, Purpose.TX, transaction_id=None), HERE, now=NOW, before_start=True).profiles
    assert ids(waiting.ended(E1, TX)) == []


@pytest.mark.parametrize(
    ("max_offline_s", "for_good", "left"),
    [(60, True, []), (61, True, []), (3600, True, [1]), (60, False, [1]), (None, True, [1])],
)
def test_K01_FR_102_online_again_a_profile_counts_as_before_unless_it_ended_for_good(
    max_offline_s: int | None, for_good: bool, left: list[int]
) -> None:
    profiles = installed(made(1, max_offline_s=max_offline_s, invalid_after_offline=for_good))
    assert ids(profiles.reconnected(NOW - HOUR, NOW)) == left


MANY = installed(
    made(1),
    made(2, level=1),
    made(3, evse_id=E2),
    made(4, Purpose.CHARGING_STATION_MAX, STATION),
    made(5, Purpose.LOCAL_GENERATION, STATION),
)
MANY = installed(
    replace(made(-1, Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS, STATION), source="EMS"),
    into=MANY,
    from_csms=False,
)


@pytest.mark.parametrize(
    ("criteria", "reported", "cleared"),
    [
        (Criteria(), [-1, 1, 2, 3, 4, 5], (1, 2, 3, 4)),
        (Criteria(profile_ids=frozenset({ProfileId(2), ProfileId(9)})), [2], (2,)),
        (Criteria(evse_id=STATION), [-1, 4, 5], (4,)),
        (Criteria(evse_id=E1), [1, 2], (1, 2)),
        (Criteria(purpose=Purpose.TX_DEFAULT, stack_level=0), [1, 3], (1, 3)),
        (Criteria(purpose=Purpose.TX_DEFAULT, stack_level=0, evse_id=E2), [3], (3,)),
        (Criteria(sources=frozenset({"EMS"})), [-1], ()),
        (Criteria(sources=frozenset({"EMS", "CSO"}), stack_level=1), [2], (2,)),
        (Criteria(purpose=Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS), [-1], ()),  # K10.FR.08
        (Criteria(profile_ids=frozenset({ProfileId(5)})), [5], ()),  # K10.FR.09
        (Criteria(purpose=Purpose.TX), [], ()),
    ],
)
def test_K09_FR_04_to_06_and_K10_FR_04_profiles_are_found_and_cleared_by_all_that_is_named(
    criteria: Criteria, reported: list[int], cleared: tuple[int, ...]
) -> None:
    assert [one.profile.profile_id for one in MANY.matching(criteria)] == reported
    after, gone = MANY.cleared(criteria)
    assert gone == cleared
    assert ids(after) == [number for number in ids(MANY) if number not in cleared]


def test_K28_a_dynamic_profile_is_updated_in_place() -> None:
    profiles = installed(made(1, kind=Kind.DYNAMIC))
    assert profiles.installed[0].profile.updated_at == NOW  # K28.FR.05
    later = NOW + HOUR
    outcome = profiles.updated(ProfileId(1), ScheduleUpdate(limit=Decimal(6), carried=(("x", 1),)), now=later)
    assert outcome.verdict is V.ACCEPTED
    (changed,) = outcome.profiles.installed
    (period,) = changed.profile.schedules[0].periods
    assert (period.limit, period.setpoint, period.carried) == (Decimal(6), None, (("x", 1),))
    assert changed.profile.updated_at == later  # K28.FR.09
    again = outcome.profiles.updated(ProfileId(1), ScheduleUpdate(setpoint=Decimal(5)), now=later)
    (period,) = again.profiles.installed[0].profile.schedules[0].periods
    assert (period.limit, period.setpoint, period.carried) == (Decimal(6), Decimal(5), (("x", 1),))


def test_a_dynamic_profile_keeps_the_moment_of_update_it_came_with() -> None:
    assert installed(made(1, kind=Kind.DYNAMIC, updated_at=NOW - HOUR)).installed[0].profile.updated_at == NOW - HOUR


def test_K28_FR_11_and_12_what_is_not_dynamic_or_not_there_is_not_updated() -> None:
    profiles = installed(made(1))
    for number, verdict in ((1, V.NOT_DYNAMIC), (2, V.UNKNOWN_PROFILE)):
        outcome = profiles.updated(ProfileId(number), ScheduleUpdate(limit=Decimal(6)), now=NOW)
        assert (outcome.verdict, outcome.profiles) == (verdict, profiles)


def test_an_update_that_breaks_a_rule_changes_nothing() -> None:
    profiles = installed(made(1, kind=Kind.DYNAMIC))
    outcome = profiles.updated(ProfileId(1), ScheduleUpdate(setpoint=Decimal(99)), now=NOW)
    assert (outcome.verdict, outcome.profiles) == (V.SETPOINT_OUTSIDE_LIMITS, profiles)


def test_every_field_of_an_update_replaces_its_own() -> None:
    waiting = made(1, Purpose.TX, kind=Kind.DYNAMIC)
    period = replace(
        waiting.profile.schedules[0].periods[0],
        operation_mode=OperationMode.CENTRAL_SETPOINT,
        limit_l2=Decimal(1),
        discharge_limit=Decimal(-9),
    )
    schedule = replace(waiting.profile.schedules[0], periods=(period,))
    station = replace(
        HERE,
        capabilities=replace(HERE.capabilities, operation_modes=frozenset({OperationMode.CENTRAL_SETPOINT})),
    )
    one = replace(waiting, profile=replace(waiting.profile, schedules=(schedule,)))
    profiles = Profiles().install(one, station, now=NOW).profiles
    update = ScheduleUpdate(limit_l2=Decimal(2), limit_l3=Decimal(3), discharge_limit=Decimal(-4), setpoint=Decimal(-1))
    (changed,) = profiles.updated(ProfileId(1), update, now=NOW).profiles.installed[0].profile.schedules[0].periods
    assert (changed.limit, changed.limit_l2, changed.limit_l3) == (Decimal(16), Decimal(2), Decimal(3))
    assert (changed.discharge_limit, changed.setpoint) == (Decimal(-4), Decimal(-1))


def test_K01_FR_27_the_purposes_that_survive_a_reboot() -> None:
    assert {purpose.value for purpose in PERSISTENT} == {
        "ChargingStationMaxProfile",
        "TxDefaultProfile",
        "PriorityCharging",
    }


CANDIDATES = st.lists(
    st.builds(
        made,
        st.integers(1, 4),
        st.sampled_from([Purpose.TX_DEFAULT, Purpose.TX, Purpose.PRIORITY_CHARGING]),
        st.just(E1),
        level=st.integers(0, 2),
    ),
    max_size=4,
    unique_by=lambda one: one.profile.profile_id,
)


@given(CANDIDATES)
def test_profiles_that_do_not_conflict_are_the_same_in_whichever_order_they_came(candidates: list[Installed]) -> None:
    results = []
    for order in permutations(candidates):
        profiles = Profiles()
        verdicts: list[V] = []
        for one in order:
            outcome = profiles.install(one, HERE, now=NOW)
            profiles, verdicts = outcome.profiles, [*verdicts, outcome.verdict]
        results.append((profiles, set(verdicts) <= {V.ACCEPTED}))
    if all(accepted for _, accepted in results):
        assert len({ids(profiles).__repr__() for profiles, _ in results}) == 1
        assert all(profiles == results[0][0] for profiles, _ in results)
    else:
        assert not any(accepted for _, accepted in results)  # a conflict is one in any order


@given(CANDIDATES, st.sampled_from(SameLevel))
def test_whatever_is_installed_no_two_share_purpose_level_and_place(
    candidates: list[Installed], same_level: SameLevel
) -> None:
    profiles = Profiles()
    for one in candidates:
        profiles = profiles.install(one, HERE, now=NOW, same_level=same_level).profiles
    places = [(one.profile.purpose, one.profile.stack_level, one.evse_id) for one in profiles.installed]
    assert len(places) == len(set(places))
    assert ids(profiles) == sorted(ids(profiles))
