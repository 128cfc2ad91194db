"""Whether a charging profile may be installed: every reason against it has a name.

`wrong_in_itself` looks at the profile, `wrong_here` at the station it is meant for. What it conflicts with among the
profiles that are installed is in `profiles`. Rules that the management system alone can check (K01.FR.34: several
schedules only for ISO 15118; K01.FR.142: limits of L2 and L3 only if the vehicle reported them) are not here, nor is
the update rate (K01.FR.56).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, pairwise
from types import MappingProxyType

from forecourt.charging.ids import STATION, EvseId, TransactionId
from forecourt.charging.profile_verdicts import ProfileVerdict as V
from forecourt.charging.rates import Supply
from forecourt.charging.schedule import Kind, OperationMode, Period, Profile, Purpose, RateUnit, Schedule

MOST_SCHEDULES = 3

ALLOWED_MODES: Mapping[Purpose, frozenset[OperationMode]] = MappingProxyType(
    {
        Purpose.CHARGING_STATION_MAX: frozenset({OperationMode.CHARGING_ONLY}),  # K01.FR.111
        Purpose.PRIORITY_CHARGING: frozenset({OperationMode.CHARGING_ONLY}),  # K01.FR.71, 111
        Purpose.LOCAL_GENERATION: frozenset({OperationMode.CHARGING_ONLY, OperationMode.EXTERNAL_LIMITS}),  # K01.FR.113
        Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS: frozenset(  # K01.FR.112
            {OperationMode.CHARGING_ONLY, OperationMode.EXTERNAL_LIMITS, OperationMode.EXTERNAL_SETPOINT}
        ),
        Purpose.TX: frozenset(OperationMode),
        Purpose.TX_DEFAULT: frozenset(OperationMode),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseFacts:
    """What a station knows of an EVSE when a profile for it comes.

    `phase_in_use` is the phase a single-phase connection has; `drops_phases` whether fewer phases than `supply` has can
    be assured (K01.FR.43), `switches_phase` is ACPhaseSwitchingSupported, `dc_phases` DCInputPhaseControl.
    """

    supply: Supply
    transaction_id: TransactionId | None = None
    phase_in_use: int | None = None
    drops_phases: bool = True
    switches_phase: bool = False
    dc_phases: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """SmartChargingCtrlr of a station; for a limit None stands for not known, and refuses nothing.

    Features of 2.1 that are absent are not supported, as the requirements have it.
    """

    rate_units: frozenset[RateUnit] = frozenset(RateUnit)
    highest_stack_level: int | None = None
    most_profiles: int | None = None
    most_periods: int | None = None
    purposes: frozenset[Purpose] = frozenset()
    """SupportedAdditionalPurposes."""
    operation_modes: frozenset[OperationMode] = frozenset()
    """V2XSupportedOperationModes."""
    max_external_constraints_id: int | None = None
    dynamic: bool = False
    local_time: bool = False
    randomized_delay: bool = False
    limit_at_soc: bool = False
    max_offline: bool = False
    needs_transaction_id: bool = True
    """False for 1.6, where the transaction on the connector is meant if none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    capabilities: Capabilities = Capabilities()
    evses: Mapping[EvseId, EvseFacts] = field(default_factory=dict)


def wrong_in_itself(profile: Profile, *, from_csms: bool) -> V | None:
    """The first thing that is wrong with a profile whatever the station; None if nothing is."""
    return next(_faults_of_profile(profile, from_csms), None)


def wrong_here(
    profile: Profile, evse_id: EvseId, station: Station, *, from_csms: bool, before_start: bool = False
) -> V | None:
    """The first thing that is wrong with a profile for this EVSE of this station; None if nothing is.

    With `before_start` the transaction it is for does not run yet (K05).
    """
    faults = chain(
        _unsupported(profile, station.capabilities, from_csms), _misplaced(profile, evse_id, station, before_start)
    )
    return next(faults, None)


def wrong_for_start(profile: Profile) -> V | None:
    """What is wrong with sending a profile along with a remote start (K05.FR.02; the transaction has no id yet)."""
    if profile.purpose is not Purpose.TX:
        return V.NOT_A_TX_PROFILE
    return V.TRANSACTION_ID_BEFORE_START if profile.transaction_id is not None else None


