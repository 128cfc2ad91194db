"""What a station knows of charging profiles, and what of it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from forecourt.charging.ids import EvseId, ProfileId, TransactionId
from forecourt.charging.profile_rules import Capabilities, EvseFacts
from forecourt.charging.profile_rules import Station as Facts
from forecourt.charging.profiles import Profiles
from forecourt.charging.quantities import MOST_PHASES
from forecourt.charging.schedule import Installed, OperationMode, Profile, Purpose, RateUnit, Schedule
from forecourt.charging.topology import Place
from forecourt.clock import Timer
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name, table
from forecourt.station.hardware.interface import Needs
from forecourt.station.storage import Shelf

CONTROLLER: Final = "SmartChargingCtrlr"
INSTALLED: Final = Name(CONTROLLER, "Entries", "ChargingProfiles")
_NO_PROFILES: Final = Profiles()
_NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})

PROFILES: Shelf[Installed] = Shelf("charging_profiles", Installed)


class Charging:
    """The profiles of one station and what depends on them. Nothing in it is changed in place, so that the many stations
    without profiles share what is empty.

    `delays_s` are the random delays of running transactions (K01.FR.93); `priority` says where priority charging is on; `told`
    the limits of others that were last told; `asked_at` when dynamic profiles were last asked for (K28.FR.10); `needs` what the vehicles have
    said they need, as it is or will be told (K15), `offered` what they may choose from.
    """

    __slots__ = (
        "asked_at",
        "delays_s",
        "needs",
        "offered",
        "priority",
        "priority_told",
        "profiles",
        "pull_timer",
        "timer",
        "told",
    )

    def __init__(self, station: Station) -> None:
        self.profiles = _NO_PROFILES
        self.timer: Timer | None = None
        self.delays_s: Mapping[EvseId, Mapping[ProfileId, Sequence[int]]] = _NOTHING
        self.priority: frozenset[EvseId] = frozenset()
        self.priority_told: frozenset[EvseId] = frozenset()
        self.told: Mapping[ProfileId, Installed] = _NOTHING
        self.asked_at: Mapping[ProfileId, datetime] = _NOTHING
        self.pull_timer: Timer | None = None
        self.needs: Mapping[EvseId, NeedsTold] = _NOTHING
        self.offered: Mapping[EvseId, Offered] = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilesReport:
    """ReportChargingProfiles: what is installed at one place by one source, as a part of what was asked for."""

    request_id: int
    evse_id: EvseId
    source: str
    installed: tuple[Installed, ...]
    more: bool
    triggered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSet:
    """NotifyChargingLimit (K11, K12, K27): somebody else than the management system limits charging, or with `adds` gives
    more than the grid does."""

    evse_id: EvseId
    source: str
    adds: bool
    schedule: Schedule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCleared:
    """ClearedChargingLimit (K13)."""

    evse_id: EvseId
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsTold:
    """NotifyEVChargingNeeds (K15, K17). `late` says that it could not be told at once."""

    evse_id: EvseId
    needs: Needs
    at: datetime
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The schedules of a profile as a vehicle was offered them, from `at` on, in the order of the profile; `chosen` is the index of
    the one it follows."""

    profile: Profile
    at: datetime
    schedules: tuple[Schedule, ...]
    chosen: int = 0

    def index(self, schedule_id: int) -> int | None:
        """Where a schedule that was offered stands in the profile."""
        ids = [schedule.schedule_id for schedule in self.profile.schedules]
        return ids.index(schedule_id) if any(one.schedule_id == schedule_id for one in self.schedules) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTaken:
    """NotifyEVChargingSchedule (K15.FR.19): the schedule that the vehicle follows, from `at` on, and which one it chose."""

    evse_id: EvseId
    at: datetime
    schedule: Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityChanged:
    """NotifyPriorityCharging (K21, K22)."""

    transaction_id: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """PullDynamicScheduleUpdate (K28.FR.10)."""

    profile_id: ProfileId


def modes(station: Station) -> tuple[str, ...]:
    """V2XChargingCtrlr.SupportedOperationModes."""
    two_way = any(bay.built.bidirectional for bay in station.bays.values())
    return ("ChargingOnly", "CentralSetpoint", "Idle") if two_way else ("ChargingOnly",)


def transfer_modes(station: Station) -> tuple[str, ...]:
    """V2XChargingCtrlr.SupportedEnergyTransferModes."""
    found = set()
    for bay in station.bays.values():
        kind = "DC" if bay.built.direct else "AC_three_phase" if bay.built.phases == MOST_PHASES else "AC_single_phase"
        found |= {kind, "DC_BPT" if bay.built.direct else "AC_BPT"} if bay.built.bidirectional else {kind}
    return tuple(sorted(found))


def facts(station: Station, *, needs_transaction_id: bool) -> Facts:
    """What the rules for profiles want to know of this station."""
    model = station.model

    def supports(what: str) -> bool:
        return model.flag(CONTROLLER, f"Supports{what}")

    can = Capabilities(
        rate_units=frozenset(map(RateUnit, model.members(CONTROLLER, "RateUnit"))),
        highest_stack_level=model.integer(CONTROLLER, "ProfileStackLevel"),
        most_profiles=int(table()[INSTALLED].maximum or 0),
        most_periods=model.integer(CONTROLLER, "PeriodsPerSchedule"),
        purposes=frozenset(map(Purpose, model.members(CONTROLLER, "SupportedAdditionalPurposes"))),
        operation_modes=frozenset(map(OperationMode, modes(station))),
        max_external_constraints_id=model.integer(CONTROLLER, "MaxExternalConstraintsId"),
        dynamic=supports("DynamicProfiles"),
        local_time=supports("UseLocalTime"),
        randomized_delay=supports("RandomizedDelay"),
        limit_at_soc=supports("LimitAtSoC"),
        max_offline=supports("MaxOfflineDuration"),
        needs_transaction_id=needs_transaction_id,
    )
    evses = {
        evse_id: EvseFacts(
            supply=bay.built.supply,
            transaction_id=None if bay.transaction is None else TransactionId(bay.transaction.id),
            # A vehicle that is connected to one phase is connected to the first.
            phase_in_use=1,
            drops_phases=bay.built.drops_phases,
        )
        for evse_id, bay in station.bays.items()
    }
    return Facts(capabilities=can, evses=evses)


COMPUTED: Final[Mapping[Name, Callable[[Station, Place], str]]] = MappingProxyType(
    {
        INSTALLED: lambda station, place: str(len(station.part(Charging).profiles.installed)),
        Name("V2XChargingCtrlr", "Enabled"): lambda station, place: str(len(modes(station)) > 1).lower(),
        Name("V2XChargingCtrlr", "SupportedOperationModes"): lambda station, place: ",".join(modes(station)),
        Name("V2XChargingCtrlr", "SupportedEnergyTransferModes"): lambda station, place: ",".join(
            transfer_modes(station)
        ),
    }
)
