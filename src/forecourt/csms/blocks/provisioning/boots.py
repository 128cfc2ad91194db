"""Booting: what a station is told about its registration, and who decides that (B01, B02, B03; 1.6 section 4.2).

A registration belongs to the station and is what it was last told. What somebody decides about a station that waits takes
effect at its next boot, since until then it has not heard of it (B02.FR.09). Turning away an accepted one takes effect at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import select, update

from forecourt.csms.blocks.provisioning import inventory, store
from forecourt.csms.blocks.provisioning.actions import Live, Provisioning
from forecourt.csms.blocks.provisioning.commands import RequestBoot
from forecourt.csms.blocks.provisioning.events import (
    BootRefused,
    RegistrationChanged,
    RegistrationDecided,
    StationBooted,
)
from forecourt.csms.blocks.provisioning.store import provisioning
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration, SecurityProfile, Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.rows import Latest
from forecourt.csms.store.work import Store, Work
from forecourt.errors import Offline
from forecourt.transport.closure import POLICY_VIOLATION

_BOOTED: Final = Latest(
    station_table,
    key=["id"],
    columns=["booted_at", "vendor", "model", "serial_number", "firmware_version", "boot_details", "boot_reason"],
)

_ASK_AGAIN_WITHIN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What a station says of itself when it boots. `details` are whatever else it says: modem, meter, other serial numbers."""

    vendor: str
    model: str
    serial_number: str = ""
    firmware_version: str = ""
    reason: str = ""
    details: Mapping[str, str]
    names_certificate: bool = False
    """Whether the serial number is the one a certificate must name (B01.FR.11)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a station is told when it boots."""

    registration: Registration
    interval_s: int


async def boot(block: Provisioning, link: Link, work: Work, said: Boot) -> Told:
    """Answer a station that boots. A station that is accepted already needs no SQL for that.

    Once the answer has left, what we do not know of it is asked for, and it is given what it lacks of what is wanted.
    """
    station = link.station
    if said.names_certificate and not _serial_number_fits(station, said.serial_number):
        return _refuse(block, link, work, said)
    if station.registration is not Registration.ACCEPTED or (station.remembers(Live) and station.recall(Live).unsure):
        await _settle_registration(work, station)
    told = station.registration
    station.vendor, station.model = said.vendor, said.model
    station.know_as(serial_number=said.serial_number)
    details = msgspec.json.encode(dict(said.details)).decode()
    row = (said.vendor, said.model, said.serial_number, said.firmware_version, details, said.reason)
    work.add(_BOOTED, (station.key, work.now, *row))
    work.announce(
        StationBooted(
            organisation_id=station.organisation,
            station_id=station.key,
            registration=told.value,
            reason=said.reason,
            vendor=said.vendor,
            model=said.model,
            serial_number=said.serial_number,
            firmware_version=said.firmware_version,
        )
    )
    work.after_answer(lambda: _committed(block, link))
    return Told(told, _interval_s(block, told))


async def decide(work: Work, station: Station, registration: Registration, decided_by: str) -> None:
    """Decide what a station is told when it boots next. Use `accept`, `hold_back` or `reject`, which see it through."""
    await store.save_state(
        await work.sql(), station, decision=registration.value, decided_by=decided_by, decided_at=work.now
    )
    work.announce(
        RegistrationDecided(
            organisation_id=station.organisation,
            station_id=station.key,
            registration=registration.value,
            decided_by=decided_by,
        )
    )


async def accept(kept: Store, sending: Sending, stations: Stations, station: Station, decided_by: str) -> None:
    """Accept a station from its next boot on. One that waits and is connected is asked to boot now (B02.FR.04)."""
    async with kept.work(station.key) as work:
        await decide(work, station, Registration.ACCEPTED, decided_by)
    if station.registration is not Registration.PENDING:
        return
    try:
        stations.link_of(station)
    except Offline:
        return
    await sending.ask(station, RequestBoot(), asked_by=decided_by, expires_in=_ASK_AGAIN_WITHIN)