def _faults_of_profile(profile: Profile, from_csms: bool) -> Iterator[V]:
    purpose, kind = profile.purpose, profile.kind
    if not profile.schedules:
        yield V.NO_SCHEDULE
    if len(profile.schedules) > MOST_SCHEDULES:
        yield V.TOO_MANY_SCHEDULES  # K15.FR.07
    if profile.stack_level < 0:
        yield V.STACK_LEVEL_NEGATIVE
    if profile.valid_from is not None and profile.valid_to is not None and profile.valid_from >= profile.valid_to:
        yield V.VALIDITY_EMPTY
    if kind is Kind.RECURRING and profile.recurrency is None:
        yield V.RECURRENCY_MISSING
    if kind is not Kind.RECURRING and profile.recurrency is not None:
        yield V.RECURRENCY_NOT_RECURRING
    if purpose is Purpose.CHARGING_STATION_MAX and kind is Kind.RELATIVE:
        yield V.MAX_PROFILE_RELATIVE  # K01.FR.38
    if purpose is not Purpose.TX and profile.transaction_id is not None:
        yield V.TRANSACTION_ID_OF_OTHER_PURPOSE
    if kind is not Kind.DYNAMIC and (profile.update_interval_s is not None or profile.updated_at is not None):
        yield V.DYNAMIC_FIELD_IN_OTHER_KIND  # K01.FR.122, K28.FR.04
    for schedule in profile.schedules:
        yield from _faults_of_schedule(profile, schedule, from_csms)


def _faults_of_schedule(profile: Profile, schedule: Schedule, from_csms: bool) -> Iterator[V]:
    purpose, kind = profile.purpose, profile.kind
    starts = [period.start_s for period in schedule.periods]
    if not starts:
        yield V.NO_PERIODS
    elif starts[0] != 0:
        yield V.FIRST_PERIOD_NOT_AT_ZERO  # K01.FR.31, K28.FR.02
    if any(later <= earlier for earlier, later in pairwise(starts)):
        yield V.PERIODS_OUT_OF_ORDER  # K01.FR.35
    if schedule.duration_s is not None and schedule.duration_s <= 0:
        yield V.DURATION_NOT_POSITIVE
    if kind in (Kind.ABSOLUTE, Kind.RECURRING) and schedule.start is None:
        yield V.START_SCHEDULE_MISSING  # K01.FR.40
    if kind is Kind.RELATIVE and schedule.start is not None:
        yield V.START_SCHEDULE_IN_RELATIVE  # K01.FR.41
    if kind is Kind.DYNAMIC and (len(profile.schedules) > 1 or len(starts) > 1):
        yield V.DYNAMIC_NOT_ONE_PERIOD  # K28.FR.01, 03
    if purpose is Purpose.PRIORITY_CHARGING and schedule.duration_s is not None:
        yield V.PRIORITY_WITH_DURATION  # K01.FR.70
    # K01.FR.95 binds what comes from the CSMS only: an external system may delay its constraints.
    if from_csms and schedule.randomized_delay_s > 0 and purpose not in (Purpose.TX, Purpose.TX_DEFAULT):
        yield V.RANDOMIZED_DELAY_NOT_ALLOWED
    for period in schedule.periods:
        yield from _faults_of_period(purpose, period)


def _faults_of_period(purpose: Purpose, period: Period) -> Iterator[V]:
    if period.operation_mode not in ALLOWED_MODES[purpose]:
        # K01.FR.71 and 114 name different reason codes.
        priority = purpose is Purpose.PRIORITY_CHARGING
        yield V.PRIORITY_NOT_CHARGING_ONLY if priority else V.OPERATION_MODE_NOT_ALLOWED
    if period.operation_mode is OperationMode.IDLE and _says_how_much(period):
        yield V.IDLE_WITH_VALUES  # Q10.FR.02
    if period.limit is None and period.operation_mode is OperationMode.CHARGING_ONLY:
        yield V.LIMIT_MISSING
    if period.setpoint is not None and (
        (period.limit is not None and period.setpoint > period.limit)
        or (period.discharge_limit is not None and period.setpoint < period.discharge_limit)
    ):
        yield V.SETPOINT_OUTSIDE_LIMITS  # V2X.05
    if period.number_phases is not None and not 1 <= period.number_phases <= 3:
        yield V.NUMBER_OF_PHASES_OUT_OF_RANGE
    if period.phase_to_use is not None:
        if not 1 <= period.phase_to_use <= 3:
            yield V.PHASE_TO_USE_OUT_OF_RANGE
        if period.number_phases != 1:
            yield V.PHASE_TO_USE_OF_SEVERAL_PHASES  # K01.FR.19
    per_phase = period.limit_l2 is not None or period.limit_l3 is not None
    if per_phase and (purpose is not Purpose.TX or period.limit is None):
        yield V.LIMITS_PER_PHASE_NOT_ALLOWED  # K01.FR.143 to 146
    if period.evse_sleep and period.operation_mode is not OperationMode.IDLE:
        # K01.FR.126; an idle EVSE that cannot sleep just does not (Q10.FR.05).
        yield V.EVSE_SLEEP_NOT_IDLE


