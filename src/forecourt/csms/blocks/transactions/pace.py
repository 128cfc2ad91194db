"""How fast a transaction runs, from its newest readings: what is needed to say when a limit will be reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from forecourt.charging.limits import Observed, Pace
from forecourt.charging.measurands import IMPORT_REGISTER
from forecourt.charging.quantities import Money
from forecourt.charging.readings import Reading, overall
from forecourt.csms.blocks.metering.model import Metered, Series

_POWER: Final = "Power.Active.Import"
_SOC: Final = "SoC"
_WANTED: Final = frozenset({_POWER, _SOC, IMPORT_REGISTER})
_SHORTEST: Final = timedelta(seconds=1)
_ZERO: Final = Decimal(0)


class Pulse:
    """The newest power, register and state of charge of one transaction."""

    __slots__ = ("_energy", "_energy_w", "_power", "_soc", "_soc_per_hour")

    def __init__(self) -> None:
        self._energy: tuple[datetime, Decimal] | None = None
        self._energy_w = _ZERO
        self._power: tuple[datetime, Decimal] | None = None
        self._soc: tuple[datetime, Decimal] | None = None
        self._soc_per_hour = _ZERO

    def feel(self, values: Sequence[Metered]) -> None:
        """Take readings in, of which later ones win."""
        for one in sorted(values, key=_moment):
            found = one.readings(_wanted)
            power = _of(found, _POWER)
            if power is not None and (self._power is None or self._power[0] <= one.at):
                self._power = one.at, power
            register = _of(found, IMPORT_REGISTER)
            if register is not None and (self._energy is None or self._energy[0] + _SHORTEST <= one.at):
                self._energy_w = _per_hour(self._energy, (one.at, register))
                self._energy = one.at, register
            soc = _of(found, _SOC)
            if soc is not None and (self._soc is None or self._soc[0] + _SHORTEST <= one.at):
                self._soc_per_hour = _per_hour(self._soc, (one.at, soc))
                self._soc = one.at, soc

    def observed(
        self, now: datetime, started_at: datetime, *, charging: bool, energy_wh: Decimal | None, price: Money | None
    ) -> Observed:
        """The transaction `now`. Nothing flows while the station says that it does not charge."""
        power_w = self._power_w(now, started_at, energy_wh) if charging else _ZERO
        return Observed(
            at=now,
            started_at=started_at,
            energy_wh=energy_wh,
            cost=None if price is None or energy_wh is None else price.times(energy_wh / 1000),
            soc_percent=None if self._soc is None else self._soc[1],
            pace=Pace(power_w=power_w, cost_per_kwh=price, soc_per_hour=self._soc_per_hour if charging else _ZERO),
        )

    def _power_w(self, now: datetime, started_at: datetime, energy_wh: Decimal | None) -> Decimal:
        """What flows: as it was measured, else as the register rises, else as it has on the whole."""
        # A power that is older than the register's last move says nothing about now.
        if self._power is not None and (self._energy is None or self._power[0] >= self._energy[0]):
            return self._power[1]
        if self._energy_w or energy_wh is None or now < started_at + _SHORTEST:
            return self._energy_w
        return _per_hour((started_at, _ZERO), (now, energy_wh))


def _wanted(series: Series) -> bool:
    return series.measurand in _WANTED


def _moment(metered: Metered) -> datetime:
    return metered.at


def _of(readings: Sequence[Reading], measurand: str) -> Decimal | None:
    amount = overall([one for one in readings if one.measurand == measurand])
    return None if amount is None else amount.value


def _per_hour(before: tuple[datetime, Decimal] | None, after: tuple[datetime, Decimal]) -> Decimal:
    """How fast a value rises; zero while that is not known, or it falls."""
    if before is None:
        return _ZERO
    elapsed = Decimal((after[0] - before[0]) // timedelta(milliseconds=1)) / 3_600_000
    return max((after[1] - before[1]) / elapsed, _ZERO)
