"""What a command is asked for with, as data: its fields, their types, units, bounds and meaning, for the API and for pages.

All of it is read off the command's dataclass; nobody writes a form by hand. In the API names are in camel case and what
nobody knows is refused; a command whose dataclass cannot be written down by a client (a reference to a record of ours) has a
form of its own (`Form.of` with `body` and `make`).
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
import types
import typing
from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, Final, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import Meta

from forecourt.charging.tokens import Token, TokenKind
from forecourt.csms.stations.commands import Command
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work
from forecourt.csms.web.flaws import placed
from forecourt.errors import Invalid, NotFound

Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]
_ANY_TEXT: Final = Meta(max_length=2_500, pattern=r"^[^\x00]*$")

BOUNDS: Final[Mapping[tuple[type, str], Any]] = types.MappingProxyType(
    {
        (Token, "value"): Annotated[
            str,
            Meta(
                min_length=1, max_length=255, pattern=r"^[^\x00]*$", description="what is read from the card, or typed"
            ),
        ],
        (Token, "kind"): Annotated[
            str,
            Meta(
                max_length=20,
                pattern=r"^[^\x00]*$",
                description="its type, such as ISO14443; empty for an idTag of 1.6",
                extra_json_schema={"examples": [kind.value for kind in TokenKind if kind]},
            ),
        ],
    }
)
"""Bounds and words for fields of types that know neither."""

_UNITS: Final = types.MappingProxyType(
    {"S": "s", "W": "W", "Wh": "Wh", "A": "A", "V": "V", "Percent": "%", "Bytes": "B", "Days": "d"}
)
"""What names end with, and the unit that means."""

CommandT = TypeVar("CommandT", bound=Command)
Make = Callable[[Work, Station, Any], Awaitable[Command]]
Check = Callable[[Work, Station, CommandT], Awaitable[None]]


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """How one kind of command is asked for. `title` and `summary` are for people, `body` is what arguments must look like."""

    command: type[Command]
    title: str
    summary: str
    body: type[msgspec.Struct]
    make: Make

    @classmethod
    def of(
        cls,
        command: type[CommandT],
        *,
        body: type[msgspec.Struct] | None = None,
        make: Make | None = None,
        check: Check[CommandT] | None = None,
    ) -> Form:
        """The form of a command. With `body` and `make` it is another than its own fields.

        `check` raises Invalid for what this station cannot be asked; its fields are named as in the form.
        """
        own = _wire(command) if body is None else body

        async def from_fields(work: Work, station: Station, arguments: Any) -> Command:
            made: CommandT = _domain(arguments, command)
            if check is not None:
                await check(work, station, made)
            return made

        words = inspect.cleandoc(command.__doc__ or "")
        return cls(command, _title(command.kind), " ".join(words.split()), own, make or from_fields)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the arguments, complete in itself. A property whose name says its unit has it as `x-unit`."""
        (top,), definitions = msgspec.json.schema_components([self.body], ref_template="#/$defs/{name}")
        name = top["$ref"].rpartition("/")[2]
        for one in definitions.values():
            for field, said in one.get("properties", {}).items():
                unit = next((unit for end, unit in _UNITS.items() if field != end and field.endswith(end)), None)
                if unit is not None and not {"boolean", "string"} & {said.get("type")}:
                    said["x-unit"] = unit
        own = definitions.pop(name)
        return {**own, "$defs": definitions} if definitions else own

    @property
    def holds_nothing(self) -> bool:
        """Whether there is nothing to fill in."""
        return not self.body.__struct_fields__

    async def fill(self, work: Work, station: Station, arguments: Any, path: str = "arguments") -> Command:
        """The command that these arguments mean. Raises Invalid and NotFound, with the paths of what is wrong."""
        try:
            filled = msgspec.convert(arguments, self.body)
        except msgspec.ValidationError as error:
            raise _refused(error, path) from error
        try:
            return await self.make(work, station, filled)
        except (Invalid, NotFound) as error:
            fields = {f"{path}.{field}" if field else path: message for field, message in error.fields.items()}
            raise type(error)(error.code, error.message, fields) from error


