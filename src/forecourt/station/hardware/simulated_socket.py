"""What is at one EVSE of simulated hardware."""

from __future__ import annotations

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.clock import Timer
from forecourt.station.config import EvseBuild
from forecourt.station.hardware.simulated_signer import SimulatedSigner
from forecourt.station.hardware.vehicle import Vehicle


class Socket:
    """`at` is the moment until which the registers are right; `flows` what the station was told last."""

    __slots__ = (
        "at",
        "bad_lock",
        "built",
        "closed",
        "connector_id",
        "evse_id",
        "export_wh",
        "flows",
        "import_wh",
        "locked",
        "offered_a",
        "parked",
        "phases",
        "signer",
        "timer",
        "vehicle",
    )  # fmt: skip

    def __init__(self, evse_id: EvseId, built: EvseBuild, at: float) -> None:
        self.evse_id = evse_id
        self.built = built
        self.vehicle: Vehicle | None = None
        self.connector_id = ConnectorId(0)
        self.closed = False
        self.locked = False
        self.parked = False
        self.signer: SimulatedSigner | None = None
        self.bad_lock = False
        self.flows = False
        self.offered_a = float(built.current_a)
        self.phases = built.phases
        self.import_wh = 0.0
        self.export_wh = 0.0
        self.at = at
        self.timer: Timer | None = None
