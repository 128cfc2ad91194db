"""The generated types say what the schemas say: nothing more, nothing less, and nothing in the schemas' words."""

from __future__ import annotations

import ast
import copy
import json
import typing
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

import forecourt.ocpp
from forecourt.ocpp import v2, v16
from forecourt.ocpp.delta import Bounds, Delta
from forecourt.ocpp.message import VENDOR_ID_LENGTH, CustomData, Message
from forecourt.ocpp.v2 import messages as messages_2
from forecourt.ocpp.v2 import types as types_2
from forecourt.ocpp.v2.deltas import DELTAS
from forecourt.ocpp.v16 import messages as messages_16
from forecourt.ocpp.v16 import types as types_16
from tools.generate import schemas

Schema = dict[str, Any]

DIALECTS = {"1.6": v16, "2.0.1": v2, "2.1": v2}
ALL_DELTAS = {"1.6": Delta(), **DELTAS}
INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}
GENERATED = sorted(path for name in ("v16", "v2") for path in (Path(forecourt.ocpp.__path__[0]) / name).glob("*.py"))


def structs_of(module: Any) -> dict[str, type[Message]]:
    """The structs that `module` itself defines."""
    return {
        name: found
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, Message) and found.__module__ == module.__name__
    }


ALL_STRUCTS = [
    struct for module in (types_16, messages_16, types_2, messages_2) for struct in structs_of(module).values()
]


def wire_names(struct: type[Message]) -> dict[str, str]:
    """Attributes by the name they have on the wire."""
    return dict(zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True))


class Taken:
    """An annotation taken apart: whether it may be absent, what it is at heart, and what its Metas say."""

    def __init__(self, annotation: Any) -> None:
        self.optional = False
        self.limits: dict[str, Any] = {}
        self.kind = self._heart(annotation)

    def _heart(self, annotation: Any) -> Any:
        origin = typing.get_origin(annotation)
        if origin in (Union, UnionType):
            self.optional = UnsetType in typing.get_args(annotation)
            (annotation,) = (one for one in typing.get_args(annotation) if one is not UnsetType)
            return self._heart(annotation)
        if origin is Annotated:
            inner, *metas = typing.get_args(annotation)
            for meta in metas:
                assert isinstance(meta, Meta)
                said = {name: getattr(meta, name) for name in ("ge", "le", "min_length", "max_length", "tz")}
                self.limits |= {name: value for name, value in said.items() if value is not None} | (meta.extra or {})
            return self._heart(inner)
        return annotation


