"""The state of a place (station, EVSE or connector) as it was last heard, what was ordered of it, and the rules of both.

The words are those of 2.x: five states, a charging state, and whether a vehicle is plugged in, which means the same for
every station (`charging.connector_state`). The station's own word is kept beside them. No SQL and no wire here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from forecourt.charging.connector_state import ChargingState, ConnectorState
from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.topology import WHOLE_STATION, Place
from forecourt.csms.stations.commands import Command, ConnectorNumber, EvseNumber
from forecourt.csms.stations.habits.model import Catalogue
from forecourt.csms.stations.habits.table import ROWS
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Store, Work
from forecourt.errors import Invalid

SEEN_AT_MOST_EVERY: Final = timedelta(minutes=1)
"""How often it is written down that a station was heard; in memory it is known at once."""

OLDEST: Final = timedelta(days=30)
"""What claims to be older was not waiting in a queue: its clock is wrong."""

MOST_PLACES: Final = 1_000
"""Of more places of one station nothing is kept: it has counted wrong."""

_FIRST_YEAR: Final = 2
_LAST_YEAR: Final = 9998
_SAME_PACE: Final = timedelta(seconds=5)
_APART: Final = timedelta(seconds=10)


class Notice(msgspec.Struct, frozen=True, gc=False):
    """What a station says about a place. `plugged_in` and `charging` are None where it does not say."""

    place: Place
    state: ConnectorState
    plugged_in: bool | None
    charging: ChargingState | None
    wire_status: str
    at: datetime | None
    """The station's own time; None where it named none."""
    error_code: str = ""
    """Empty when there is no error."""
    vendor_id: str = ""
    vendor_error_code: str = ""
    info: str = ""

    def says_as(self, other: Notice) -> bool:
        """Whether both say the same. What is only told to people (`info`) or of time does not count."""
        return (
            self.state is other.state
            and self.plugged_in is other.plugged_in
            and self.charging is other.charging
            and self.wire_status == other.wire_status
            and self.error_code == other.error_code
            and self.vendor_error_code == other.vendor_error_code
        )


class Condition(msgspec.Struct, frozen=True, gc=False):
    """The latest that is known of a place, when we heard it, and since when it is so."""

    notice: Notice
    received_at: datetime
    since: datetime

    @property
    def moment(self) -> datetime | None:
        """The station's time of it, if that can be right."""
        return moment(self.notice.at, self.received_at)


def instant(at: datetime) -> datetime | None:
    """`at`, unless it is so far off that neither every time zone nor the database can hold it."""
    return at if _FIRST_YEAR <= at.year <= _LAST_YEAR else None


def moment(at: datetime | None, received_at: datetime) -> datetime | None:
    """The station's time to compare with: never later than when we heard it, None where its clock cannot be right."""
    if at is None or at < received_at - OLDEST:
        return None
    return min(at, received_at)


class Pace:
    """Tells an old message of a queue from a fresh one of a clock that was put back.

    Both are older than what is known. Those of a queue come faster than they were made; of a clock put back, time between
    two of them passes as fast as for us. Until there are two the first is taken for an old one.
    """

    __slots__ = ("_behind", "_first")

    def __init__(self) -> None:
        self._behind: timedelta | None = None
        self._first: tuple[datetime, datetime] | None = None

    def is_fresh(self, at: datetime, now: datetime) -> bool:
        """Whether a message that says it is of `at`, before what is known, was made now all the same."""
        behind = now - at
        if self._behind is not None and abs(behind - self._behind) <= _SAME_PACE:
            return True
        first = self._first
        if first is not None and now - first[1] >= _APART and abs((now - first[1]) - (at - first[0])) <= _SAME_PACE:
            self._behind = behind
            return True
        if first is None or now - first[1] >= _APART:
            self._first = at, now
        return False


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """What was last ordered of a place and taken by the station. `request_id` is of the command that waits for it to happen."""

    operative: bool
    at: datetime
    request_id: int | None = None


class Again(msgspec.Struct, frozen=True, gc=False):
    """How often a place was ordered out of use again, and when to do so next."""

    times: int
    at: datetime


class Live:
    """What is remembered of a station: the condition of its places and what was ordered."""

    __slots__ = ("again", "conditions", "pace", "seen_written_at", "unsure", "wanted")

    def __init__(self) -> None:
        self.conditions: dict[Place, Condition] = {}
        self.wanted: dict[Place, Wanted] = {}
        self.again: dict[Place, Again] = {}
        self.pace = Pace()
        self.seen_written_at: datetime | None = None
        self.unsure: set[Place] = set()
        """Places whose condition may not have been committed: what is said of them next is announced, even if it is the same."""


def is_late(live: Live, notice: Notice, now: datetime) -> bool:
    """Whether what a station says is older than what is known, and so changes nothing (it waited in a queue)."""
    known = live.conditions.get(notice.place)
    if known is None or notice.at is None:
        return False
    said, before = moment(notice.at, now), known.moment
    if said is None or before is None or said >= before:
        return False
    return not live.pace.is_fresh(notice.at, now)


