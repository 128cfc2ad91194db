"""The variables that every station has, as data. One table is shared by all stations of a process.

`table.csv` lists component, variable, instance, whether there is one per station, EVSE or connector, type, unit,
mutability, limits, choices and default, and the configuration key that is the same thing in 1.6. There is no variable in
it that may be written and then has no effect.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, NamedTuple

from forecourt.station.device_model.zones import fault

MEASURED: Final = (
    "Current.Export",
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Offered",
    "SoC",
    "Temperature",
    "Voltage",
)
"""The measurands that our meters have."""


class Mutability(StrEnum):
    READ_ONLY = "ReadOnly"
    WRITE_ONLY = "WriteOnly"
    READ_WRITE = "ReadWrite"


class Name(NamedTuple):
    """A variable of a component, whatever EVSE it is at. Empty text where there is no instance; an instance of the component
    stands in brackets: NetworkConfiguration[2]."""

    component: str
    variable: str
    instance: str = ""

    def __str__(self) -> str:
        return f"{self.component}.{self.variable}" + (f"[{self.instance}]" if self.instance else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One row. `minimum` and `maximum` bound a number, the length of a text, or how many members; `key` is its name in 1.6."""

    name: Name
    place: str
    kind: str
    unit: str
    mutability: Mutability
    minimum: Decimal | None
    maximum: Decimal | None
    choices: tuple[str, ...]
    form: str
    default: str
    key: str
    reboot: bool

    @property
    def writable(self) -> bool:
        return self.mutability is not Mutability.READ_ONLY

    def fault(self, value: str) -> str | None:
        """Why `value` cannot be set, or None."""
        match self.kind:
            case "boolean":
                return None if value.casefold() in ("true", "false") else "no boolean"
            case "integer" | "decimal":
                return self._number_fault(value)
            case "MemberList" | "SequenceList":
                members = [member.strip() for member in value.split(",")] if value.strip() else []
                if self.minimum is not None and len(members) < self.minimum:
                    return "too few members"
                if len(set(members)) != len(members):
                    return "a member twice"
                return next(
                    (f"unknown member {one}" for one in members if self.choices and one not in self.choices), None
                )
            case "OptionList":
                return None if value in self.choices else "no such option"
            case _ if self.form:
                return fault(self.form, value)
            case _:
                if self.minimum is not None and len(value) < self.minimum:
                    return "too short"
                return "too long" if self.maximum is not None and len(value) > self.maximum else None

    def _number_fault(self, value: str) -> str | None:
        try:
            number = Decimal(value)
        except InvalidOperation:
            return "no number"
        if not number.is_finite() or (self.kind == "integer" and number != number.to_integral_value()):
            return "no number of this kind"
        if (self.minimum is not None and number < self.minimum) or (self.maximum is not None and number > self.maximum):
            return "out of range"
        return None


@cache
def table() -> Mapping[Name, Described]:
    """Every row by name, in the order of the file."""
    text = files(__package__).joinpath("table.csv").read_text(encoding="utf-8")
    rows = (_described(row) for row in csv.DictReader(text.splitlines()))
    return MappingProxyType({row.name: row for row in rows})


@cache
def keys() -> Mapping[str, Described]:
    """The rows that 1.6 knows, by configuration key. Keys are case-sensitive (1.6, 5.8)."""
    return MappingProxyType({row.key: row for row in table().values() if row.key})


@cache
def named(component: str, variable: str, instance: str = "") -> Name | None:
    """The exact name of a variable; names are compared without case (Part 1, 4.1)."""
    wanted = (component.casefold(), variable.casefold(), instance.casefold())
    return next((name for name in table() if tuple(part.casefold() for part in name) == wanted), None)


def _described(row: dict[str, str]) -> Described:
    form = row["values"].strip("<>") if row["values"] in ("<offset>", "<zone>") else ""
    choices = ",".join(MEASURED) if row["values"] == "<measurands>" else "" if form else row["values"]
    return Described(
        name=Name(row["component"], row["variable"], row["instance"]),
        place=row["place"],
        kind=row["type"],
        unit=row["unit"],
        mutability=Mutability(row["mutability"]),
        minimum=Decimal(row["minimum"]) if row["minimum"] else None,
        maximum=Decimal(row["maximum"]) if row["maximum"] else None,
        choices=tuple(choices.split(",")) if choices else (),
        form=form,
        default=row["default"],
        key=row["key"],
        reboot=bool(row["reboot"]),
    )