async def reject(kept: Store, stations: Stations, station: Station, decided_by: str) -> None:
    """Turn a station away: at once if it was accepted, and its connection ends. It may ask again by booting (B03)."""
    async with kept.work(station.key) as work:
        await decide(work, station, Registration.REJECTED, decided_by)
        await _change(work, station, Registration.REJECTED)
    station.registration = Registration.REJECTED
    try:
        stations.link_of(station).close(POLICY_VIOLATION, "the station was turned away")
    except Offline:
        pass


async def hold_back(kept: Store, station: Station, decided_by: str) -> None:
    """Have a station wait from its next boot on, to be set up before it is accepted."""
    async with kept.work(station.key) as work:
        await decide(work, station, Registration.PENDING, decided_by)
    station.recall(Live).unsure = True


async def resume(kept: Store, stations: Stations) -> None:
    """After a start: know again of which accepted stations something else was decided."""
    async with kept.work() as work:
        undone = await (await work.sql()).execute(
            select(provisioning.c.station_id)
            .join(station_table, station_table.c.id == provisioning.c.station_id)
            .where(provisioning.c.decision != station_table.c.registration)
        )
        keys = list(undone.scalars())
    for key in keys:
        stations.of_key(StationKey(key)).recall(Live).unsure = True


async def _settle_registration(work: Work, station: Station) -> None:
    """Find out what a station that was not accepted is told now, and let that be its registration."""
    connection = await work.sql()
    found = await connection.execute(
        select(station_table.c.registration, provisioning.c.decision)
        .outerjoin(provisioning, provisioning.c.station_id == station_table.c.id)
        .where(station_table.c.id == station.key)
        .with_for_update(of=station_table)
    )
    row = found.one()
    station.registration = Registration(row.registration)
    decided = Registration(row.decision or row.registration)
    if decided is not station.registration:
        await _change(work, station, decided)
        # Before the commit, because the station's next message may come before anything that runs after it.
        station.registration = decided
        station.recall(Live).unsure = True


async def _change(work: Work, station: Station, registration: Registration) -> None:
    connection = await work.sql()
    changed = await connection.execute(
        update(station_table)
        .where(station_table.c.id == station.key, station_table.c.registration != registration.value)
        .values(registration=registration.value)
    )
    if changed.rowcount:
        work.announce(
            RegistrationChanged(
                organisation_id=station.organisation,
                station_id=station.key,
                registration=registration.value,
                earlier=station.registration.value,
            )
        )


async def _committed(block: Provisioning, link: Link) -> None:
    if link.station.remembers(Live):
        link.station.recall(Live).unsure = False
    await inventory.after_boot(block, link)


def _serial_number_fits(station: Station, serial_number: str) -> bool:
    """B01.FR.11: with certificates, the serial number is the name in the certificate, which the handshake has checked."""
    credentials = station.credentials
    if credentials.profile is not SecurityProfile.TLS_CERTIFICATE or not serial_number:
        return True
    return serial_number == (credentials.certificate_name or station.wire_id)


def _refuse(block: Provisioning, link: Link, work: Work, said: Boot) -> Told:
    """B01.FR.12: the connection is closed. The registration stays what it is: this may be somebody else."""
    station = link.station
    work.announce(
        BootRefused(
            organisation_id=station.organisation,
            station_id=station.key,
            reason="serial_number_mismatch",
            serial_number=said.serial_number,
            registered_name=station.credentials.certificate_name or station.wire_id,
        )
    )

    async def close() -> None:
        link.close(POLICY_VIOLATION, "the serial number is not the one in the certificate")

    work.after_answer(close)
    return Told(Registration.REJECTED, block.rejected_interval_s)


def _interval_s(block: Provisioning, told: Registration) -> int:
    return {
        Registration.ACCEPTED: block.heartbeat_interval_s,
        Registration.PENDING: block.pending_interval_s,
        Registration.REJECTED: block.rejected_interval_s,
    }[told]