def within(place: Place, whole: Place) -> bool:
    """Whether `place` is `whole` or a part of it."""
    if whole.evse_id == STATION:
        return True
    return place.evse_id == whole.evse_id and whole.connector_id in (None, place.connector_id)


def has_happened(conditions: Mapping[Place, Condition], whole: Place, *, operative: bool) -> bool:
    """Whether a place is as ordered. Inoperative: none of its connectors is in use any more (G03.FR.06, G04.FR.07).

    Operative: one is, since what was ordered or is faulty otherwise shows again (G03.FR.07, G04.FR.08). A station or EVSE of
    which no connector is known is judged by what it says of itself.
    """
    states = [one.notice.state for place, one in conditions.items() if place.connector_id and within(place, whole)]
    if not states:
        own = conditions.get(whole)
        states = [] if own is None else [own.notice.state]
    in_use = [state.operative for state in states]
    return any(in_use) if operative else bool(in_use) and not any(in_use)


def contradicted(live: Live, whole: Place) -> bool:
    """Whether a station says, later than it took the order, that what it was ordered out of use is in use.

    What was ordered into use since does not count. An order that was scheduled may wait for what is occupied.
    """
    wanted = live.wanted[whole]
    if wanted.operative:
        return False
    parts = [place for place in live.conditions if place.connector_id and within(place, whole)]
    said = [live.conditions[place] for place in parts if not _in_use_again(live, place, wanted.at)]
    if not parts and whole in live.conditions:
        said = [live.conditions[whole]]
    if wanted.request_id is not None and any(one.notice.state is ConnectorState.OCCUPIED for one in said):
        return False
    return any(one.notice.state.operative and one.received_at > wanted.at for one in said)


def _in_use_again(live: Live, place: Place, since: datetime) -> bool:
    return any(one.operative and one.at > since and within(place, whole) for whole, one in live.wanted.items())


@dataclass(frozen=True, slots=True)
class ChangeAvailability(Command):
    """Take a station, an EVSE or a connector into or out of use (G03, G04). Without `evse_id` it is the whole station.

    While a transaction runs the station does it afterwards; the command is running until the station says it has happened.
    """

    operative: bool
    evse_id: EvseNumber | None = None
    connector_id: ConnectorNumber | None = None

    def __post_init__(self) -> None:
        if self.connector_id is not None and self.evse_id is None:
            message = "a connector belongs to an EVSE: name it"
            raise Invalid("connector_without_evse", message, {"evseId": message})

    @property
    def place(self) -> Place:
        """What is to be in use or not."""
        if self.evse_id is None:
            return WHOLE_STATION
        return Place(EvseId(self.evse_id), None if self.connector_id is None else ConnectorId(self.connector_id))


class Shown(msgspec.Struct, frozen=True):
    """A place as people and programs see it.

    `notice` is the last that is known. `unknown_since` says from when on it may be otherwise, because the station is not
    connected; None while it is. `wanted_operative` is what was ordered last, None if nothing was.
    """

    place: Place
    notice: Notice | None
    received_at: datetime | None
    since: datetime | None
    unknown_since: datetime | None
    wanted_operative: bool | None
    wanted_at: datetime | None
    is_pending: bool
    """Whether an order is yet to take effect."""


class LearnConnectors(Protocol):
    """How the block that knows what stations consist of is told of a connector number it may not know."""

    def __call__(self, work: Work, station: Station, connectors: int) -> None:
        """The station has at least so many numbered connectors. Adds to the unit of work; needs no SQL."""


def learn_nothing(work: Work, station: Station, connectors: int) -> None:
    """Nobody wants to know."""


class TellCharging(Protocol):
    """How the block that keeps transactions is told how charging goes, where that is not in a transaction's own messages."""

    async def __call__(self, link: Link, work: Work, place: Place, charging_state: str, at: datetime) -> None:
        """At this place it is so since `at`. Adds to the unit of work."""


async def tell_nobody(link: Link, work: Work, place: Place, charging_state: str, at: datetime) -> None:
    """Nobody wants to know."""


Finish = Callable[..., Awaitable[bool]]
"""`await finish(station, request_id, failed=..., reason=...)`: ends a running command; False when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What the block is given where everything is put together. `finish` is `Sending.finish`."""

    store: Store
    finish: Finish
    catalogue: Catalogue = field(default_factory=lambda: Catalogue(ROWS))
    learn: LearnConnectors = learn_nothing
    tell: TellCharging = tell_nobody


def worst(words: Iterable[str]) -> str:
    """One word for the answers about several connectors: Rejected before Scheduled before Accepted."""
    return min(words, key=_BAD_FIRST.index)


_BAD_FIRST: Final = ("Rejected", "Scheduled", "Accepted")
