"""What the variables of one station are set to: its own values where they differ from the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import WHOLE_STATION, Place, Topology
from forecourt.station.device_model.table import Described, Mutability, Name, named, table
from forecourt.station.storage import Shelf, Storage

VALUES: Shelf[str] = Shelf("values", str)

Computed: TypeAlias = Mapping[Name, Callable[[Place], str]]
"""What is read from the station itself, by name."""

Bounds: TypeAlias = tuple[Decimal | None, Decimal | None]
"""The least and the most that a variable may be, or how short and how long."""


class Found(StrEnum):
    """GetVariableStatusEnumType, SetVariableStatusEnumType."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_COMPONENT = "UnknownComponent"
    UNKNOWN_VARIABLE = "UnknownVariable"
    NOT_SUPPORTED_ATTRIBUTE = "NotSupportedAttributeType"
    REBOOT_REQUIRED = "RebootRequired"


class Refusal(NamedTuple):
    """Why a value cannot be set: a reason code (Part 2, appendix 5), and a text for people."""

    reason: str
    text: str

    def __str__(self) -> str:
        return self.text


class DeviceModel:
    """Reads and writes. `check` says why a value of the right form cannot be set, or None. `store` keeps a value elsewhere, if that
    is where it belongs. `changed` is called after each write, with the name. `default` is what a variable is as long as nobody has
    set it, where the table does not say so. Variables in `lacks` are not there for anybody outside; the station goes by their
    defaults.
    """

    __slots__ = (
        "_changed",
        "_check",
        "_computed",
        "_default",
        "_lacks",
        "_limits",
        "_storage",
        "_store",
        "_topology",
        "_values",
    )

    def __init__(
        self,
        storage: Storage,
        topology: Topology,
        computed: Computed,
        limits: Computed,
        check: Callable[[Name, str], Refusal | None],
        store: Callable[[Name, str], bool],
        changed: Callable[[Name], object],
        default: Callable[[Name], str | None],
        lacks: Collection[tuple[str, str, str]],
    ) -> None:
        self._storage: Final = storage
        self._topology: Final = topology
        self._computed: Final = computed
        self._limits: Final = limits
        self._check: Final = check
        self._store: Final = store
        self._changed: Final = changed
        self._default: Final = default
        self._lacks: Final = lacks
        self._values: dict[Name, str] = {Name(*key.split("|")): value for key, value in storage.items(VALUES)}

    # What blocks ask.

    def text(self, component: str, variable: str, instance: str = "") -> str:
        name = Name(component, variable, instance)
        found = self._values.get(name)
        if found is None:
            found = self._default(name)
        return table()[name].default if found is None else found

    def flag(self, component: str, variable: str) -> bool:
        return self.text(component, variable).casefold() == "true"

    def integer(self, component: str, variable: str, instance: str = "") -> int:
        return int(Decimal(self.text(component, variable, instance)))

    def members(self, component: str, variable: str) -> tuple[str, ...]:
        text = self.text(component, variable)
        return tuple(member.strip() for member in text.split(",")) if text.strip() else ()

    # What a management system asks.

    def find(self, component: str, variable: str, instance: str, place: Place) -> tuple[Found, Described | None]:
        """The row of a variable at a place, or why there is none."""
        name = named(component, variable, instance)
        if name is None:
            known = {row.component.casefold() for row in table()}
            missing = component.casefold() not in known
            return (Found.UNKNOWN_COMPONENT if missing else Found.UNKNOWN_VARIABLE), None
        if name in self._lacks:
            return Found.UNKNOWN_VARIABLE, None
        row = table()[name]
        if place not in self.places(row):
            return Found.UNKNOWN_COMPONENT, None
        return Found.ACCEPTED, row

    def read(self, row: Described, place: Place) -> tuple[Found, str | None]:
        """B06.FR.09: what may only be written is refused."""
        if row.mutability is Mutability.WRITE_ONLY:
            return Found.REJECTED, None
        return Found.ACCEPTED, self.value(row, place)

    def value(self, row: Described, place: Place) -> str:
        computed = self._computed.get(row.name)
        return computed(place) if computed is not None else self.text(*row.name)

    def bounds(self, row: Described, place: Place) -> Bounds:
        """What `row` says, unless the most depends on the place."""
        limit = self._limits.get(row.name)
        return row.minimum, row.maximum if limit is None else Decimal(limit(place))

    def write(self, row: Described, value: str) -> tuple[Found, Refusal | None]:
        """Set a variable. Returns the status and why not."""
        if not row.writable:
            return Found.REJECTED, Refusal("ReadOnly", "read only")
        fault = row.fault(value)
        refusal = self._check(row.name, value) if fault is None else Refusal("InvalidValue", fault)
        if refusal is not None:
            return Found.REJECTED, refusal
        self.set(row.name, value)
        return (Found.REBOOT_REQUIRED if row.reboot else Found.ACCEPTED), None

    def set(self, name: Name, value: str) -> None:
        """Set a variable, by the station itself or after all checks."""
        if table()[name].kind == "boolean":
            value = value.casefold()
        if not self._store(name, value):
            self._values[name] = value
            self._storage.put(VALUES, "|".join(name), value)
        self._changed(name)

    def rows(self) -> Iterator[tuple[Described, Place]]:
        """Every variable at each of its places."""
        for row in table().values():
            if row.name in self._lacks:
                continue
            for place in self.places(row):
                yield row, place

    def places(self, row: Described) -> tuple[Place, ...]:
        match row.place:
            case "station":
                return (WHOLE_STATION,)
            case "evse":
                return tuple(Place(evse.evse_id) for evse in self._topology.evses)
            case _:
                return tuple(
                    Place(EvseId(evse.evse_id), ConnectorId(connector.connector_id))
                    for evse in self._topology.evses
                    for connector in evse.connectors
                )
