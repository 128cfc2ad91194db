"""Components and variables in the words of 2.0.1 and 2.1, there and back."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec
from msgspec import UNSET, UnsetType

from forecourt.csms.blocks.provisioning.commands import SetNetworkProfile
from forecourt.csms.blocks.provisioning.model import (
    Attribute,
    Characteristics,
    Component,
    Got,
    Mutability,
    Name,
    Reported,
    Taken,
    Variable,
    VariableStatus,
)
from forecourt.errors import Invalid
from forecourt.ocpp import v2
from forecourt.ocpp.message import Message

_OCPP_VERSIONS: Final = {"2.0.1": "OCPP20", "2.1": "OCPP21"}

_ATTRIBUTES: Final = {one.value: one for one in Attribute}
_MUTABILITIES: Final = {one.value: one for one in Mutability}
_STATUSES: Final = {one.value: one for one in VariableStatus}


# To the wire.


def read_request(name: Name) -> v2.GetVariableData:
    """What reads a value. An absent attribute means the actual one (B06.FR.11)."""
    return v2.GetVariableData(
        component=component(name.component), variable=variable(name.variable), attribute_type=_said(name.attribute)
    )


def set_request(name: Name, value: str) -> v2.SetVariableData:
    """What sets a value. An absent attribute means the actual one (B05.FR.12)."""
    return v2.SetVariableData(
        component=component(name.component),
        variable=variable(name.variable),
        attribute_type=_said(name.attribute),
        attribute_value=value,
    )


def _said(attribute: Attribute) -> v2.Attribute | UnsetType:
    return UNSET if attribute is Attribute.ACTUAL else cast(v2.Attribute, attribute.value)


def component(ours: Component) -> v2.Component:
    """A component, where it is."""
    evse: v2.EVSE | UnsetType = UNSET
    if ours.evse_id is not None:
        evse = v2.EVSE(id=ours.evse_id, connector_id=UNSET if ours.connector_id is None else ours.connector_id)
    return v2.Component(name=ours.name, instance=ours.instance or UNSET, evse=evse)


def variable(ours: Variable) -> v2.Variable:
    """A variable."""
    return v2.Variable(name=ours.name, instance=ours.instance or UNSET)


def size_of(item: Message) -> int:
    """How many bytes an item takes in a message."""
    return len(msgspec.json.encode(item)) + 1


def connection_data(command: SetNetworkProfile, version: str) -> v2.NetworkConnectionProfile:
    """A way to reach a management system, for a station that speaks `version`. Raises Invalid."""
    profile = command.profile
    # The words of the wire are checked when it is written, against the version the station speaks.
    fields: dict[str, Any] = {
        "ocppVersion": profile.ocpp_version or _OCPP_VERSIONS[version],
        "ocppTransport": "JSON",
        "ocppInterface": profile.interface,
        "ocppCsmsUrl": profile.csms_url,
        "messageTimeout": profile.message_timeout_s,
        "securityProfile": profile.security_profile,
        "identity": profile.identity,
        "basicAuthPassword": profile.basic_auth_password,
    }
    if profile.apn is not None:
        fields["apn"] = _filled(msgspec.to_builtins(profile.apn))
    if profile.vpn is not None:
        fields["vpn"] = _filled(msgspec.to_builtins(profile.vpn))
    try:
        return msgspec.convert(_filled(fields), v2.NetworkConnectionProfile)
    except msgspec.ValidationError as error:
        raise Invalid("network_profile", str(error), {"profile": str(error)}) from error


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", None)}


# From the wire.


def name_of(one: v2.GetVariableResult | v2.SetVariableResult) -> Name:
    """What a result is about."""
    attribute = _attribute(one.attribute_type)
    return _name_of(one.component, one.variable, attribute)


def _name_of(part: v2.Component, of_it: v2.Variable, attribute: Attribute) -> Name:
    evse = part.evse
    return Name(
        Component(
            part.name,
            text(part.instance),
            None if evse is UNSET else evse.id,
            None if evse is UNSET or evse.connector_id is UNSET else evse.connector_id,
        ),
        Variable(of_it.name, text(of_it.instance)),
        attribute,
    )


def reported(item: v2.ReportData) -> list[Reported]:
    """What a report says of a variable: one value for each attribute."""
    said = item.variable_characteristics
    characteristics = None
    if said is not UNSET:
        characteristics = Characteristics(
            data_type=said.data_type,
            unit=text(said.unit),
            min_limit=None if said.min_limit is UNSET else said.min_limit,
            max_limit=None if said.max_limit is UNSET else said.max_limit,
            max_elements=None if said.max_elements is UNSET else said.max_elements,
            values_list=text(said.values_list),
            supports_monitoring=said.supports_monitoring,
        )
    return [
        Reported(
            name=_name_of(item.component, item.variable, _attribute(one.type)),
            value=None if one.value is UNSET else one.value,
            mutability=_mutability(one.mutability),
            persistent=one.persistent is True,
            constant=one.constant is True,
            characteristics=characteristics,
        )
        for one in item.variable_attribute
    ]


def got(name: Name, result: v2.GetVariableResult | None) -> Got:
    """What came of reading a value."""
    if result is None:
        # B06.FR.01: there should have been one.
        return Got(name.component, name.variable, name.attribute, VariableStatus.REJECTED, None, "no result")
    value = None if result.attribute_value is UNSET else result.attribute_value
    status, reason = _status(result.attribute_status), _reason(result.attribute_status_info)
    return Got(name.component, name.variable, name.attribute, status, value, reason)


def taken(name: Name, result: v2.SetVariableResult | None) -> Taken:
    """What came of setting a value."""
    if result is None:
        # B05.FR.01: there should have been one.
        return Taken(name.component, name.variable, name.attribute, VariableStatus.REJECTED, "no result")
    status, reason = _status(result.attribute_status), _reason(result.attribute_status_info)
    return Taken(name.component, name.variable, name.attribute, status, reason)


def details(info: v2.StatusInfo | UnsetType) -> dict[str, str]:
    """What a station adds to its word, for people."""
    if info is UNSET:
        return {}
    added = {} if info.additional_info is UNSET else {"additionalInfo": info.additional_info}
    return {"reasonCode": info.reason_code, **added}


def text(value: str | UnsetType) -> str:
    """A text, empty where there is none."""
    return "" if value is UNSET else value


def _reason(info: v2.StatusInfo | UnsetType) -> str:
    return ": ".join(details(info).values())


# Tolerant reading keeps words that are on no list.


def _attribute(word: str | UnsetType) -> Attribute:
    return _ATTRIBUTES.get(text(word), Attribute.ACTUAL)


def _mutability(word: str | UnsetType) -> Mutability:
    return _MUTABILITIES.get(text(word), Mutability.READ_WRITE)


def _status(word: str) -> VariableStatus:
    return _STATUSES.get(word, VariableStatus.REJECTED)
