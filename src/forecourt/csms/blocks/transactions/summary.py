"""What everything a station said about a transaction amounts to.

A function of the set of events and readings: in whichever order they arrived, and however often, the summary is the same.
So it is reckoned anew whenever something other than one more reading comes in, and from the whole record at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from forecourt.charging.connector_state import ChargingState
from forecourt.charging.limits import TRIGGER_REASONS, confirmed
from forecourt.charging.tokens import StopRight, Verdict, right_to_stop
from forecourt.csms.blocks.transactions.figures import Energy, Known, cost_of
from forecourt.csms.blocks.transactions.model import (
    STOP_AUTHORIZED,
    Fact,
    JudgedToken,
    LimitsData,
    Remark,
    What,
)
from forecourt.csms.blocks.transactions.numbering import SeqNos
from forecourt.csms.blocks.transactions.record import STATION, SUCCESSOR, Summary
from forecourt.csms.blocks.transactions.timeline import Timeline, in_order

_LOCAL: Final = "Local"
_OTHER: Final = "Other"
_KIND_OF_TRIGGER: Final = {reason: kind for kind, reason in TRIGGER_REASONS.items()}


def summarize(events: Collection[Fact], known: Known) -> Summary:
    """The summary. There has to be an event."""
    facts = sorted(events, key=in_order)
    begin = next((fact for fact in facts if fact.what is What.STARTED), None)
    end = next((fact for fact in reversed(facts) if fact.what is What.ENDED), None)
    timeline = Timeline.of(facts)
    remarks = _remarks(timeline, begin, end, known.superseded)
    over = end is not None or known.superseded
    ended_at = end.at if end is not None else _last_heard(timeline, known) if known.superseded else None
    charging_s, idle_s = _durations(timeline, ended_at if end is None else timeline.of_fact(end), remarks)
    token = _token(facts)
    stop = next((one for fact in reversed(facts) if _stops(fact) and (one := fact.details.token) is not None), None)
    seen = SeqNos()
    for fact in facts:
        if fact.seq_no >= 0:
            seen.add(fact.seq_no)
    told = _limits_told(facts)
    energy = Energy.of(timeline, known, over)
    trail = {"record": remarks, **energy.trail}
    return Summary(
        evse_id=_latest(facts, "evse_id"),
        connector_id=_latest(facts, "connector_id"),
        provider_id=None if token is None else token.provider_id,
        token_id=None if token is None else token.token_id,
        token_value="" if token is None else token.value,
        token_key="" if token is None else token.token.key,
        token_kind="" if token is None else token.kind,
        token_group="" if token is None else token.group,
        verdict="" if token is None else token.verdict,
        verdict_reason="" if token is None else token.reason,
        charging_state=next((fact.charging_state for fact in reversed(facts) if fact.charging_state), ""),
        started_at=(begin or facts[0]).at,
        last_at=timeline.moments[-1],
        ended_at=ended_at,
        ended_by=STATION if end is not None else SUCCESSOR if known.superseded else "",
        stop_reason=(end.details.stop_reason or _LOCAL) if end is not None else _OTHER if known.superseded else "",
        stop_token="" if stop is None else stop.value,
        stop_right="" if stop is None else _right(stop, token).value,
        register_begin_wh=energy.begin_wh,
        register_end_wh=energy.end_wh,
        energy_imported_wh=energy.imported_wh,
        energy_exported_wh=energy.exported_wh,
        charging_s=charging_s,
        idle_s=idle_s,
        cost=cost_of(energy.imported_wh, "" if token is None else token.verdict, known.price_per_kwh),
        remote_start_id=_latest(facts, "remote_start_id"),
        reservation_id=_latest(facts, "reservation_id"),
        offline=any(fact.offline for fact in facts),
        local_cost=any(fact.details.local_cost for fact in facts),
        first_seq_no=seen.lowest,
        last_seq_no=seen.highest,
        missing=tuple(seen.missing),
        limits_told=told,
        limits_confirmed=_confirmed(facts, known),
        limits_reached=_reached(facts, known.asked),
        trail=trail,
    )


def _last_heard(timeline: Timeline, known: Known) -> datetime:
    readings = [values[0].at for values in timeline.in_our_time(known.readings or ())]
    return max([*timeline.moments, *readings])


def _remarks(timeline: Timeline, begin: Fact | None, end: Fact | None, superseded: bool) -> list[dict[str, Any]]:
    remarks: list[dict[str, Any]] = []
    facts = timeline.facts
    if begin is None:
        remarks.append({"remark": Remark.BEGIN_NOT_HEARD.name})
    if superseded and end is None:
        remarks.append({"remark": Remark.STOP_LOST.name})
    astray = timeline.astray
    if astray:
        remarks.append({"remark": Remark.CLOCK_ASTRAY.name, "detail": astray[0].at.isoformat(), "count": len(astray)})
    tokens = {one.token.key for fact in facts if not _stops(fact) and (one := fact.details.token) is not None}
    if len(tokens) > 1:
        remarks.append({"remark": Remark.FURTHER_TOKEN.name, "count": len(tokens)})
    said: dict[str, dict[str, Any]] = {}
    for fact in facts:
        if name := fact.details.remark:
            if name in said:
                said[name]["count"] = said[name].get("count", 1) + 1
            else:
                said[name] = {"remark": name, "detail": fact.details.remark_detail}
    return [*remarks, *said.values()]


def _durations(
    timeline: Timeline, ended_at: datetime | None, remarks: list[dict[str, Any]]
) -> tuple[int | None, int | None]:
    """How long energy was transferred, and how long not; both unknown where no state was ever told."""
    facts, moments = timeline.facts, timeline.moments
    total = timedelta()
    charging_since: datetime | None = None
    last = moments[-1] if ended_at is None else ended_at
    for fact, at in zip(facts, moments, strict=True):
        if fact.charging_state:
            if charging_since is not None:
                total += at - charging_since
            charging_since = at if fact.charging_state == ChargingState.CHARGING else None
    if charging_since is not None:
        total += max(last - charging_since, timedelta())
    said = next((fact.time_spent_s for fact in reversed(facts) if fact.time_spent_s is not None), None)
    if said is not None:
        remarks.append({"remark": Remark.TIME_SAID_BY_STATION.name, "detail": str(int(total.total_seconds()))})
    elif not any(fact.charging_state for fact in facts):
        return None, None
    charging_s = int(total.total_seconds()) if said is None else said
    whole_s = int(max(last - timeline.began, timedelta()).total_seconds())
    return charging_s, max(whole_s - charging_s, 0)


def stops(trigger: str, what: What) -> bool:
    """Whether a token that comes along was presented to end the authorization."""
    return trigger == STOP_AUTHORIZED or what is What.ENDED


def _stops(fact: Fact) -> bool:
    return stops(fact.trigger, fact.what)


def _token(facts: Sequence[Fact]) -> JudgedToken | None:
    """The token it is charged on: the first that was accepted, else the first that was presented.

    One that came to stop is it only where a station has told no other, and did not say that it stops.
    """
    presented = [(fact, one) for fact in facts if (one := fact.details.token) is not None]
    started = [one for fact, one in presented if not _stops(fact)] or [
        one for fact, one in presented if fact.trigger != STOP_AUTHORIZED
    ]
    accepted = (one for one in started if one.verdict == Verdict.ACCEPTED)
    return next(accepted, started[0] if started else None)


def _right(stop: JudgedToken, started: JudgedToken | None) -> StopRight:
    """By which right the token that ended the transaction might (E07.FR.01, C09.FR.03, C16.FR.01)."""
    return right_to_stop(
        stop.token,
        verdict=Verdict(stop.verdict),
        group=stop.group_token,
        started_by=None if started is None else started.token,
        started_group=None if started is None else started.group_token,
        master_group=stop.group_token if stop.master_pass else None,
    )


def _latest(facts: Sequence[Fact], name: str) -> int | None:
    for fact in reversed(facts):
        value: int | None = getattr(fact.details, name)
        if value is not None:
            return value
    return None


def _limits_told(facts: Sequence[Fact]) -> LimitsData | None:
    """The limits the station has said it observes; a later word about one replaces the earlier (E16.FR.01, 17)."""
    told: dict[str, Any] = {}
    for fact in facts:
        if (limits := fact.details.limits) is not None:
            told.update(
                {name: value for name, value in msgspec.structs.asdict(limits).items() if value not in (None, "")}
            )
    return LimitsData(**told) if told else None


def _confirmed(facts: Sequence[Fact], known: Known) -> tuple[str, ...]:
    """Which of the limits we want are set, since the station has repeated them (E16.FR.03).

    What it said before we wanted them, or says of the time it was offline (E16.FR.18), repeats nothing.
    """
    wanted, since = known.wanted, known.wanted_at
    if wanted is None or since is None:
        return ()
    told = _limits_told([fact for fact in facts if fact.received_at >= since and not fact.offline])
    if told is None:
        return ()
    currency = told.currency if wanted.cost is None else wanted.cost.currency
    return tuple(sorted(kind.value for kind in confirmed(wanted, told.in_currency(currency))))


def _reached(facts: Sequence[Fact], asked: Collection[str]) -> tuple[str, ...]:
    """E16.FR.05, 06: what the station said it has reached, and what we asked it to stop for."""
    said = {_KIND_OF_TRIGGER[fact.trigger].value for fact in facts if fact.trigger in _KIND_OF_TRIGGER}
    return tuple(sorted(said | set(asked)))
