"""How what is asked from afar is asked for by a client, where that differs from the command's own fields."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from forecourt.csms.blocks.remote_control.model import StopCharging
from forecourt.csms.blocks.transactions.actions import reference_of
from forecourt.csms.stations.forms import Form
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work


class StopChargingBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which transaction to stop."""

    transaction_id: Annotated[int, Meta(ge=1, le=2**63 - 1, description="the transaction, by its id in this API")]


async def _stop(work: Work, station: Station, body: StopChargingBody) -> StopCharging:
    return StopCharging(await reference_of(work, station, body.transaction_id))


FORMS: Final = (Form.of(StopCharging, body=StopChargingBody, make=_stop),)
