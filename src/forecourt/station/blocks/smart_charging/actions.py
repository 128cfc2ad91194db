"""Installing, clearing and reporting charging profiles, and what a composite schedule is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Final

from forecourt.charging.composite import Composite, Options, composite, station_composite
from forecourt.charging.ids import STATION, EvseId, TransactionId
from forecourt.charging.profile_verdicts import ProfileVerdict
from forecourt.charging.profiles import Criteria, Outcome, Profiles, SameLevel
from forecourt.charging.schedule import Installed, Profile, Purpose, RateUnit
from forecourt.charging.timing import Window
from forecourt.station import events
from forecourt.station.blocks.smart_charging import external, needs, priority
from forecourt.station.blocks.smart_charging.dynamic import pull_later
from forecourt.station.blocks.smart_charging.limiting import apply, counting, feed_of, grid_of, situation_of
from forecourt.station.blocks.smart_charging.model import CONTROLLER, Charging, ProfilesReport, facts
from forecourt.station.blocks.smart_charging.store import adopt, load
from forecourt.station.blocks.transactions.model import POWER_PATH_CLOSED
from forecourt.station.core import Station
from forecourt.station.state import Bay

LONGEST_S: Final = 31 * 86_400
"""A composite schedule is told for no longer than this."""
MOST_PERIODS: Final = 1024
"""ChargingSchedule.chargingSchedulePeriod has room for no more."""


def enabled(station: Station) -> bool:
    """K01.FR.29, K05.FR.04: whether there is smart charging at all."""
    return station.model.flag(CONTROLLER, "Enabled")


def install(
    station: Station, profile: Profile, evse_id: EvseId, *, same_level: SameLevel, needs_transaction_id: bool
) -> ProfileVerdict:
    """SetChargingProfile (K01; 1.6, 5.16). It counts from this turn on (K01.FR.07)."""
    part = station.part(Charging)
    outcome = part.profiles.install(
        Installed(profile=profile, evse_id=evse_id),
        facts(station, needs_transaction_id=needs_transaction_id),
        now=station.now(),
        same_level=same_level,
    )
    if outcome.verdict.accepted:
        _draw_delays(station, profile, evse_id)
        adopt(station, outcome.profiles)
        _bind(station)
        _changed(station)
        if evse_id in station.bays:
            needs.offer(station, profile, station.bays[evse_id])
    return outcome.verdict


def check_for_start(station: Station, profile: Profile, evse_id: EvseId) -> ProfileVerdict:
    """Whether a profile may come along with a remote start at this EVSE (K05; 1.6, 5.11)."""
    return _before_start(station, profile, evse_id).verdict


def install_for_start(station: Station, profile: Profile, evse_id: EvseId) -> None:
    """The session it came for begins; what would be refused by now is left out."""
    outcome = _before_start(station, profile, evse_id)
    if outcome.verdict.accepted:
        adopt(station, outcome.profiles)


def clear(station: Station, criteria: Criteria) -> bool:
    """ClearChargingProfile (K10; 1.6, 5.5). Whether there was one."""
    left, gone = station.part(Charging).profiles.cleared(criteria)
    adopt(station, left)
    _changed(station)
    return bool(gone)


def report(station: Station, request_id: int, criteria: Criteria) -> bool:
    """GetChargingProfiles (K09): whether there are any; they follow after the answer, place by place."""
    found = station.part(Charging).profiles.matching(criteria)
    parts = [
        (evse_id, source, tuple(group))
        for (evse_id, source), group in groupby(sorted(found, key=_place), key=_place)
    ]  # fmt: skip

    def tell() -> None:
        for number, (evse_id, source, installed) in enumerate(parts, 1):
            more = number < len(parts)
            station.say(
                ProfilesReport(
                    request_id=request_id, evse_id=evse_id, source=source, installed=installed, more=more
                )
            )  # fmt: skip

    station.later(tell)
    return bool(found)


def expected(
    station: Station, evse_id: EvseId, duration_s: int, unit: RateUnit | None, *, tx_profile_hides_default: bool
) -> Composite | None:
    """GetCompositeSchedule (K08; 1.6, 5.7), or None where it cannot be told (K08.FR.05, 07).

    One that has no end, or too many periods, is told for a shorter time than asked for.
    """
    allowed = station.model.members(CONTROLLER, "RateUnit")
    if duration_s <= 0 or (evse_id != STATION and evse_id not in station.bays):
        return None
    if unit is None:
        unit = RateUnit.W if evse_id != STATION and station.bays[evse_id].built.direct else RateUnit(allowed[0])
    if unit not in allowed:
        return None
    window = Window(station.now(), min(duration_s, LONGEST_S))
    options = Options(unit=unit, tx_profile_hides_default=tx_profile_hides_default)
    installed = counting(station)
    if evse_id == STATION:
        evses = [(feed_of(bay), situation_of(station, bay)) for bay in station.bays.values()]
        found = station_composite(installed, grid_of(station), evses, window, options)
    else:
        bay = station.bays[evse_id]
        found = composite(installed, feed_of(bay), window, situation_of(station, bay), options)
    if len(found.periods) > MOST_PERIODS:
        return replace(found, periods=found.periods[:MOST_PERIODS], duration_s=found.periods[MOST_PERIODS].start_s)
    return found


# What happens.


def on_started(station: Station, event: events.Started) -> None:
    load(station)
    for bay in station.bays.values():
        if bay.transaction is not None:
            _draw_all(station, bay)
    _changed(station)


def on_registered(station: Station, event: events.Registered) -> None:
    external.tell(station)


def on_online(station: Station, event: events.Online) -> None:
    part = station.part(Charging)
    if part.profiles.installed:
        now = station.now()
        adopt(station, part.profiles.reconnected(now - timedelta(seconds=event.offline_s), now))
        _changed(station)
    external.tell(station)
    priority.tell(station)
    needs.tell(station)


def on_offline(station: Station, event: events.Offline) -> None:
    apply(station)


def on_bay_changed(station: Station, event: events.BayChanged) -> None:
    """Who is authorized and connected is ready (K01.FR.42), until the session is over."""
    bay = event.bay
    if bay.authorization is None and bay.transaction is None:
        bay.ready_at = None
        _drop_waiting(station, bay)
    elif POWER_PATH_CLOSED in bay.conditions:
        bay.ready_at = bay.ready_at or station.now()
    apply(station)


def on_transaction_began(station: Station, event: events.TransactionBegan) -> None:
    """A profile that came along with the start belongs to the transaction; random delays are drawn for it (K01.FR.93)."""
    if station.part(Charging).profiles.installed:
        _bind(station)
        _draw_all(station, event.bay)


def on_transaction_ended(station: Station, event: events.TransactionEnded) -> None:
    """K02.FR.05."""
    part, bay = station.part(Charging), event.bay
    part.delays_s = {evse_id: drawn for evse_id, drawn in part.delays_s.items() if evse_id != bay.evse_id}
    part.priority -= {bay.evse_id}
    part.priority_told -= {bay.evse_id}
    bay.ready_at = None
    needs.forget(station, bay)
    _drop_waiting(station, bay)
    apply(station)


def on_variable(station: Station, event: events.VariableChanged) -> None:
    if event.name.component in (CONTROLLER, "ClockCtrlr"):
        apply(station)


def on_clock_set(station: Station, event: events.ClockSet) -> None:
    apply(station)


# Inside.


def _changed(station: Station) -> None:
    """What follows from other profiles than before."""
    apply(station)
    pull_later(station)


def _before_start(station: Station, profile: Profile, evse_id: EvseId) -> Outcome:
    return station.part(Charging).profiles.install(
        Installed(profile=profile, evse_id=evse_id),
        facts(station, needs_transaction_id=False),
        now=station.now(),
        before_start=True,
    )


def _bind(station: Station) -> None:
    """Profiles of a transaction that came without its id are those of the one that runs there."""
    profiles = station.part(Charging).profiles
    for bay in station.bays.values():
        if bay.transaction is not None:
            profiles = profiles.started(bay.evse_id, TransactionId(bay.transaction.id))
    adopt(station, profiles)


def _drop_waiting(station: Station, bay: Bay) -> None:
    """No transaction runs at this EVSE, and none is about to begin: there are no profiles of one."""
    part = station.part(Charging)
    if part.profiles.installed:
        of_others = (
            one
            for one in part.profiles.installed
            if one.profile.purpose is not Purpose.TX or one.evse_id != bay.evse_id
        )
        adopt(station, Profiles(tuple(of_others)))


def _draw_all(station: Station, bay: Bay) -> None:
    for one in station.part(Charging).profiles.installed:
        if one.evse_id in (STATION, bay.evse_id):
            _draw_delays(station, one.profile, bay.evse_id)


def _draw_delays(station: Station, profile: Profile, evse_id: EvseId) -> None:
    """Random delays of a profile for each transaction it concerns (K01.FR.92, 93)."""
    schedule = profile.schedules[0]
    for bay in station.bays.values():
        if bay.transaction is None or evse_id not in (STATION, bay.evse_id):
            continue
        part = station.part(Charging)
        drawn = {
            number: one for number, one in part.delays_s.get(bay.evse_id, {}).items() if number != profile.profile_id
        }
        if schedule.randomized_delay_s > 0:
            drawn[profile.profile_id] = tuple(
                station.random.randint(0, schedule.randomized_delay_s) for _ in schedule.periods[1:]
            )
        part.delays_s = {**part.delays_s, bay.evse_id: drawn}


def _place(one: Installed) -> tuple[EvseId, str]:
    return one.evse_id, one.source
