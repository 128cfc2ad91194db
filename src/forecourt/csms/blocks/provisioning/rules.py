"""Pure rules of provisioning: what fits into one message, when two values are the same, what a station consists of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Connector, Evse, Topology
from forecourt.errors import Invalid

T = TypeVar("T")

MOST_CONNECTORS: Final = 1_000
"""A station that claims more has counted wrong."""

CLOCK_BOUND: Final = timedelta(seconds=60)
"""How far a station's clock may be off before that is worth knowing."""

_FIRST_PAUSE: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Room:
    """How much a station takes in one message; bytes None where it did not say."""

    items: int
    size_bytes: int | None = None


ASSUMED_ITEMS: Final = 10
"""Items per message taken for granted of a station that has not said. Small, since more may be refused."""

_ENVELOPE_BYTES: Final = 100
"""A message around its items, generously."""


def in_messages(
    items: Iterable[T], room: Room, *, size_of: Callable[[T], int], same: Callable[[T], Hashable]
) -> list[tuple[T, ...]]:
    """`items` in order, in as few messages as the station takes (B05.FR.11, B06.FR.05).

    Two that are the `same` never share a message (B05.FR.13). One that is too big alone is sent alone: the station decides.
    """
    messages: list[tuple[T, ...]] = []
    current: list[T] = []
    keys: set[Hashable] = set()
    used_bytes = _ENVELOPE_BYTES
    for item in items:
        size_bytes, key = size_of(item), same(item)
        too_big = room.size_bytes is not None and used_bytes + size_bytes > room.size_bytes
        if current and (len(current) >= max(room.items, 1) or too_big or key in keys):
            messages.append(tuple(current))
            current, keys, used_bytes = [], set(), _ENVELOPE_BYTES
        current.append(item)
        keys.add(key)
        used_bytes += size_bytes
    return [*messages, tuple(current)] if current else messages


def same_value(one: str, other: str, data_type: str = "") -> bool:
    """Whether two values of a variable mean the same: 60 and 60.0, True and true, lists with and without spaces.

    What the type is may be unknown. The order of a MemberList means nothing, that of any other list does.
    """
    one, other = one.strip(), other.strip()
    if one == other:
        return True
    if data_type == "boolean" or {one.lower(), other.lower()} == {"true"} or {one.lower(), other.lower()} == {"false"}:
        return one.lower() == other.lower()
    if data_type in ("", "integer", "decimal"):
        left, right = _number(one), _number(other)
        if left is not None and right is not None:
            return left == right
    if data_type in ("", "MemberList", "SequenceList", "string"):
        left_parts, right_parts = _parts(one), _parts(other)
        return set(left_parts) == set(right_parts) if data_type == "MemberList" else left_parts == right_parts
    return False


def pause_after(failures: int) -> timedelta:
    """How long to leave a station alone after so many failures in a row."""
    return min(_FIRST_PAUSE * int(2 ** min(failures, 20)), _LONGEST_PAUSE)


def clock_is_off(said_at: datetime, now: datetime) -> bool:
    """Whether a station's clock is too far from ours, going by when it says it is now."""
    return abs(said_at - now) > CLOCK_BOUND


def grown(known: Topology | None, connectors: int) -> Topology | None:
    """The topology of a station that has `connectors` numbered connectors at least; None if `known` says so already.

    Only what was learned like this before grows; a topology that someone has drawn is left as it is.
    """
    if not 1 <= connectors <= MOST_CONNECTORS:
        return None
    if known is None:
        return Topology.flat_default(connectors)
    if connectors <= len(known.flat) or known != Topology.flat_default(len(known.evses)):
        return None
    return Topology.flat_default(connectors)


def topology_of(evses: Iterable[int], connectors: Mapping[tuple[int, int], str]) -> Topology | None:
    """The topology that components show: EVSE ids, and each connector's EVSE and number with its type, empty if unknown.

    An EVSE of which no connector is shown has one, since every EVSE has. None if nothing usable is shown.
    """
    numbers: dict[int, list[Connector]] = {evse_id: [] for evse_id in sorted({*evses, *(e for e, _ in connectors)})}
    for (evse_id, connector_id), kind in sorted(connectors.items()):
        if connector_id >= 1:
            numbers[evse_id].append(Connector(ConnectorId(connector_id), kind or None))
    shown = tuple(
        Evse(EvseId(evse_id), tuple(found) or (Connector(ConnectorId(1)),))
        for evse_id, found in numbers.items()
        if 1 <= evse_id <= MOST_CONNECTORS
    )
    if not shown:
        return None
    try:
        return Topology(shown)
    except Invalid:
        return None


def _number(value: str) -> Decimal | None:
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _parts(value: str) -> Sequence[str]:
    return [part.strip() for part in value.split(",")]
