"""Which events a change of the record is."""

from __future__ import annotations

import msgspec

from forecourt.charging.limits import TRIGGER_REASONS
from forecourt.csms.blocks.transactions.events import (
    LimitReached,
    LimitSet,
    TransactionCorrected,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)
from forecourt.csms.blocks.transactions.model import Told
from forecourt.csms.blocks.transactions.record import Record, facts_of, plain
from forecourt.csms.store.work import Work

_KIND_OF_TRIGGER = {reason: kind for kind, reason in TRIGGER_REASONS.items()}
# What may change about a transaction that is over without anybody having to reckon anew.
_IMMATERIAL = frozenset({"trail", "last_at", "charging_state", "local_cost", "limits_told"})


def announce(work: Work, before: Record | None, after: Record, told: Told | None) -> None:
    """Announce what has become of a record, and what the event that changed it said about limits."""
    if told is not None:
        _announce_limits(work, before, after, told)
    if before is None:
        work.announce(TransactionStarted(**facts_of(after)))
        if after.ended:
            work.announce(TransactionEnded(**facts_of(after)))
    elif before.ended:
        if _material(before) != _material(after):
            work.announce(TransactionCorrected(**facts_of(after)))
    elif after.ended:
        work.announce(TransactionEnded(**facts_of(after)))
    elif not after.same_for_people(before):
        work.announce(TransactionUpdated(**facts_of(after)))


def announce_limits(work: Work, record: Record) -> None:
    """Announce the limits that we watch from now on."""
    wanted = record.limits_wanted
    work.announce(
        LimitSet(
            organisation_id=record.organisation_id,
            station_id=record.station_id,
            transaction_id=record.id,
            by="csms",
            limits=plain(None if wanted is None else wanted.limits),
        )
    )


def _announce_limits(work: Work, before: Record | None, after: Record, told: Told) -> None:
    if told.details is not None and told.details.limits is not None:
        work.announce(
            LimitSet(
                organisation_id=after.organisation_id,
                station_id=after.station_id,
                transaction_id=after.id,
                by="station",
                limits=plain(told.details.limits.limits),
            )
        )
    kind = _KIND_OF_TRIGGER.get(told.trigger)
    if kind is not None and (before is None or kind.value not in before.limits_reached):
        work.announce(
            LimitReached(
                organisation_id=after.organisation_id,
                station_id=after.station_id,
                transaction_id=after.id,
                by="station",
                kind=kind.value,
            )
        )


def _material(record: Record) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(record).items() if name not in _IMMATERIAL}
