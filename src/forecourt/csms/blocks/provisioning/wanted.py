"""Wanted configuration: values a station is asked to have until it reports them.

    waiting ── held                  it reports the value, or has taken one that may not be read
       │    └─ reboot ── (boot)      it will use the value after its next boot, and is looked at again then
       └────── failed ── (pause)     it refuses the value, or reports another; tried again later each time, and after a boot

Every wanted value is looked at again after each boot: stations lose their settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from forecourt.csms.blocks.provisioning import store, wanted_store
from forecourt.csms.blocks.provisioning.actions import Provisioning
from forecourt.csms.blocks.provisioning.commands import GetVariables, SetVariables
from forecourt.csms.blocks.provisioning.events import (
    WantedConfigurationChanged,
    WantedConfigurationHeld,
    WantedValueNotTaken,
)
from forecourt.csms.blocks.provisioning.model import Given, Got, Mutability, Name, Taken, VariableStatus
from forecourt.csms.blocks.provisioning.named import LONGEST_PATH
from forecourt.csms.blocks.provisioning.rules import pause_after, same_value
from forecourt.csms.blocks.provisioning.store import Known
from forecourt.csms.blocks.provisioning.wanted_store import Wanted, WantedState
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work
from forecourt.errors import DomainError, Invalid, Offline, StationError
from forecourt.ocpp.errors import ProtocolError


async def want(work: Work, station: Station, given: Sequence[Given], wanted_by: str) -> None:
    """Want a station to have these values from now on. It is asked soon, or when it connects. Raises Invalid."""
    # The rules for a command are the rules for a wish.
    SetVariables(tuple(given))
    for number, one in enumerate(given):
        if len(one.name.path) > LONGEST_PATH:
            raise Invalid("wanted_name", "no variable has so long a name", {f"values[{number}]": "too long"})
        if one.name.is_secret:
            message = "a secret is not kept, so it cannot be wanted; set it by a command"
            raise Invalid("wanted_secret", message, {f"values[{number}]": message})
    await wanted_store.want(await work.sql(), station, given, wanted_by, work.now)


def announce(work: Work, station: Station, everything: Sequence[Wanted]) -> None:
    """Tell how it stands with all that is wanted of a station."""
    states = [one.state for one in everything]
    work.announce(
        WantedConfigurationChanged(
            organisation_id=station.organisation,
            station_id=station.key,
            waiting=states.count(WantedState.WAITING),
            held=states.count(WantedState.HELD),
            reboot=states.count(WantedState.REBOOT),
            failed=states.count(WantedState.FAILED),
        )
    )


async def unwant(work: Work, station: Station, name: Name) -> bool:
    """Want nothing particular of a variable any more; its value stays. False if nothing was wanted."""
    return await wanted_store.forget(await work.sql(), station, name)


@dataclass(slots=True)
class _Findings:
    """What has become clear about the wanted values in one go."""

    held: list[Wanted] = field(default_factory=list)
    reboot: list[Wanted] = field(default_factory=list)
    failed: list[tuple[Wanted, str]] = field(default_factory=list)


async def bring(block: Provisioning, link: Link) -> None:
    """Look at the wanted values of a station that are due, and set those it does not have. Raises StoreError."""
    station = link.station
    async with block.store.work(station.key) as work:
        connection = await work.sql()
        due = await wanted_store.due_of(connection, station, work.now)
        known = await store.known(connection, station, [one.name for one in due])
    if not due:
        return
    findings = _Findings()
    try:
        await _bring(link, due, known, findings)
    except Offline:
        pass
    except (StationError, ProtocolError, DomainError) as error:
        clear = {one.name for one in (*findings.held, *findings.reboot, *(one for one, _ in findings.failed))}
        findings.failed += [(one, str(error)) for one in due if one.name not in clear]
    await _record(block, station, findings)


async def _bring(link: Link, due: Sequence[Wanted], known: dict[Name, Known], findings: _Findings) -> None:
    lacking: list[Wanted] = []
    got = await _read(link, [one for one in due if _readable(one, known)])
    for one in due:
        found = got.get(one.name)
        if found is not None and found.status in _UNKNOWN:
            findings.failed.append((one, found.reason or found.status.value))
        elif found is not None and _has(one, found, known):
            findings.held.append(one)
        else:
            lacking.append(one)
    if not lacking:
        return
    unproved: list[Wanted] = []
    taken = await _set(link, lacking)
    for one in lacking:
        result = taken.get(one.name)
        if result is None:
            findings.failed.append((one, "the station did not answer about it"))
        elif result.status is VariableStatus.REBOOT_REQUIRED:
            findings.reboot.append(one)
        elif result.status is not VariableStatus.ACCEPTED:
            findings.failed.append((one, result.reason or result.status.value))
        elif not _readable(one, known):
            findings.held.append(one)
        else:
            unproved.append(one)
    again = await _read(link, unproved)
    for one in unproved:
        found = again.get(one.name)
        if found is None or found.status is VariableStatus.REJECTED or _has(one, found, known):
            # What it has taken and does not show cannot be proved.
            findings.held.append(one)
        else:
            findings.failed.append(
                (one, f"it reports {found.value!r}" if found.value is not None else found.status.value)
            )


async def _record(block: Provisioning, station: Station, findings: _Findings) -> None:
    async with block.store.work(station.key) as work:
        connection, now = await work.sql(), work.now
        news = changed = False
        for one in findings.held:
            saved = await wanted_store.save(connection, station, one, WantedState.HELD, now)
            news = news or (saved and one.state is not WantedState.HELD)
        for one in findings.reboot:
            saved = await wanted_store.save(connection, station, one, WantedState.REBOOT, now, reason="RebootRequired")
            changed = changed or (saved and one.state is not WantedState.REBOOT)
        for one, reason in findings.failed:
            retry_at = now + pause_after(one.failures)
            saved = await wanted_store.save(
                connection, station, one, WantedState.FAILED, now, reason=reason, retry_at=retry_at
            )
            changed = changed or (saved and (one.state is not WantedState.FAILED or one.reason != reason))
            if saved and one.reason != reason:
                work.announce(
                    WantedValueNotTaken(
                        organisation_id=station.organisation,
                        station_id=station.key,
                        variable=one.name.path,
                        attribute=one.name.attribute.value,
                        wanted=one.value,
                        reason=reason,
                        retry_at=retry_at,
                    )
                )
        everything = await wanted_store.all_wanted(connection, station)
        if news or changed:
            announce(work, station, everything)
        if news and all(one.state is WantedState.HELD for one in everything):
            work.announce(
                WantedConfigurationHeld(
                    organisation_id=station.organisation, station_id=station.key, variables=len(everything)
                )
            )


_UNKNOWN = frozenset(
    {VariableStatus.UNKNOWN_COMPONENT, VariableStatus.UNKNOWN_VARIABLE, VariableStatus.NOT_SUPPORTED_ATTRIBUTE}
)


def _readable(one: Wanted, known: dict[Name, Known]) -> bool:
    return one.name not in known or known[one.name].reported.mutability is not Mutability.WRITE_ONLY


def _has(one: Wanted, found: Got, known: dict[Name, Known]) -> bool:
    characteristics = known[one.name].reported.characteristics if one.name in known else None
    data_type = characteristics.data_type if characteristics else ""
    return found.value is not None and same_value(one.value, found.value, data_type)


async def _read(link: Link, wanted: Sequence[Wanted]) -> dict[Name, Got]:
    if not wanted:
        return {}
    outcome = await link.dialect.says[GetVariables].say(link, GetVariables(tuple(one.name for one in wanted)))
    found: Sequence[Got] = outcome.result["variables"]
    return {one.name: one for one in found}


async def _set(link: Link, wanted: Sequence[Wanted]) -> dict[Name, Taken]:
    given = tuple(Given.to(one.name, one.value) for one in wanted)
    outcome = await link.dialect.says[SetVariables].say(link, SetVariables(given))
    taken: Sequence[Taken] = outcome.result["variables"]
    return {one.name: one for one in taken}
