"""Strict reading gives every payload the verdict that jsonschema-rs gives it on the version's own schemas.

Each message of each version, in each direction, gets a payload with every field and each single fault that can be made in it,
and then random payloads that keep its schema, ones that break it in one place, and ones changed at random. `FORECOURT_ORACLE_EXAMPLES` sets how many per message (default 6); with more than the default they are
new ones on every run.
"""

from __future__ import annotations

import os
from decimal import Decimal

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from forecourt.ocpp import v2, v16
from forecourt.ocpp.errors import RemoteProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.reading import Reading, read
from forecourt.ocpp.repair import repaired
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.ocpp.writing import write
from tests.ocpp.strategies import changed, damaged, damages, full, inlined, payloads, places
from tools.generate import schemas

DEFAULT_EXAMPLES = 6
EXAMPLES = int(os.environ.get("FORECOURT_ORACLE_EXAMPLES", DEFAULT_EXAMPLES))

SCHEMAS = {version: schemas(version.name) for version in (V16, V201, V21)}
OTHERS = {V16: {}, V201: SCHEMAS[V21], V21: SCHEMAS[V201]}
"""The schemas of the version with which one shares its dialect."""

MESSAGES = [
    pytest.param(version, struct, id=f"{version.name}-{struct.__name__}")
    for version in SCHEMAS
    for action in version.actions.values()
    for struct in (action.request, action.response)
    if struct is not None
]

PLAIN = msgspec.json.Decoder(float_hook=Decimal)
ENCODER = msgspec.json.Encoder(decimal_format="number")

once = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= DEFAULT_EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def oracle(version: Version, struct: type[Message]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(SCHEMAS[version][struct.__name__], validate_formats=True)


def verdict(version: Version, struct: type[Message], payload: bytes) -> str:
    try:
        read(version, struct, payload)
    except RemoteProtocolError as error:
        return f"refused: {error}"
    return "accepted"


def check_tolerant(version: Version, struct: type[Message], payload: bytes) -> None:
    """What strict reading refuses, tolerant reading refuses too, or notes what it forgives."""
    try:
        result = read(version, struct, payload, Reading.TOLERANT)
    except RemoteProtocolError:
        return
    assert result.deviations
    ENCODER.encode(result.message)


@pytest.mark.parametrize(("version", "struct"), MESSAGES)
def test_every_single_fault_in_a_full_payload_is_refused(version: Version, struct: type[Message]) -> None:
    schema, valid = inlined(SCHEMAS[version][struct.__name__]), oracle(version, struct)
    other = OTHERS[version].get(struct.__name__)
    root = [full(schema)]
    assert valid.is_valid(root[0])
    assert verdict(version, struct, ENCODER.encode(root[0])) == "accepted"
    done = 0
    for place in places(root, schema, inlined(other) if other else None):
        sound = place.value
        for damage in list(damages(place)):
            damage.do()
            assert not valid.is_valid(root[0]), f"the schema accepts {damage.how} in {place.key}"
            assert verdict(version, struct, ENCODER.encode(root[0])) != "accepted", f"{damage.how} in {place.key}"
            done += 1
        place.holder[place.key] = sound
    assert done
    assert verdict(version, struct, ENCODER.encode(root[0])) == "accepted"


@pytest.mark.parametrize(("version", "struct"), MESSAGES)
def test_strict_reading_and_the_schema_agree(version: Version, struct: type[Message]) -> None:
    schema, valid = inlined(SCHEMAS[version][struct.__name__]), oracle(version, struct)

    @once
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        payload = data.draw(payloads(schema))
        assert valid.is_valid(payload), "the strategy made a payload that the schema refuses"
        text = ENCODER.encode(payload)
        message = read(version, struct, text).message
        assert repaired(version, struct, text) == (message, ())

        written = write(version, message)
        assert read(version, struct, written).message == message
        assert write(version, read(version, struct, written).message) == written
        assert valid.is_valid(PLAIN.decode(written))

        how, broken = data.draw(damaged(schema, payload))
        assert not valid.is_valid(broken), f"the schema accepts {how}"
        text = ENCODER.encode(broken)
        assert verdict(version, struct, text) != "accepted", how
        check_tolerant(version, struct, text)

        other = data.draw(changed(schema, payload))
        text = ENCODER.encode(other)
        assert (verdict(version, struct, text) == "accepted") == valid.is_valid(other), verdict(version, struct, text)
        if not valid.is_valid(other):
            check_tolerant(version, struct, text)

    agree()


def test_every_message_of_every_version_is_compared() -> None:
    assert {param.id for param in MESSAGES} == {f"{v.name}-{name}" for v, named in SCHEMAS.items() for name in named}
    assert [len(named) for named in SCHEMAS.values()] == [2 * 39, 2 * 64, 2 * 90 + 1]


HEARTBEAT = b'{"currentTime":"%b"}'
COST = b'{"totalCost":%b,"transactionId":"T"}'
DATA = b'{"vendorId":"V","data":%b}'

DIFFERENCES: list[tuple[str, Version, type[Message], bytes, bool]] = [
    (
        "an integer written with a point or an exponent is none to msgspec; stations that send it need tolerant reading",
        V201, v2.GetReport, b'{"requestId":1.0}', False,
    ),
    ("an integer of more than 64 bits fits no database, and OCPP means 32", V21, v2.GetReport, b'{"requestId":%d}' % 2**63, False),
    ("a number beyond 1e30 is a hazard to whoever computes with it", V21, v2.CostUpdated, COST % b"1e999999", False),
    ("so is a zero with such an exponent", V21, v2.CostUpdated, COST % b"0e999999", False),
    ("so is a number nearer to zero than 1e-30", V21, v2.CostUpdated, COST % b"1e-31", False),
    ("so is a number of more than 34 digits", V201, v2.CostUpdated, COST % (b"1." + b"0" * 34), False),
    ("so are such numbers in customData and in data", V201, v2.DataTransfer, DATA % b"[1e31]", False),
    ("data nested deeper than 32 is a hazard to whoever walks it", V21, v2.DataTransfer, DATA % (b"[" * 33 + b"]" * 33), False),
    ("NUL fits no text of a database", V16, v16.Authorize, rb'{"idTag":"A\u0000"}', False),
    ("a leap second is no time in Python", V16, v16.HeartbeatResponse, HEARTBEAT % b"2016-12-31T23:59:60Z", False),
    ("a moment that rounds into the year 10000 is none either", V16, v16.HeartbeatResponse, HEARTBEAT % b"9999-12-31T23:59:59.9999999Z", False),
    ("nor is the year 0", V21, v2.HeartbeatResponse, HEARTBEAT % b"0000-01-01T00:00:00Z", False),
    ("an instant before the year 1 in UTC fits no database", V16, v16.HeartbeatResponse, HEARTBEAT % b"0001-01-01T00:00:00+01:00", False),
    ("a space before the time is what RFC 3339 calls readable", V21, v2.HeartbeatResponse, HEARTBEAT % b"2026-11-20 12:00:00Z", True),
    ("a zone without colon is ISO 8601, which 1.6 asks for", V16, v16.HeartbeatResponse, HEARTBEAT % b"2026-11-20T12:00:00+0100", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "version", "struct", "payload", "accepted"), DIFFERENCES, ids=[row[0] for row in DIFFERENCES]
)
def test_strict_reading_differs_from_the_schema_only_where_it_is_listed(
    reason: str, version: Version, struct: type[Message], payload: bytes, accepted: bool
) -> None:
    assert oracle(version, struct).is_valid(PLAIN.decode(payload)) is not accepted
    assert (verdict(version, struct, payload) == "accepted") is accepted