class Forms:
    """The forms of all commands that any version has words for."""

    def __init__(self, commands: Iterable[type[Command]], own: Iterable[Form] = ()) -> None:
        """`own` are forms that differ from the fields of their commands."""
        special = {form.command: form for form in own}
        known = sorted(set(commands), key=lambda command: command.kind)
        self._forms = {command.kind: special.get(command) or Form.of(command) for command in known}

    def __iter__(self) -> typing.Iterator[Form]:
        return iter(self._forms.values())

    def named(self, kind: str) -> Form:
        """The form of a kind of command. Raises Invalid."""
        form = self._forms.get(kind)
        if form is None:
            message = f"there is no command {kind}; see GET /api/v1/command-kinds"
            raise Invalid("command_kind_unknown", message, {"kind": message})
        return form


def shown(arguments: Any) -> Any:
    """Recorded arguments in the names of the API. What is data of others (`payload`, `data`) is left as it is."""
    if isinstance(arguments, list):
        return [shown(one) for one in arguments]
    if not isinstance(arguments, dict):
        return arguments
    return {_camel(name): one if name in ("payload", "data") else shown(one) for name, one in arguments.items()}


def _refused(error: msgspec.ValidationError, prefix: str) -> Invalid:
    path, what = placed(str(error))
    return Invalid(
        "arguments_invalid", f"{what} ({path or 'arguments'})", {f"{prefix}.{path}" if path else prefix: what}
    )


_WIRE: Final[dict[type, type[msgspec.Struct]]] = {}


def _wire(domain: type) -> type[msgspec.Struct]:
    """What a domain type looks like in the API: the same fields in camel case, unknown ones refused."""
    if domain not in _WIRE:
        fields = [_field(domain, *one) for one in _fields_of(domain)]
        # The required ones have to come first, or msgspec would not take it.
        _WIRE[domain] = msgspec.defstruct(
            domain.__name__, fields, kw_only=True, frozen=True, forbid_unknown_fields=True, module=__name__
        )
        _WIRE[domain].__doc__ = " ".join(inspect.cleandoc(domain.__doc__ or "").split())
    return _WIRE[domain]


@functools.cache
def _fields_of(domain: type) -> list[tuple[str, str, Any, Any]]:
    """Name, name in the API, type and default of each field."""
    hints = typing.get_type_hints(domain, include_extras=True)
    if issubclass(domain, msgspec.Struct):
        return [
            (field.name, field.encode_name, hints[field.name], field.default)
            for field in msgspec.structs.fields(domain)
        ]
    return [
        (
            field.name,
            _camel(field.name),
            hints[field.name],
            msgspec.NODEFAULT if field.default is dataclasses.MISSING else field.default,
        )
        for field in dataclasses.fields(cast("Any", domain))
    ]


def _field(domain: type, name: str, encoded: str, kind: Any, default: Any) -> Any:
    wire = BOUNDS.get((domain, name)) or _wire_type(kind)
    if wire is str:
        wire = Annotated[str, _ANY_TEXT]
    return (name, wire, msgspec.field(default=default, name=encoded))


def _wire_type(kind: Any) -> Any:
    if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct)):
        return _wire(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return Annotated[(_wire_type(arguments[0]), *arguments[1:])]
    if origin in (Union, types.UnionType):
        return Union[tuple(_wire_type(one) for one in arguments)]  # noqa: UP007 - made of a list
    if origin is tuple:
        return Annotated[tuple[_wire_type(arguments[0]), ...], Meta(max_length=1_000)]  # type: ignore[misc]
    return kind


def _domain(value: Any, kind: Any) -> Any:
    """A value of the API's type as one of the domain's."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _domain(value, arguments[0])
    if value is None:
        return None
    if origin in (Union, types.UnionType):
        return _domain(value, next(one for one in arguments if one is not type(None)))
    if origin is tuple:
        return tuple(_domain(one, arguments[0]) for one in value)
    if isinstance(kind, type) and isinstance(value, msgspec.Struct) and not isinstance(value, Enum):
        return kind(**{name: _domain(getattr(value, name), inner) for name, _, inner, _ in _fields_of(kind)})
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _title(kind: str) -> str:
    """`StartCharging` as people read it: Start charging."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).capitalize()
