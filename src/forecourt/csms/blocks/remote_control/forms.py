"""How what is asked from afar is asked for by a client, where that differs from the command's own fields."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from forecourt.csms.blocks.remote_control.model import StartCharging, StopCharging
from forecourt.csms.blocks.transactions.actions import Transactions, check_limits, reference_of
from forecourt.csms.stations.forms import Form
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work


class StopChargingBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which transaction to stop."""

    transaction_id: Annotated[int, Meta(ge=1, le=2**63 - 1, description="the transaction, by its id in this API")]


async def _stop(work: Work, station: Station, body: StopChargingBody) -> StopCharging:
    return StopCharging(await reference_of(work, station, body.transaction_id))


async def _can_be_watched(block: Transactions, work: Work, station: Station, command: StartCharging) -> None:
    """Raises Invalid for a limit that nobody can observe at this station."""
    if command.limits is not None:
        await check_limits(block, work, station, command.limits)


def forms(block: Transactions) -> tuple[Form, ...]:
    """`block` is what sessions begin in."""
    return (
        Form.of(StartCharging, check=partial(_can_be_watched, block)),
        Form.of(StopCharging, body=StopChargingBody, make=_stop),
    )