def _says_how_much(period: Period) -> bool:
    """Whether a limit or a setpoint is there, also of those that are only carried."""
    known = (period.limit, period.limit_l2, period.limit_l3, period.discharge_limit, period.setpoint)
    carried = (name for name, _ in period.carried)
    return any(value is not None for value in known) or any(
        name.startswith(("setpoint", "discharge")) for name in carried
    )


def _unsupported(profile: Profile, can: Capabilities, from_csms: bool) -> Iterator[V]:
    purpose = profile.purpose
    if from_csms:
        if purpose is Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS:
            yield V.EXTERNAL_CONSTRAINTS_FROM_CSMS  # K01.FR.22
        if can.max_external_constraints_id is not None and profile.profile_id <= can.max_external_constraints_id:
            yield V.PROFILE_ID_RESERVED  # K01.FR.81
    if purpose in (Purpose.PRIORITY_CHARGING, Purpose.LOCAL_GENERATION) and purpose not in can.purposes:
        yield V.UNSUPPORTED_PURPOSE  # K01.FR.120
    if profile.kind is Kind.DYNAMIC and not can.dynamic:
        yield V.UNSUPPORTED_KIND  # K01.FR.121
    if can.highest_stack_level is not None and profile.stack_level > can.highest_stack_level:
        yield V.STACK_LEVEL_TOO_HIGH
    if profile.max_offline_s is not None and not can.max_offline:
        yield V.OFFLINE_VALIDITY_UNSUPPORTED  # SupportsMaxOfflineDuration
    for schedule in profile.schedules:
        if schedule.unit not in can.rate_units:
            yield V.UNSUPPORTED_RATE_UNIT  # K01.FR.26
        if can.most_periods is not None and len(schedule.periods) > can.most_periods:
            yield V.TOO_MANY_PERIODS
        if schedule.use_local_time and not can.local_time:
            yield V.LOCAL_TIME_UNSUPPORTED  # K01.FR.123
        if schedule.randomized_delay_s > 0 and not can.randomized_delay:
            yield V.RANDOMIZED_DELAY_UNSUPPORTED  # K01.FR.124
        if schedule.limit_at_soc is not None and not can.limit_at_soc:
            yield V.LIMIT_AT_SOC_UNSUPPORTED  # K01.FR.125
        modes = {period.operation_mode for period in schedule.periods} - {OperationMode.CHARGING_ONLY}
        if modes - can.operation_modes:
            yield V.OPERATION_MODE_UNSUPPORTED  # K01.FR.115


def _misplaced(profile: Profile, evse_id: EvseId, station: Station, before_start: bool) -> Iterator[V]:
    if evse_id == STATION:
        if profile.purpose is Purpose.TX:
            yield V.TX_PROFILE_ON_STATION  # K01.FR.16
        evses = list(station.evses.values())  # K01.FR.14: it has effect on all of them
    elif evse_id in station.evses:
        if profile.purpose is Purpose.CHARGING_STATION_MAX:
            yield V.MAX_PROFILE_ON_EVSE  # K04.FR.03
        evses = [station.evses[evse_id]]
        if profile.purpose is Purpose.TX and not before_start:
            yield from _misdirected(profile, evses[0].transaction_id, station.capabilities)
    else:
        evses = []
        yield V.UNKNOWN_EVSE  # K01.FR.28
    for evse in evses:
        for schedule in profile.schedules:
            for period in schedule.periods:
                yield from _impossible_phases(period, evse)


def _misdirected(profile: Profile, running: TransactionId | None, can: Capabilities) -> Iterator[V]:
    """A TxProfile needs the transaction it is for."""
    if running is None:
        yield V.TX_PROFILE_WITHOUT_TRANSACTION  # K01.FR.09
    elif profile.transaction_id is None:
        if can.needs_transaction_id:
            yield V.TX_PROFILE_WITHOUT_TRANSACTION_ID  # K01.FR.03
    elif profile.transaction_id != running:
        yield V.TX_PROFILE_OF_UNKNOWN_TRANSACTION  # K01.FR.33


def _impossible_phases(period: Period, evse: EvseFacts) -> Iterator[V]:
    wanted = period.phase_to_use
    if evse.supply.direct:
        if (period.number_phases is not None or wanted is not None) and not evse.dc_phases:
            yield V.PHASES_OF_DC  # K01.FR.44, 54
    else:
        # K01.FR.45: more phases than there are is accepted, with the limit on those there are.
        if period.number_phases is not None and period.number_phases < evse.supply.phases and not evse.drops_phases:
            yield V.PHASES_NOT_ASSURED  # K01.FR.43
        if wanted is not None and not evse.switches_phase and wanted != evse.phase_in_use:
            yield V.PHASE_NOT_SWITCHABLE  # K01.FR.48
