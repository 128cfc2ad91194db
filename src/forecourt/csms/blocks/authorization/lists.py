"""Local lists kept in step: what a station should have, asked about, sent, and recorded part by part (D01, D02).

The database is read and written between the messages, never while waiting for the station. Whatever goes wrong on the
way, the station's own word about its version decides next time whether what is on record still holds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.charging.ids import StationId
from forecourt.csms.blocks.authorization import list_store
from forecourt.csms.blocks.authorization.events import LocalListFailed, LocalListSynced
from forecourt.csms.blocks.authorization.list_model import (
    NO_LIST,
    UNSUPPORTED,
    Held,
    Listed,
    ListMode,
    ListWords,
    Part,
    Room,
    belongs,
    content_hash,
    fitting,
    listed_of,
    next_change,
    parts,
)
from forecourt.csms.blocks.authorization.list_store import ListState
from forecourt.csms.blocks.authorization.model import KnownToken, ListUpdate, TokenKey, kinds_of_evses
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Store, Work
from forecourt.errors import AnsweredError, Offline, StationError
from forecourt.ocpp.errors import ProtocolError

RoomOf = Callable[[Work, Station], Awaitable[Room]]
"""What a station has reported about how much it takes; handed in, since its variables belong to another block."""

ACCEPTED: Final = "Accepted"
NOT_SUPPORTED: Final = "NotSupported"
DISABLED: Final = "Disabled"
IN_PROGRESS: Final = "InProgress"

_MEANS_UNSUPPORTED: Final = frozenset({"NotSupported", "NotImplemented"})
_FIRST_PAUSE: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = timedelta(hours=24)
_CHUNK: Final = 256


class Live:
    """Whether a station's list is being sent right now. A station is connected to one process, so this is in memory."""

    __slots__ = ("busy",)

    def __init__(self) -> None:
        self.busy = False


@dataclass(frozen=True, slots=True)
class Lists:
    """What keeping lists needs of the rest of the program."""

    store: Store
    room_of: RoomOf


@dataclass(frozen=True, slots=True)
class _Goal:
    """What a station should have, as it was when we looked."""

    state: ListState
    room: Room
    wanted: tuple[Listed, ...]
    left_out: int
    next_change_at: datetime | None

    @property
    def hash(self) -> bytes:
        return content_hash({listed.key: listed.digest for listed in self.wanted})


class _NotTaken(Exception):
    """The station did not take a part; the message is its word for it."""


async def bring(lists: Lists, link: Link, words: ListWords, update: ListUpdate) -> Outcome:
    """Give a station the list it should have. The outcome names the version it ends with.

    A failure is on record with when to try again. Raises StationError, and ProtocolError for what its version cannot say.
    """
    live = link.station.recall(Live)
    if live.busy:
        return Outcome.refused(IN_PROGRESS)
    live.busy = True
    try:
        return await _bring(lists, link, words, update)
    except Offline:
        raise
    except AnsweredError as error:
        if error.code in _MEANS_UNSUPPORTED:
            return await _failed(lists, link.station, NOT_SUPPORTED, again=False)
        await _failed(lists, link.station, error.code)
        raise
    except (StationError, ProtocolError) as error:
        await _failed(lists, link.station, type(error).__name__)
        raise
    except _NotTaken as error:
        return await _failed(lists, link.station, str(error), again=str(error) != NOT_SUPPORTED)
    finally:
        live.busy = False


async def ask_version(lists: Lists, link: Link, words: ListWords) -> Outcome:
    """Ask a station for the version of its list and record it; one that is not on record is looked at again.

    Raises StationError.
    """
    version = await words.ask_version(link)
    async with lists.store.work() as work:
        connection = await work.sql()
        state = await list_store.state_of(connection, link.station)
        known = version == (state.synced_version or NO_LIST)
        await list_store.save(
            connection, link.station, reported_version=version, touched=state.touched + (0 if known else 1)
        )
    return Outcome.accepted(version=version)


async def _bring(lists: Lists, link: Link, words: ListWords, update: ListUpdate) -> Outcome:
    async with lists.store.work() as work:
        state = await list_store.state_of(await work.sql(), link.station)
        room = await lists.room_of(work, link.station)
    as_needed = update is ListUpdate.AS_NEEDED
    if as_needed and state.mode is ListMode.LEFT_ALONE:
        return Outcome.accepted("LeftAlone")
    if as_needed and room.enabled is False:
        raise _NotTaken(DISABLED)
    if update is not ListUpdate.FULL:
        state = replace(state, reported_version=await words.ask_version(link))
        if state.reported_version == UNSUPPORTED:
            raise _NotTaken(NOT_SUPPORTED)
    if as_needed and state.reported_version == state.synced_version and state.settled(lists.store.clock.now()):
        return await _unchanged(lists, link.station, state)
    goal = await _goal(lists, link, words, state, room)
    held = None if update is ListUpdate.FULL else await _held(lists, link, words, goal)
    planned = _planned(words, goal, held, update, state.above)
    try:
        sent = await _send(lists, link, words, planned)
    except _NotTaken as refused:
        if planned[0].full or str(refused) == NOT_SUPPORTED:
            raise
        # D01.FR.03: what does not take the differences gets the whole list.
        planned = _planned(words, goal, None, ListUpdate.FULL, planned[-1].version)
        sent = await _send(lists, link, words, planned)
    version = sent[-1].version if sent else state.reported_version or NO_LIST
    await _arrived(lists, link.station, goal, version, sent)
    return _outcome(version, len(sent), len(goal.wanted), goal.left_out)