class Comparison:
    """Walks one version's schemas and our types in step and tells every difference."""

    def __init__(self, version: str) -> None:
        self.delta = ALL_DELTAS[version]
        self.definitions: Schema = {}
        self.compared: set[type[Message]] = set()

    def message(self, struct: type[Message], schema: Schema) -> Iterator[str]:
        self.definitions = schema.get("definitions", {})
        yield from self.struct(struct, schema)

    def struct(self, struct: type[Message], schema: Schema) -> Iterator[str]:
        self.compared.add(struct)
        name, attributes, hints = (
            struct.__name__,
            wire_names(struct),
            typing.get_type_hints(struct, include_extras=True),
        )
        properties = schema.get("properties", {})
        absent = self.delta.absent.get(struct, frozenset())
        for wire in attributes.keys() - properties.keys():
            if attributes[wire] not in absent:
                yield f"{name}.{wire} is not in the schema"
        for wire, inner in properties.items():
            if wire not in attributes or attributes[wire] in absent:
                yield f"{name}.{wire} is missing"
                continue
            attribute = attributes[wire]
            taken = Taken(hints[attribute])
            required = not taken.optional or attribute in self.delta.required.get(struct, frozenset())
            if required != (wire in schema.get("required", [])):
                yield f"{name}.{wire} is required: {required}"
            yield from self.value(f"{name}.{wire}", (struct, attribute), taken, inner)

    def value(self, at: str, key: tuple[type[Message], str], taken: Taken, schema: Schema) -> Iterator[str]:
        if "$ref" in schema:
            schema = self.definitions[schema["$ref"].removeprefix("#/definitions/")]
        bounds = self.delta.bounds.get(key, Bounds())
        kind, limits = taken.kind, taken.limits
        said: Any
        meant: Any
        match schema.get("type"):
            case None:
                said, meant = kind is Any and not limits, True
            case "object" if "vendorId" in schema["properties"] and "additionalProperties" not in schema:
                said = (kind, VENDOR_ID_LENGTH)
                meant = (CustomData, schema["properties"]["vendorId"]["maxLength"])
            case "object":
                said, meant = set(), set(self.struct(kind, schema))
            case "array":
                least, most = limits.get("min_length"), limits.get("max_length")
                said = (bounds.min_items or least, bounds.max_items or most)
                meant = (schema.get("minItems"), schema.get("maxItems"))
                yield from self.value(at, key, Taken(typing.get_args(kind)[0]), schema["items"])
            case "string" if "enum" in schema:
                said = self.delta.values.get(key) or frozenset(typing.get_args(kind))
                meant = frozenset(schema["enum"])
            case "string" if "format" in schema:
                said, meant = (kind, limits.get("tz")), (datetime, True)
            case "string":
                said = (kind, bounds.max_length or limits.get("max_length"))
                meant = (str, schema.get("maxLength"))
            case "boolean":
                said, meant = kind, bool
            case "integer":
                narrow = {"minimum": bounds.minimum, "maximum": bounds.maximum}
                loose = {"minimum": limits.get("ge"), "maximum": limits.get("le")}
                if kind is not int:
                    loose, narrow = {"whole": bounds.integral}, {}
                    meant = {"whole": True}
                else:
                    meant = {limit: schema.get(limit, INT64[limit]) for limit in INT64}
                said = loose | {limit: value for limit, value in narrow.items() if value is not None}
            case "number":
                said = {limit: limits.get(limit) for limit in ("minimum", "maximum", "multiple_of", "number")}
                said["whole"] = bounds.integral
                for limit in ("minimum", "maximum"):
                    if getattr(bounds, limit) is not None:
                        said[limit] = getattr(bounds, limit)
                step = schema.get("multipleOf")
                meant = {
                    "minimum": schema.get("minimum"),
                    "maximum": schema.get("maximum"),
                    "multiple_of": None if step is None else Decimal(str(step)),
                    "number": True,
                    "whole": False,
                }
            case other:
                said, meant = "nothing known", other
        if said != meant:
            yield f"{at}: we say {said}, the schema {meant}"


def differences(version: str, changed: dict[str, Schema] | None = None) -> list[str]:
    comparison = Comparison(version)
    return [
        difference
        for name, schema in (changed or schemas(version)).items()
        for difference in comparison.message(getattr(DIALECTS[version], name), schema)
    ]


@pytest.mark.parametrize("version", DIALECTS)
def test_types_and_delta_together_say_exactly_what_the_schemas_of_a_version_say(version: str) -> None:
    assert differences(version) == []


@pytest.mark.parametrize(
    ("version", "path", "value"),
    [
        ("1.6", "Authorize.properties.idTag.maxLength", 21),
        ("1.6", "SetChargingProfile.required", ["connectorId"]),
        ("1.6", "Reset.properties.type.enum", ["Hard"]),
        ("2.0.1", "Authorize.definitions.IdTokenEnumType.enum", ["Central"]),
        ("2.0.1", "Authorize.definitions.IdTokenType.properties.idToken.maxLength", 255),
        ("2.0.1", "NotifyEVChargingNeeds.definitions.ACChargingParametersType.properties.energyAmount.type", "number"),
        ("2.0.1", "TransactionEvent.properties.costDetails", {"type": "boolean"}),
        ("2.0.1", "MeterValues.definitions.SignedMeterValueType.required", ["signedMeterData"]),
        ("2.1", "TransactionEvent.properties.seqNo.minimum", 1),
        ("2.1", "GetDisplayMessages.properties.id.items.minimum", 1),
        ("2.1", "TransactionEvent.properties.meterValue.minItems", 2),
        ("2.1", "NotifyReport.properties.customData", {"type": "boolean"}),
        ("2.1", "SetDefaultTariff.definitions.TaxRateType.properties.tax.minimum", 7),
    ],
)
def test_the_comparison_sees_a_difference(version: str, path: str, value: object) -> None:
    changed = copy.deepcopy(schemas(version))
    *steps, last = path.split(".")
    place: Any = changed
    for step in steps:
        place = place[step]
    place[last] = value
    assert differences(version, changed)


