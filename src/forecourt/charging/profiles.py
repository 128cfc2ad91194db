"""The charging profiles a station has: installing, replacing, finding, clearing.

`Profiles` is a value; each verb gives the next one. Both ends use it: the station for what it has, the management
system for what it believes the station has. It is kept in the order of profile ids, so that equal contents are equal
whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto

from forecourt.charging.ids import STATION, EvseId, ProfileId, TransactionId
from forecourt.charging.profile_rules import Station, wrong_for_start, wrong_here, wrong_in_itself
from forecourt.charging.profile_verdicts import ProfileVerdict
from forecourt.charging.schedule import Carried, Installed, Kind, Profile, Purpose

PERSISTENT = frozenset({Purpose.CHARGING_STATION_MAX, Purpose.TX_DEFAULT, Purpose.PRIORITY_CHARGING})
"""Purposes that survive a reboot (K01.FR.27); 1.6 wants all of them kept (errata 3.37)."""

NOT_OF_CSMS = frozenset({Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS, Purpose.LOCAL_GENERATION})
"""Purposes that ClearChargingProfile passes over (K10.FR.04, 08, 09)."""

_OF_TRANSACTION = frozenset({Purpose.TX, Purpose.TX_DEFAULT, Purpose.PRIORITY_CHARGING})
"""Purposes of which one overrules the others, so that they never combine."""


class SameLevel(Enum):
    """What happens to another profile of the same purpose and stack level at the same place."""

    REFUSE = auto()
    """2.x: the new one is a duplicate (K01.FR.06, 39, 52, 53)."""
    REPLACE = auto()
    """1.6: the new one takes its place (3.13.2, 5.16.3); one for an EVSE stands beside one for the station (3.13.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Which profiles are meant.

    Those for which all that is not None agrees (K09.FR.03 to 06, K10.FR.04; 1.6 errata 3.25).
    """

    profile_ids: frozenset[ProfileId] | None = None
    evse_id: EvseId | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None
    sources: frozenset[str] | None = None

    def match(self, one: Installed) -> bool:
        return (
            (self.profile_ids is None or one.profile.profile_id in self.profile_ids)
            and (self.evse_id is None or one.evse_id == self.evse_id)
            and (self.purpose is None or one.profile.purpose is self.purpose)
            and (self.stack_level is None or one.profile.stack_level == self.stack_level)
            and (self.sources is None or one.source in self.sources)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleUpdate:
    """ChargingScheduleUpdate: new values for the one period of a dynamic profile; None leaves a value as it is."""

    limit: Decimal | None = None
    limit_l2: Decimal | None = None
    limit_l3: Decimal | None = None
    discharge_limit: Decimal | None = None
    setpoint: Decimal | None = None
    carried: Carried | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict and the profiles after it, which are the same as before unless it was accepted."""

    verdict: ProfileVerdict
    profiles: Profiles
    replaced: tuple[ProfileId, ...] = ()


@dataclass(frozen=True, slots=True)
class Profiles:
    """What is installed, in the order of ids. Begin with `Profiles()`."""

    installed: tuple[Installed, ...] = ()

    def install(
        self,
        new: Installed,
        station: Station,
        *,
        now: datetime,
        from_csms: bool = True,
        before_start: bool = False,
        same_level: SameLevel = SameLevel.REFUSE,
    ) -> Outcome:
        """SetChargingProfile, or with `from_csms` false a limit of an external system (K11, K27, K29).

        With `before_start` it came along with a remote start, for the transaction that `started` will name (K05.FR.02,
        05).
        """
        profile = new.profile
        wrong = (
            (wrong_for_start(profile) if before_start else None)
            or wrong_in_itself(profile, from_csms=from_csms)
            or wrong_here(profile, new.evse_id, station, from_csms=from_csms, before_start=before_start)
        )
        if wrong is not None:
            return Outcome(wrong, self)
        return self._admit(new, station, now, from_csms, same_level)

    def started(self, evse_id: EvseId, transaction_id: TransactionId) -> Profiles:
        """The transaction on an EVSE has its id: a profile that waited for it is bound to it."""

        def bound(one: Installed) -> Installed:
            waits = one.profile.purpose is Purpose.TX and one.profile.transaction_id is None
            if not (waits and one.evse_id == evse_id):
                return one
            return replace(one, profile=replace(one.profile, transaction_id=transaction_id))

        return Profiles(tuple(bound(one) for one in self.installed))

    def ended(self, evse_id: EvseId, transaction_id: TransactionId) -> Profiles:
        """A TxProfile ends with its transaction (K02.FR.05)."""
        return self._without(
            lambda one: (
                one.profile.purpose is Purpose.TX
                and one.evse_id == evse_id
                and one.profile.transaction_id in (None, transaction_id)
            )
        )

    def reconnected(self, offline_since: datetime, now: datetime) -> Profiles:
        """Online again: what being offline has made invalid for good is dropped, all else counts again (K01.FR.102)."""

        def gone(one: Installed) -> bool:
            longest_s = one.profile.max_offline_s
            if longest_s is None or not one.profile.invalid_after_offline:
                return False
            return now - offline_since > timedelta(seconds=longest_s)

        return self._without(gone)

    def matching(self, criteria: Criteria) -> tuple[Installed, ...]:
        return tuple(one for one in self.installed if criteria.match(one))

    def cleared(self, criteria: Criteria) -> tuple[Profiles, tuple[ProfileId, ...]]:
        """ClearChargingProfile.

        What is left, and what is gone; nothing gone is answered Unknown (K10.FR.01, 08, 09).
        """
        gone = tuple(
            one.profile.profile_id
            for one in self.matching(criteria)
            if one.profile.purpose not in NOT_OF_CSMS
        )  # fmt: skip
        return self._without(lambda one: one.profile.profile_id in gone), gone

    def updated(self, profile_id: ProfileId, update: ScheduleUpdate, *, now: datetime) -> Outcome:
        """New values for a dynamic profile (K28.FR.06 to 14, K29.FR.05, 06).

        They come with UpdateDynamicSchedule, as the answer to a pull, or from an external system.
        """
        present = next((one for one in self.installed if one.profile.profile_id == profile_id), None)
        if present is None:
            return Outcome(ProfileVerdict.UNKNOWN_PROFILE, self)
        if present.profile.kind is not Kind.DYNAMIC:
            return Outcome(ProfileVerdict.NOT_DYNAMIC, self)  # K28.FR.11, 12
        (schedule,) = present.profile.schedules
        (period,) = schedule.periods
        period = replace(
            period,
            limit=_newer(update.limit, period.limit),
            limit_l2=_newer(update.limit_l2, period.limit_l2),
            limit_l3=_newer(update.limit_l3, period.limit_l3),
            discharge_limit=_newer(update.discharge_limit, period.discharge_limit),
            setpoint=_newer(update.setpoint, period.setpoint),
            carried=period.carried if update.carried is None else update.carried,
        )
        changed = replace(present.profile, schedules=(replace(schedule, periods=(period,)),), updated_at=now)
        wrong = wrong_in_itself(changed, from_csms=False)
        if wrong is not None:
            return Outcome(wrong, self)
        return Outcome(ProfileVerdict.ACCEPTED, self._with(replace(present, profile=changed), ()))

    def _admit(
        self, new: Installed, station: Station, now: datetime, from_csms: bool, same_level: SameLevel
    ) -> Outcome:
        """What the other profiles say to one that is right in itself."""
        profile = new.profile
        others = [one for one in self.installed if one.profile.profile_id != profile.profile_id]
        same_id = [one for one in self.installed if one.profile.profile_id == profile.profile_id]
        external = Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS
        if from_csms and any(one.profile.purpose is external for one in same_id):
            return Outcome(ProfileVerdict.EXTERNAL_CONSTRAINTS_NOT_REPLACEABLE, self)  # K01.FR.05
        displaced: list[Installed] = []
        if same_level is SameLevel.REPLACE:
            displaced = [one for one in others if _same_place(one, new)]
            others = [one for one in others if one not in displaced]
        elif any(_duplicates(one, new) for one in others):
            return Outcome(ProfileVerdict.DUPLICATE_PROFILE, self)
        if any(_phases_conflict(one, new) for one in others):
            return Outcome(ProfileVerdict.PHASE_CONFLICT, self)  # K01.FR.141
        most = station.capabilities.most_profiles
        if most is not None and len(others) >= most:
            return Outcome(ProfileVerdict.TOO_MANY_PROFILES, self)
        if profile.kind is Kind.DYNAMIC and profile.updated_at is None:
            new = replace(new, profile=replace(profile, updated_at=now))  # K28.FR.05
        replaced = tuple(one.profile.profile_id for one in (*same_id, *displaced))
        return Outcome(ProfileVerdict.ACCEPTED, self._with(new, displaced), replaced)

    def _with(self, new: Installed, displaced: Iterable[Installed]) -> Profiles:
        """With `new` in place of what has its id (K01.FR.05), and without what it displaces."""
        gone = {one.profile.profile_id for one in (new, *displaced)}
        kept = [one for one in self.installed if one.profile.profile_id not in gone]
        return Profiles(tuple(sorted([*kept, new], key=lambda one: one.profile.profile_id)))

    def _without(self, gone: Callable[[Installed], bool]) -> Profiles:
        return Profiles(tuple(one for one in self.installed if not gone(one)))


def _newer(new: Decimal | None, old: Decimal | None) -> Decimal | None:
    return old if new is None else new


def _same_place(one: Installed, other: Installed) -> bool:
    """Of one purpose, stack level and EVSE, and if they are for transactions, possibly for the same one."""
    mine, theirs = one.profile, other.profile
    return (
        mine.purpose is theirs.purpose
        and mine.stack_level == theirs.stack_level
        and one.evse_id == other.evse_id
        and (None in (mine.transaction_id, theirs.transaction_id) or mine.transaction_id == theirs.transaction_id)
    )


def _duplicates(one: Installed, other: Installed) -> bool:
    """Whether both could lead at the same moment, which is not allowed."""
    mine, theirs = one.profile, other.profile
    if _same_place(one, other):
        return mine.purpose is Purpose.TX or _overlap(mine, theirs)  # K01.FR.39, K01.FR.06
    # K01.FR.52, 53: a default for the station and one for an EVSE exclude each other at the same level.
    return (
        mine.purpose is theirs.purpose is Purpose.TX_DEFAULT
        and mine.stack_level == theirs.stack_level
        and one.evse_id != other.evse_id
        and STATION in (one.evse_id, other.evse_id)
    )


def _overlap(one: Profile, other: Profile) -> bool:
    def begins_before_end_of(first: Profile, second: Profile) -> bool:
        return first.valid_from is None or second.valid_to is None or first.valid_from < second.valid_to

    return begins_before_end_of(one, other) and begins_before_end_of(other, one)


def _phases_conflict(one: Installed, other: Installed) -> bool:
    """Whether both name a phase, not the same, and may be combined (Part 2 K 3.8).

    Which periods run together is not looked at: for a relative schedule nobody can tell.
    """
    mine, theirs = one.profile, other.profile
    together = STATION in (one.evse_id, other.evse_id) or one.evse_id == other.evse_id
    combine = mine.purpose is not theirs.purpose and not {mine.purpose, theirs.purpose} <= _OF_TRANSACTION
    if not (together and combine and _overlap(mine, theirs)):
        return False
    return len(_phases(mine) | _phases(theirs)) > 1 and bool(_phases(mine)) and bool(_phases(theirs))


def _phases(profile: Profile) -> set[int]:
    return {
        period.phase_to_use
        for schedule in profile.schedules
        for period in schedule.periods
        if period.phase_to_use is not None
    }
