"""The habits that come with Forecourt. An operator's own rows join them where the program is put together.

A vendor gets a row when it is documented what its stations do; what only seems to be so is none of ours to claim.
"""

from __future__ import annotations

from typing import Final

from forecourt.charging.connector_state import ChargingState, Habit, Status
from forecourt.csms.stations.habits.model import Habits

_CONNECTED: Final = ChargingState.EV_CONNECTED

ROWS: Final = (
    Habits(
        name="cable",
        source="1.6 section 4.9, A2 and F1, of stations whose use begins with inserting the plug and ends with removing it",
        statuses=(
            Habit(status=Status.PREPARING, plugged_in=True, charging=_CONNECTED),
            Habit(status=Status.FINISHING, plugged_in=True, charging=_CONNECTED),
        ),
    ),
    Habits(
        name="card",
        source="1.6 section 4.9, A2, of stations whose use begins with presenting an idTag, before the plug is inserted",
        statuses=(Habit(status=Status.PREPARING, plugged_in=False, charging=ChargingState.IDLE),),
    ),
    Habits(
        name="two-cables-one-evse",
        source="OCA application note on multiple connectors per EVSE in OCPP 1.x, section 4",
        evses=(("", ""),),
    ),
)
"""Templates to choose from. No vendor is named: of none is it documented what its statuses mean."""