@pytest.mark.parametrize("version", DIALECTS)
def test_every_type_a_version_knows_is_compared(version: str) -> None:
    comparison = Comparison(version)
    for name, schema in schemas(version).items():
        list(comparison.message(getattr(DIALECTS[version], name), schema))
    dialect = [struct for struct in ALL_STRUCTS if getattr(DIALECTS[version], struct.__name__, None) is struct]
    if version == "2.0.1":
        assert comparison.compared < set(dialect)
    else:
        assert comparison.compared == set(dialect)


def test_a_delta_names_only_what_exists_and_says_nothing_twice() -> None:
    for delta in DELTAS.values():
        for struct, attributes in [*delta.absent.items(), *delta.required.items()]:
            assert attributes
            assert attributes <= set(struct.__struct_fields__)
        for struct, attribute in [*delta.values, *delta.bounds]:
            assert attribute in struct.__struct_fields__
            assert attribute not in delta.absent.get(struct, ())
        assert Bounds() not in delta.bounds.values()


def test_a_2_1_only_type_is_reached_from_2_0_1_only_through_what_2_0_1_lacks() -> None:
    comparison = Comparison("2.0.1")
    for name, schema in schemas("2.0.1").items():
        list(comparison.message(getattr(v2, name), schema))
    absent = DELTAS["2.0.1"].absent
    for struct in comparison.compared:
        for attribute, annotation in typing.get_type_hints(struct, include_extras=True).items():
            kind = Taken(annotation).kind
            item = Taken(typing.get_args(kind)[0]).kind if typing.get_origin(kind) is tuple else kind
            if isinstance(item, type) and issubclass(item, Message) and attribute not in absent.get(struct, ()):
                assert item in comparison.compared


@pytest.mark.parametrize(
    ("version", "messages"),
    [("1.6", messages_16), ("2.1", messages_2)],
)
def test_fields_stand_in_the_order_of_the_schema(version: str, messages: Any) -> None:
    for name, schema in schemas(version).items():
        assert list(getattr(messages, name).__struct_encode_fields__) == list(schema.get("properties", {}))


def test_no_two_types_of_a_dialect_are_the_same() -> None:
    for module in (types_16, types_2):
        seen: dict[str, str] = {}
        for name, struct in structs_of(module).items():
            shape = repr((struct.__struct_encode_fields__, typing.get_type_hints(struct, include_extras=True)))
            assert seen.setdefault(shape, name) == name


def test_no_name_is_both_a_type_and_a_message() -> None:
    for types, messages in ((types_16, messages_16), (types_2, messages_2)):
        assert not structs_of(types).keys() & structs_of(messages).keys()


@pytest.mark.parametrize("dialect", [v16, v2])
def test_a_dialect_offers_all_its_types_and_messages_by_name(dialect: Any) -> None:
    own = {struct.__name__ for struct in ALL_STRUCTS if struct.__module__.startswith(dialect.__name__ + ".")}
    enums = {name for name in dialect.__all__ if typing.get_origin(getattr(dialect, name)) is Literal}
    assert len(dialect.__all__) == len(set(dialect.__all__))
    assert set(dialect.__all__) == own | enums


@pytest.mark.parametrize(
    ("struct", "attribute", "wire"),
    [
        (v2.TransactionEvent, "evse", "evse"),
        (v2.Authorize, "iso15118_certificate_hash_data", "iso15118CertificateHashData"),
        (v2.Authorize, "custom_data", "customData"),
        (v2.OCSPRequestData, "responder_url", "responderURL"),
        (v2.ChargingSchedulePeriod, "setpoint_reactive_l2", "setpointReactive_L2"),
        (v2.ChargingNeeds, "v2x_charging_parameters", "v2xChargingParameters"),
        (v2.V2XChargingParameters, "ev_max_v2x_energy_request", "evMaxV2XEnergyRequest"),
        (v2.Get15118EVCertificate, "prioritized_emaids", "prioritizedEMAIDs"),
        (v16.SetChargingProfile, "cs_charging_profiles", "csChargingProfiles"),
        (v16.StopTransaction, "id_tag", "idTag"),
    ],
)
def test_an_attribute_has_its_wire_name(struct: type[Message], attribute: str, wire: str) -> None:
    assert wire_names(struct)[wire] == attribute


def test_an_attribute_is_its_wire_name_in_snake_case() -> None:
    for struct in ALL_STRUCTS:
        for wire, attribute in wire_names(struct).items():
            assert attribute.isidentifier()
            assert attribute == attribute.lower()
            assert attribute.replace("_", "") == wire.replace("_", "").lower()