def _outcome(version: int, messages: int, entries: int, left_out: int) -> Outcome:
    return Outcome.accepted(version=version, messages=messages, entries=entries, left_out=left_out)


async def _unchanged(lists: Lists, station: Station, state: ListState) -> Outcome:
    """The station has what it had when that was all it should have, and since then nothing has changed."""
    async with lists.store.work() as work:
        await list_store.save(await work.sql(), station, checked_at=work.now)
    return _outcome(state.synced_version or NO_LIST, 0, state.entries, state.left_out)


async def _goal(lists: Lists, link: Link, words: ListWords, state: ListState, room: Room) -> _Goal:
    station = link.station
    found: Iterator[KnownToken] = iter(())
    async with lists.store.work() as work:
        now = work.now
        if state.mode is ListMode.KEPT:
            found = await list_store.candidates(await work.sql(), station.organisation, state.policy)
    evses = kinds_of_evses(station.topology)
    tokens: list[KnownToken] = []
    said: list[Listed] = []
    unsaid = 0
    for known in found:
        if not belongs(known, state.policy):
            continue
        tokens.append(known)
        name = words.name_of(link, known.data.token)
        listed = name and listed_of(
            known,
            name,
            says_evses=words.says_evses,
            station_id=StationId(station.wire_id),
            evses=evses,
            now=now,
        )
        if not listed:
            unsaid += 1
        elif state.policy.refused_too or (listed.entry.info and listed.entry.info.verdict == ACCEPTED):
            said.append(listed)
        if len(tokens) % _CHUNK == 0:
            # Thousands of tokens must not hold up the stations of this process.
            await lists.store.clock.sleep(0)
    wanted = tuple(fitting(said, room, words.size_of))
    return _Goal(state, room, wanted, unsaid + len(said) - len(wanted), next_change(tokens, now))


async def _held(lists: Lists, link: Link, words: ListWords, goal: _Goal) -> dict[TokenKey, Held] | None:
    """What the station has, None where nobody knows: its version is not the one on record."""
    reported = goal.state.reported_version
    if reported == NO_LIST and not goal.wanted:
        return {}
    if reported == NO_LIST or reported != goal.state.synced_version:
        return None
    if goal.state.content_hash == goal.hash:
        return {listed.key: Held(listed.entry.token, listed.digest) for listed in goal.wanted}
    async with lists.store.work() as work:
        on_record = await list_store.held(await work.sql(), link.station)
    return {key: Held(words.name_of(link, token), digest) for key, (token, digest) in on_record.items()}


def _planned(
    words: ListWords, goal: _Goal, held: dict[TokenKey, Held] | None, update: ListUpdate, above: int
) -> tuple[Part, ...]:
    return parts(held, goal.wanted, update=update, above=above, room=goal.room, size_of=words.size_of)


async def _send(lists: Lists, link: Link, words: ListWords, planned: tuple[Part, ...]) -> tuple[Part, ...]:
    for part in planned:
        status = await words.send(link, part)
        if status != ACCEPTED:
            raise _NotTaken(status)
        async with lists.store.work() as work:
            await list_store.record_part(await work.sql(), link.station, part, planned[-1].version)
    return planned


async def _arrived(lists: Lists, station: Station, goal: _Goal, version: int, sent: tuple[Part, ...]) -> None:
    """The station has what it should have: nothing is to be done until something changes."""
    async with lists.store.work() as work:
        connection = await work.sql()
        await list_store.save(
            connection,
            station,
            seen=goal.state.marks,
            next_change_at=goal.next_change_at,
            wanted_version=version,
            reported_version=version,
            synced_version=version,
            content_hash=goal.hash,
            entries=len(goal.wanted),
            left_out=goal.left_out,
            checked_at=work.now,
            synced_at=work.now,
            failure="",
            failures=0,
            failed_at=None,
            retry_at=None,
        )
        await list_store.forget_missing(connection, station, [listed.key for listed in goal.wanted])
        if sent or goal.state.failure:
            work.announce(
                LocalListSynced(
                    organisation_id=station.organisation,
                    station_id=station.key,
                    version=version,
                    entries=len(goal.wanted),
                    left_out=goal.left_out,
                    update=(ListUpdate.FULL if sent[0].full else ListUpdate.DIFFERENTIAL).value if sent else "",
                )
            )


async def _failed(lists: Lists, station: Station, reason: str, *, again: bool = True) -> Outcome:
    """Put on record why the station does not have its list, and when to try again: later each time, or after its next boot."""
    async with lists.store.work() as work:
        connection = await work.sql()
        state = await list_store.state_of(connection, station)
        pause = min(_FIRST_PAUSE * 2 ** min(state.failures, 20), _LONGEST_PAUSE)
        retry_at = work.now + pause if again else None
        await list_store.save(
            connection,
            station,
            failure=reason,
            failures=state.failures + 1,
            failed_at=work.now,
            retry_at=retry_at,
            checked_at=work.now,
        )
        if state.failure != reason:
            work.announce(
                LocalListFailed(
                    organisation_id=station.organisation, station_id=station.key, reason=reason, retry_at=retry_at
                )
            )
    return Outcome.refused(reason)
