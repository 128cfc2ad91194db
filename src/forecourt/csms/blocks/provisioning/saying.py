"""What reading and setting values has in common, whatever the version: messages that fit, results kept, one outcome."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from forecourt.csms.blocks.provisioning import actions
from forecourt.csms.blocks.provisioning.actions import Provisioning
from forecourt.csms.blocks.provisioning.model import DONE, Got, Name, Reported, Taken, VariableStatus
from forecourt.csms.blocks.provisioning.rules import ASSUMED_ITEMS, Room
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.model import Station
from forecourt.csms.store.errors import StoreError

_LOG = logging.getLogger("forecourt.provisioning")

_ITEMS = "ItemsPerMessage"
_BYTES = "BytesPerMessage"


async def room_for(block: Provisioning, station: Station, kind: str) -> Room:
    """How much the station takes in one message of that kind (GetVariables, SetVariables, GetReport), as it has reported."""
    items = Name.of("DeviceDataCtrlr", _ITEMS, kind)
    size = Name.of("DeviceDataCtrlr", _BYTES, kind)
    async with block.store.work(station.key) as work:
        known = await actions.look_up(work, station, (items, size))
    values = {name: one.reported.value for name, one in known.items()}
    return Room(_positive(values.get(items)) or ASSUMED_ITEMS, _positive(values.get(size)))


async def keep_read(block: Provisioning, station: Station, got: Sequence[Got]) -> None:
    """Keep what was read."""
    await _keep(block, station, values=[(one.name, one.value) for one in got if one.status is VariableStatus.ACCEPTED])


async def keep_set(
    block: Provisioning, station: Station, taken: Sequence[Taken], values: Sequence[tuple[Name, str]]
) -> None:
    """Keep the values that the station uses from now on; those that need a reboot are not in use yet."""
    accepted = {one.name for one in taken if one.status is VariableStatus.ACCEPTED}
    await _keep(block, station, values=[(name, value) for name, value in values if name in accepted])


async def keep_reported(block: Provisioning, station: Station, reported: Sequence[Reported]) -> None:
    """Keep what was read, where more than the values was told."""
    await _keep(block, station, reported=reported)


async def _keep(
    block: Provisioning,
    station: Station,
    *,
    values: Sequence[tuple[Name, str | None]] = (),
    reported: Sequence[Reported] = (),
) -> None:
    try:
        async with block.store.work(station.key) as work:
            await actions.record_values(work, station, values)
            await actions.record_reported(work, station, reported)
    except StoreError as error:
        # That our database is away just now does not undo what the station has answered.
        _LOG.warning("values of %s could not be kept: %s", station.wire_id, error)


def outcome_of(results: Sequence[Got] | Sequence[Taken]) -> Outcome:
    """Accepted only if all of it was; the reason is the station's word, or says how much was not done."""
    words = {one.status.value: None for one in results if one.status not in DONE}
    if not words:
        reboot = any(one.status is VariableStatus.REBOOT_REQUIRED for one in results)
        word = VariableStatus.REBOOT_REQUIRED if reboot else VariableStatus.ACCEPTED
        return Outcome.accepted(word.value, variables=list(results))
    refused = sum(one.status not in DONE for one in results)
    reason = ", ".join(words)
    if refused < len(results):
        reason = f"{refused} of {len(results)}: {reason}"
    return Outcome.refused(reason, variables=list(results))


def _positive(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdecimal() and int(value) > 0 else None