def test_what_1_6_calls_one_thing_is_one_type() -> None:
    profiles = [typing.get_type_hints(v16.SetChargingProfile)["cs_charging_profiles"]]
    profiles.append(typing.get_type_hints(v16.RemoteStartTransaction)["charging_profile"])
    assert profiles == [v16.ChargingProfile, v16.ChargingProfile | UnsetType]
    readings = typing.get_type_hints(v16.StopTransaction)["transaction_data"]
    assert readings == tuple[v16.MeterValue, ...] | UnsetType
    assert typing.get_type_hints(v16.MeterValues)["meter_value"] == tuple[v16.MeterValue, ...]
    assert {"Celcius", "Celsius"} < set(typing.get_args(v16.UnitOfMeasure))  # codespell:ignore celcius


def test_a_message_is_a_frozen_value_and_leaves_out_what_is_unset() -> None:
    boot = v2.BootNotification(
        reason="PowerUp", charging_station=v2.ChargingStation(model="M", vendor_name="V"), custom_data=UNSET
    )
    assert json.loads(msgspec.json.encode(boot)) == {
        "reason": "PowerUp",
        "chargingStation": {"model": "M", "vendorName": "V"},
    }
    with pytest.raises(AttributeError):
        boot.reason = "Unknown"  # type: ignore[misc]
    assert msgspec.json.decode(msgspec.json.encode(boot), type=v2.BootNotification) == boot


@pytest.mark.parametrize(
    "payload",
    [
        b'{"idTag": "123456789012345678901"}',
        b'{"idTag": 1}',
        b'{"idTag": null}',
        b"{}",
        b'{"idTag": "1", "more": 1}',
        b"[]",
    ],
)
def test_a_type_refuses_what_its_schema_refuses(payload: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(payload, type=v16.Authorize)


def test_a_date_time_has_a_zone() -> None:
    beat = msgspec.json.decode(b'{"currentTime": "2026-11-20T12:00:00+01:00"}', type=v16.HeartbeatResponse)
    assert beat.current_time == datetime.fromisoformat("2026-11-20T11:00:00Z")
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"currentTime": "2026-11-20T12:00:00"}', type=v16.HeartbeatResponse)


def test_the_docstring_of_a_message_says_what_it_is_who_sends_it_and_where_it_belongs() -> None:
    assert v2.TransactionEvent.__doc__ == "TransactionEvent request, station to CSMS. Block E, Transactions."
    assert v2.TransactionEventResponse.__doc__ == "TransactionEvent response, CSMS to station. Block E, Transactions."
    assert v16.DataTransferResponse.__doc__ == "DataTransfer response, either way. Block P, Data transfer."
    for module in (messages_16, messages_2):
        assert all(struct.__doc__ and struct.__doc__.count("\n") == 0 for struct in structs_of(module).values())


def descriptions(schema: Any) -> Iterator[str]:
    match schema:
        case dict():
            if isinstance(text := schema.get("description"), str):
                yield text
            for inner in schema.values():
                yield from descriptions(inner)
        case list():
            for inner in schema:
                yield from descriptions(inner)


def prose() -> set[str]:
    """Every line of more than 40 characters of every description in the package's schemas."""
    found: set[str] = set()
    for package in ("ocpp.v16", "ocpp.v201", "ocpp.v21"):
        for file in files(package).joinpath("schemas").iterdir():
            for text in descriptions(json.loads(file.read_text(encoding="utf-8-sig"))):
                found |= {" ".join(line.split()) for line in text.splitlines() if len(line.strip()) > 40}
    return found


def test_generated_code_has_no_word_of_the_schemas_descriptions() -> None:
    texts = {path: " ".join(path.read_text(encoding="utf-8").split()) for path in GENERATED}
    known = prose()
    assert len(known) > 500
    assert len(texts) == 9
    assert [(path, line) for path, text in texts.items() for line in known if line in text] == []


def test_generated_code_has_no_comments_and_no_docstrings_but_ours() -> None:
    for path in GENERATED:
        source = path.read_text(encoding="utf-8")
        assert not [line for line in source.splitlines() if line.lstrip().startswith("#")]
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Module | ast.ClassDef) and (text := ast.get_docstring(node)):
                assert text.endswith((" Generated by `make generate`; changes made here are lost.", "."))
                assert " Block " in text or "Generated by" in text
