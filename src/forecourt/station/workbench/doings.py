"""What can be done to a station, as data: from a line of text, from JSON, or from TOML, always with the same words."""

from __future__ import annotations

import shlex
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

from forecourt.station.disturbed import Impossible, What


class _Doing(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="do",
    rename="kebab",
    omit_defaults=True,
):
    pass


class Plug(_Doing, frozen=True, tag="plug"):
    """Plug a vehicle in. States of charge are 0 to 1; `target` is the one it wants. With `talks` it tells its needs (ISO 15118),
    and when it leaves; `contract` names one of the station's file, by which it is paid for. First it asks for a
    certificate by `exi` (base64), one in place of its own if it `renews`. Of several schedules it follows the one that it
    `chooses`; with `control` it talks by ISO 15118-20."""

    evse: int = 1
    connector: int = 1
    soc: float = 0.4
    target: float = 1.0
    battery_wh: float = 60_000.0
    ac_phases: int = 3
    ac_current_a: float = 16.0
    dc_power_w: float = 120_000.0
    discharge_w: float = 0.0
    talks: bool = False
    leaves_in_s: float | None = None
    contract: str | None = None
    exi: str | None = None
    renews: bool = False
    control: Literal["scheduled", "dynamic"] | None = None
    chooses: int = 1


class Unplug(_Doing, frozen=True, tag="unplug"):
    """Pull the cable, or only out of the vehicle."""

    evse: int = 1
    cable_left: bool = False


class Swipe(_Doing, frozen=True, tag="swipe"):
    """Hold a card to the reader of the station, or of one EVSE."""

    token: str
    kind: str = "ISO14443"
    evse: int | None = None


class Fault(_Doing, frozen=True, tag="fault"):
    """Something breaks: a ChargePointErrorCode of 1.6."""

    evse: int = 1
    code: str = "GroundFailure"


class Mend(_Doing, frozen=True, tag="mend"):
    """It is well again."""

    evse: int = 1


class Lock(_Doing, frozen=True, tag="lock"):
    """The lock of the plug moves no more, or moves again."""

    evse: int = 1
    to: Literal["jammed", "free"] = "jammed"


class Park(_Doing, frozen=True, tag="park"):
    """A vehicle drives into the bay in front of a sensor, or out of it."""

    evse: int = 1
    there: bool = True


class Hurry(_Doing, frozen=True, tag="hurry"):
    """The button for priority charging."""

    evse: int = 1
    wanted: bool = True


class Limit(_Doing, frozen=True, tag="limit"):
    """The driver sets limits to his transaction. `time_s` counts from its begin."""

    evse: int = 1
    energy_wh: Decimal | None = None
    time_s: int | None = None
    cost: Decimal | None = None
    soc_percent: int | None = None


class Renegotiate(_Doing, frozen=True, tag="renegotiate"):
    """The vehicle tells its needs anew."""

    evse: int = 1


class End(_Doing, frozen=True, tag="end"):
    """The vehicle ends the session (ISO 15118)."""

    evse: int = 1


class Choose(_Doing, frozen=True, tag="choose"):
    """The holder of a master pass chooses where transactions are to end: at an EVSE, or everywhere."""

    evse: int | None = None


class Restrict(_Doing, frozen=True, tag="restrict"):
    """An energy manager limits the station (EVSE 0) or an EVSE, per phase or as power; without a number no longer."""

    limit_a: float | None = None
    limit_w: float | None = None
    evse: int = 0
    source: str = "EMS"


class Power(_Doing, frozen=True, tag="power"):
    """Cut the power, or give it back; or it `fails`, and what a back-up holds is all that is left until it is `off`."""

    to: Literal["on", "off", "fails"]


class Network(_Doing, frozen=True, tag="network"):
    """Take the network away, give it back, or break the connection once."""

    to: Literal["on", "off", "cut"]


class Disk(_Doing, frozen=True, tag="disk"):
    """The disk is full, or has room again."""

    to: Literal["full", "free"]


class Clock(_Doing, frozen=True, tag="clock"):
    """The clock jumps by so many seconds."""

    by_s: float


class Set(_Doing, frozen=True, tag="set"):
    """Set a variable, as the installer does: `Component.Variable` or `Component.Variable.Instance`."""

    variable: str
    value: str


class Disturb(_Doing, frozen=True, tag="disturb"):
    """Drop, delay, double or precede by rubbish the next calls of the station: those of one action or any."""

    what: What
    action: str = "*"
    times: int = 1
    by_s: float = 0.0
    text: str = '[2,"no end'


Doing: TypeAlias = (
    Plug | Unplug | Swipe | Fault | Mend | Lock | Park | Hurry | Limit | Renegotiate | End | Choose | Restrict | Power | Network | Disk
    | Clock | Set | Disturb
)  # fmt: skip

KINDS: Final[dict[str, type[_Doing]]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Doing)}


def given(fields: dict[str, Any]) -> Doing:
    """Read what is to be done. Raises Impossible, with what is wrong."""
    try:
        doing: Doing = msgspec.convert(fields, Doing)
    except msgspec.ValidationError as error:
        raise Impossible(str(error)) from error
    return doing


def spoken(line: str) -> Doing:
    """Read a line such as `plug evse=1 soc=0.3` or `swipe 04A1B2C3`; what has no name comes in the order of the fields.

    Raises Impossible.
    """
    try:
        name, *words = shlex.split(line)
    except ValueError as error:
        raise Impossible(f"{line}: {error}") from error
    kind = KINDS.get(name)
    if kind is None:
        raise Impossible(f"{name}: one of {', '.join(KINDS)}")
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    fields: dict[str, Any] = {"do": name}
    for word in words:
        key, given_name, value = word.partition("=")
        if not given_name:
            key, value = next((free for free in names if free not in fields), ""), word
        fields[key.replace("_", "-")] = value
    try:
        doing: Doing = msgspec.convert(fields, Doing, strict=False)
    except msgspec.ValidationError as error:
        raise Impossible(f"{line}: {error}") from error
    return doing
