"""What a station is built of and who it is: given once, never changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.rates import Supply
from forecourt.charging.topology import Connector, Evse, Place, Topology
from forecourt.ocpp.versions import V16, V21, V201, Version

NEWEST_FIRST: Final[tuple[Version, ...]] = (V21, V201, V16)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseBuild:
    """One EVSE: `current_a` is the most on each phase, for DC at `voltage_v`. `kinds` are the connectors' ConnectorEnum words.

    `drops_phases` says that it can feed a vehicle by fewer phases than it has, `bidirectional` that it can take energy back.
    """

    kinds: tuple[str, ...] = ("sType2",)
    phases: int = 3
    voltage_v: int = 230
    current_a: int = 32
    direct: bool = False
    drops_phases: bool = True
    bidirectional: bool = False

    def captive(self, connector_id: ConnectorId) -> bool:
        """Whether a connector hangs at a cable of the station's own: its ConnectorEnum word begins with c."""
        return self.kinds[connector_id - 1].startswith("c")

    @property
    def supply(self) -> Supply:
        return Supply(Decimal(self.voltage_v), self.phases, self.direct)

    @property
    def power_w(self) -> int:
        """The most it can give."""
        return self.voltage_v * self.current_a * self.supply.lines


_RESUMING: Final = frozenset({("TxCtrlr", "ResumptionTimeout", ""), ("TxCtrlr", "AllowEnergyTransferResumption", "")})


@dataclass(frozen=True, kw_only=True)
class Build:
    """A kind of station and what one of them is called. Stations of a fleet share all but the identity.

    `versions` are offered in this order. `unsigned_firmware` lets a station take firmware
    that nobody has signed (L02). `security_profile` is what it has to connect with at first.
    With `additional_root_check` a new root of the management system must be signed by the one whose place it takes.
    Of each log so many pages of 16 lines are kept. `seed` makes its random choices (back-off, transaction ids) repeatable.
    `menu` says that a driver can choose something at the display.
    `resets_evses` says that an EVSE can start anew alone (B11, B12).
    `summaries` says that it has the base report SummaryInventory (B07).
    `resumes` says that transactions can go on after the power was away (E17). `limits` are those of transactions that it follows (E16).
    `grid_a` is the most on each phase of the connection to the grid; None: it bears all EVSEs at once.
    """

    identity: str
    vendor: str = "Forecourt"
    model: str = "Station"
    serial_number: str | None = None
    firmware_version: str | None = "1.0"
    unsigned_firmware: bool = False
    security_profile: int = 0
    additional_root_check: bool = False
    log_pages: int = 32
    menu: bool = False
    evses: tuple[EvseBuild, ...] = (EvseBuild(),)
    versions: tuple[Version, ...] = NEWEST_FIRST
    limits: tuple[str, ...] = ("maxCost", "maxEnergy", "maxSoC", "maxTime")
    resumes: bool = True
    summaries: bool = True
    resets_evses: bool = True
    seed: int | None = None
    grid_a: int | None = None
    grid_voltage_v: int = 230

    @property
    def lacks(self) -> frozenset[tuple[str, str, str]]:
        """The variables (component, variable, instance) that such a station does not have."""
        return frozenset() if self.resumes else _RESUMING

    @cached_property
    def topology(self) -> Topology:
        """EVSEs and connectors numbered from 1; flat numbers in the same order."""
        evses: list[Evse] = []
        flat: dict[int, Place] = {}
        for evse_id, built in enumerate(self.evses, 1):
            numbers = range(1, len(built.kinds) + 1)
            connectors = [Connector(ConnectorId(n), built.kinds[n - 1]) for n in numbers]
            evses.append(Evse(EvseId(evse_id), tuple(connectors)))
            for number in numbers:
                flat[len(flat) + 1] = Place(EvseId(evse_id), ConnectorId(number))
        return Topology(tuple(evses), flat)
