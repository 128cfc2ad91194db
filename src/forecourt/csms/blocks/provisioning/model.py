"""The words of provisioning: components and variables, and what is said about them.

There is one device model, that of 2.1. What an older version calls a configuration key is a variable here (`keys`).
Names of components and variables are compared without regard to case (part 2, Component and Variable).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from forecourt.csms.redaction import SECRET_NAMES

MAX_VALUE_LENGTH: Final = 2_500

KEYS_COMPONENT: Final = "ConfigurationKeys"
"""Where configuration keys that are no variable of 2.1 are kept, vendors' own among them: one variable per key."""


class Attribute(StrEnum):
    """Which of a variable's values is meant."""

    ACTUAL = "Actual"
    TARGET = "Target"
    MIN_SET = "MinSet"
    MAX_SET = "MaxSet"


class Mutability(StrEnum):
    """What may be done with a value."""

    READ_ONLY = "ReadOnly"
    WRITE_ONLY = "WriteOnly"
    READ_WRITE = "ReadWrite"


class VariableStatus(StrEnum):
    """What a station says about reading or setting one value."""

    ACCEPTED = "Accepted"
    REBOOT_REQUIRED = "RebootRequired"
    REJECTED = "Rejected"
    UNKNOWN_COMPONENT = "UnknownComponent"
    UNKNOWN_VARIABLE = "UnknownVariable"
    NOT_SUPPORTED_ATTRIBUTE = "NotSupportedAttributeType"


DONE: Final = frozenset({VariableStatus.ACCEPTED, VariableStatus.REBOOT_REQUIRED})
"""The station took it."""


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a station, at the station itself, at an EVSE or at a connector."""

    name: str
    instance: str = ""
    evse_id: int | None = None
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """Something of a component that has a value."""

    name: str
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """What a value is the value of."""

    component: Component
    variable: Variable
    attribute: Attribute = Attribute.ACTUAL

    @classmethod
    def of(cls, component: str, variable: str, instance: str = "") -> Name:
        """The actual value of a variable of a component of the station itself."""
        return cls(Component(component), Variable(variable, instance))

    @property
    def path(self) -> str:
        """`evse[instance]@1.2/availabilitystate[instance]`: the same for the same variable, however it is spelt."""
        where = "" if self.component.evse_id is None else f"@{self.component.evse_id}"
        if where and self.component.connector_id is not None:
            where += f".{self.component.connector_id}"
        component = _spelt(self.component.name, self.component.instance)
        return f"{component}{where}/{_spelt(self.variable.name, self.variable.instance)}"

    @property
    def is_secret(self) -> bool:
        """Whether its value must never be kept."""
        return self.variable.name.casefold() in SECRET_NAMES

    def __str__(self) -> str:
        return self.path if self.attribute is Attribute.ACTUAL else f"{self.path} ({self.attribute})"


def _spelt(name: str, instance: str) -> str:
    said = name.casefold().replace("%", "%25").replace("/", "%2f").replace("[", "%5b").replace("@", "%40")
    return f"{said}[{instance.casefold().replace('%', '%25').replace('/', '%2f')}]" if instance else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristics:
    """What values a variable may have."""

    data_type: str = ""
    unit: str = ""
    min_limit: Decimal | None = None
    max_limit: Decimal | None = None
    max_elements: int | None = None
    values_list: str = ""
    supports_monitoring: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A value as a station reports it, with all it says about it. Value None means that it has none, or does not tell."""

    name: Name
    value: str | None
    mutability: Mutability = Mutability.READ_WRITE
    persistent: bool = False
    constant: bool = False
    characteristics: Characteristics | None = None


@dataclass(frozen=True, slots=True)
class Got:
    """What came of reading one value. The fields are named so that redaction finds secrets."""

    component: Component
    variable: Variable
    attribute: Attribute
    status: VariableStatus
    value: str | None = None
    reason: str = ""

    @property
    def name(self) -> Name:
        """What was read."""
        return Name(self.component, self.variable, self.attribute)


@dataclass(frozen=True, slots=True)
class Given:
    """A value to be set. The fields are named so that redaction finds secrets."""

    component: Component
    variable: Variable
    value: str
    attribute: Attribute = Attribute.ACTUAL

    @property
    def name(self) -> Name:
        """What is to be set."""
        return Name(self.component, self.variable, self.attribute)

    @classmethod
    def to(cls, name: Name, value: str) -> Given:
        """`value` for the variable `name`."""
        return cls(name.component, name.variable, value, name.attribute)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of setting one value; the value itself is not repeated."""

    component: Component
    variable: Variable
    attribute: Attribute
    status: VariableStatus
    reason: str = ""

    @property
    def name(self) -> Name:
        """What was to be set."""
        return Name(self.component, self.variable, self.attribute)
