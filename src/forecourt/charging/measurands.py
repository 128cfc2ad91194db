"""The measurands of OCPP 2.1 and the units they come in, as data.

`MEASURANDS` describes each name of MeasurandEnumType, and the two that only 1.6 has (Temperature, RPM), by the unit we
keep it in, its direction, what its number means (a register, an amount per interval, a momentary value) and how values
of one kind are summed up for people. Validation, conversion and choices on pages come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from types import MappingProxyType


class Unit(Enum):
    """What values are kept in, whatever they came in; `symbol` names it as the wire does."""

    WATT_HOUR = "Wh"
    VAR_HOUR = "varh"
    VOLT_AMPERE_HOUR = "VAh"
    WATT = "W"
    VAR = "var"
    VOLT_AMPERE = "VA"
    AMPERE = "A"
    VOLT = "V"
    HERTZ = "Hz"
    PERCENT = "Percent"
    CELSIUS = "Celsius"
    SECOND = "s"
    RPM = "RPM"
    NONE = ""

    @property
    def symbol(self) -> str:
        return self.value


class Direction(Enum):
    IMPORT = auto()
    EXPORT = auto()
    NET = auto()
    """Import less export: may be negative."""
    NONE = auto()


class Meaning(Enum):
    REGISTER = auto()
    """A counter that runs on; the amount is the difference of two readings."""
    INTERVAL = auto()
    """The amount since the previous reading of the same context."""
    MOMENT = auto()
    """The value at that moment."""
    LIMIT = auto()
    """Not measured: what is offered, allowed, asked for or aimed at."""


class Summary(Enum):
    """How the readings of a stretch of time make one figure."""

    DIFFERENCE = auto()
    SUM = auto()
    MEAN = auto()
    LAST = auto()


@dataclass(frozen=True, slots=True)
class Measurand:
    """`per_phase` says whether readings of single phases make sense; `signed` whether negative values do."""

    name: str
    unit: Unit
    meaning: Meaning
    summary: Summary
    direction: Direction = Direction.NONE
    per_phase: bool = False
    signed: bool = False


_BY_MEANING = {
    Meaning.REGISTER: Summary.DIFFERENCE,
    Meaning.INTERVAL: Summary.SUM,
    Meaning.MOMENT: Summary.MEAN,
    Meaning.LIMIT: Summary.LAST,
}


def _electric(name: str, unit: Unit, meaning: Meaning, direction: Direction) -> Measurand:
    signed = direction is Direction.NET
    return Measurand(name, unit, meaning, _BY_MEANING[meaning], direction, per_phase=True, signed=signed)


def _of_vehicle(name: str, unit: Unit, *, signed: bool = False) -> Measurand:
    return Measurand(name, unit, Meaning.LIMIT, Summary.LAST, signed=signed)


_I, _O, _N = Direction.IMPORT, Direction.EXPORT, Direction.NET
_REGISTER, _INTERVAL, _MOMENT, _LIMIT = Meaning.REGISTER, Meaning.INTERVAL, Meaning.MOMENT, Meaning.LIMIT

_ALL = (
    _electric("Current.Export", Unit.AMPERE, _MOMENT, _O),
    _electric("Current.Export.Minimum", Unit.AMPERE, _LIMIT, _O),
    _electric("Current.Export.Offered", Unit.AMPERE, _LIMIT, _O),
    _electric("Current.Import", Unit.AMPERE, _MOMENT, _I),
    _electric("Current.Import.Minimum", Unit.AMPERE, _LIMIT, _I),
    _electric("Current.Import.Offered", Unit.AMPERE, _LIMIT, _I),
    _electric("Current.Offered", Unit.AMPERE, _LIMIT, _I),
    _of_vehicle("Display.BatteryEnergyCapacity", Unit.WATT_HOUR),
    _of_vehicle("Display.ChargingComplete", Unit.NONE),
    _of_vehicle("Display.InletHot", Unit.NONE),
    _of_vehicle("Display.MaximumSOC", Unit.PERCENT),
    _of_vehicle("Display.MinimumSOC", Unit.PERCENT),
    Measurand("Display.PresentSOC", Unit.PERCENT, _MOMENT, Summary.LAST),
    _of_vehicle("Display.RemainingTimeToMaximumSOC", Unit.SECOND),
    _of_vehicle("Display.RemainingTimeToMinimumSOC", Unit.SECOND),
    _of_vehicle("Display.RemainingTimeToTargetSOC", Unit.SECOND),
    _of_vehicle("Display.TargetSOC", Unit.PERCENT),
    _electric("Energy.Active.Export.Interval", Unit.WATT_HOUR, _INTERVAL, _O),
    _electric("Energy.Active.Export.Register", Unit.WATT_HOUR, _REGISTER, _O),
    _electric("Energy.Active.Import.CableLoss", Unit.WATT_HOUR, _REGISTER, _I),
    _electric("Energy.Active.Import.Interval", Unit.WATT_HOUR, _INTERVAL, _I),
    _electric("Energy.Active.Import.LocalGeneration.Register", Unit.WATT_HOUR, _REGISTER, _I),
    _electric("Energy.Active.Import.Register", Unit.WATT_HOUR, _REGISTER, _I),
    _electric("Energy.Active.Net", Unit.WATT_HOUR, _REGISTER, _N),
    _electric("Energy.Active.Setpoint.Interval", Unit.WATT_HOUR, _INTERVAL, _N),
    _electric("Energy.Apparent.Export", Unit.VOLT_AMPERE_HOUR, _REGISTER, _O),
    _electric("Energy.Apparent.Import", Unit.VOLT_AMPERE_HOUR, _REGISTER, _I),
    _electric("Energy.Apparent.Net", Unit.VOLT_AMPERE_HOUR, _REGISTER, _N),
    _electric("Energy.Reactive.Export.Interval", Unit.VAR_HOUR, _INTERVAL, _O),
    _electric("Energy.Reactive.Export.Register", Unit.VAR_HOUR, _REGISTER, _O),
    _electric("Energy.Reactive.Import.Interval", Unit.VAR_HOUR, _INTERVAL, _I),
    _electric("Energy.Reactive.Import.Register", Unit.VAR_HOUR, _REGISTER, _I),
    _electric("Energy.Reactive.Net", Unit.VAR_HOUR, _REGISTER, _N),
    _of_vehicle("EnergyRequest.Bulk", Unit.WATT_HOUR),
    _of_vehicle("EnergyRequest.Maximum", Unit.WATT_HOUR),
    _of_vehicle("EnergyRequest.Maximum.V2X", Unit.WATT_HOUR, signed=True),
    _of_vehicle("EnergyRequest.Minimum", Unit.WATT_HOUR),
    _of_vehicle("EnergyRequest.Minimum.V2X", Unit.WATT_HOUR, signed=True),
    _of_vehicle("EnergyRequest.Target", Unit.WATT_HOUR),
    Measurand("Frequency", Unit.HERTZ, _MOMENT, Summary.MEAN),
    _electric("Power.Active.Export", Unit.WATT, _MOMENT, _O),
    _electric("Power.Active.Import", Unit.WATT, _MOMENT, _I),
    Measurand("Power.Active.Residual", Unit.WATT, _MOMENT, Summary.MEAN, _N, per_phase=True, signed=True),
    _electric("Power.Active.Setpoint", Unit.WATT, _LIMIT, _N),
    _electric("Power.Export.Minimum", Unit.WATT, _LIMIT, _O),
    _electric("Power.Export.Offered", Unit.WATT, _LIMIT, _O),
    Measurand("Power.Factor", Unit.NONE, _MOMENT, Summary.MEAN, per_phase=True, signed=True),
    _electric("Power.Import.Minimum", Unit.WATT, _LIMIT, _I),
    _electric("Power.Import.Offered", Unit.WATT, _LIMIT, _I),
    _electric("Power.Offered", Unit.WATT, _LIMIT, _I),
    _electric("Power.Reactive.Export", Unit.VAR, _MOMENT, _O),
    _electric("Power.Reactive.Import", Unit.VAR, _MOMENT, _I),
    Measurand("RPM", Unit.RPM, _MOMENT, Summary.LAST),
    Measurand("SoC", Unit.PERCENT, _MOMENT, Summary.LAST),
    Measurand("Temperature", Unit.CELSIUS, _MOMENT, Summary.LAST, signed=True),
    Measurand("Voltage", Unit.VOLT, _MOMENT, Summary.MEAN, per_phase=True),
    Measurand("Voltage.Maximum", Unit.VOLT, _LIMIT, Summary.LAST, per_phase=True),
    Measurand("Voltage.Minimum", Unit.VOLT, _LIMIT, Summary.LAST, per_phase=True),
)

MEASURANDS: Mapping[str, Measurand] = MappingProxyType({measurand.name: measurand for measurand in _ALL})
"""By wire name. 1.6 has a subset of the names, with the same meaning."""

DEFAULT_MEASURAND = "Energy.Active.Import.Register"

IMPORT_REGISTER = "Energy.Active.Import.Register"
EXPORT_REGISTER = "Energy.Active.Export.Register"
IMPORT_INTERVAL = "Energy.Active.Import.Interval"
EXPORT_INTERVAL = "Energy.Active.Export.Interval"


@dataclass(frozen=True, slots=True)
class Conversion:
    """value in `unit` = (value as it came + shift) x factor x 10 ** exponent."""

    unit: Unit
    exponent: int = 0
    shift: Decimal = Decimal(0)
    factor: Decimal = Decimal(1)

    @property
    def exact(self) -> bool:
        """Whether only the decimal point moves, so that no digit is lost."""
        return self.factor == 1 and self.shift == 0


_CONVERSIONS = {
    "Wh": Conversion(Unit.WATT_HOUR),
    "kWh": Conversion(Unit.WATT_HOUR, 3),
    "varh": Conversion(Unit.VAR_HOUR),
    "kvarh": Conversion(Unit.VAR_HOUR, 3),
    "VAh": Conversion(Unit.VOLT_AMPERE_HOUR),
    "kVAh": Conversion(Unit.VOLT_AMPERE_HOUR, 3),
    "W": Conversion(Unit.WATT),
    "kW": Conversion(Unit.WATT, 3),
    "var": Conversion(Unit.VAR),
    "kvar": Conversion(Unit.VAR, 3),
    "VA": Conversion(Unit.VOLT_AMPERE),
    "kVA": Conversion(Unit.VOLT_AMPERE, 3),
    "A": Conversion(Unit.AMPERE),
    "V": Conversion(Unit.VOLT),
    "Hz": Conversion(Unit.HERTZ),
    "Hertz": Conversion(Unit.HERTZ),
    "mHz": Conversion(Unit.HERTZ, -3),
    "Percent": Conversion(Unit.PERCENT),
    "%": Conversion(Unit.PERCENT),
    "s": Conversion(Unit.SECOND),
    "RPM": Conversion(Unit.RPM),
    "Celsius": Conversion(Unit.CELSIUS),
    "Celcius": Conversion(Unit.CELSIUS),  # so the schemas of 1.6 spell it
    "K": Conversion(Unit.CELSIUS, shift=Decimal("-273.15")),
    "Fahrenheit": Conversion(Unit.CELSIUS, shift=Decimal(-32), factor=Decimal(5) / 9),
}

CONVERSIONS: Mapping[str, Conversion] = MappingProxyType(
    {name.casefold(): conversion for name, conversion in _CONVERSIONS.items()}
)
"""By casefolded wire name: stations write kwh and KWH as well. No two units differ in case only."""
