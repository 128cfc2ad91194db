"""From bytes to messages: which code and path a strict refusal has, and what tolerant reading makes of which deviation."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.ocpp import v2, v16
from forecourt.ocpp.deviations import DeviationKind as Kind
from forecourt.ocpp.errors import ErrorCode, RemoteProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.reading import Deviation, Read, Reading, read
from forecourt.ocpp.repair import MAX_DEVIATIONS
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.ocpp.writing import write

MISSING = ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
TYPE = ErrorCode.TYPE_CONSTRAINT_VIOLATION
PROPERTY = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
STRUCTURE = ErrorCode.PROTOCOL_ERROR
FORMAT = ErrorCode.FORMAT_VIOLATION

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

EVENT = (
    '{"eventType":"Updated","timestamp":"2026-11-20T12:00:00Z","triggerReason":"MeterValuePeriodic","seqNo":3,'
    '"transactionInfo":{"transactionId":"T1"},"meterValue":[{"timestamp":"2026-11-20T12:00:00Z","sampledValue":'
    '[{"value":21.40},{"value":7,"measurand":"Voltage"}]}]}'
)
"""A TransactionEvent that each case below spoils in one place, by replacing a piece of its text."""


def spoilt(piece: str, by: str) -> bytes:
    assert EVENT.count(piece) == 1
    return EVENT.replace(piece, by).encode()


def refusal(
    version: Version, struct: type[Message], payload: bytes, reading: Reading = Reading.STRICT
) -> RemoteProtocolError:
    with pytest.raises(RemoteProtocolError) as caught:
        read(version, struct, payload, reading)
    return caught.value


def tolerant(version: Version, struct: type[Message], payload: bytes) -> tuple[Any, list[tuple[StrEnum, str]]]:
    result: Read[Any] = read(version, struct, payload, Reading.TOLERANT)
    msgspec.json.encode([result.message, result.deviations])
    return result.message, [(deviation.kind, deviation.path) for deviation in result.deviations]


class TestWhatIsSound:
    def test_a_message_becomes_typed_values_with_nothing_forgiven(self) -> None:
        result = read(V21, v2.TransactionEvent, EVENT.encode())

        assert result.deviations == ()
        message = result.message
        assert message.timestamp == NOON
        assert message.meter_value is not msgspec.UNSET
        assert message.meter_value[0].sampled_value[1].measurand == "Voltage"

    @pytest.mark.parametrize("reading", Reading)
    def test_numbers_keep_value_and_digits(self, reading: Reading) -> None:
        message = read(V21, v2.TransactionEvent, EVENT.encode(), reading).message

        assert message.meter_value is not msgspec.UNSET
        first, second = (sampled.value for sampled in message.meter_value[0].sampled_value)
        assert (str(first), str(second)) == ("21.40", "7")
        assert type(second) is Decimal

    def test_a_raw_payload_is_read_like_its_bytes(self) -> None:
        assert read(V16, v16.Authorize, msgspec.Raw(b'{"idTag":"A"}')).message == v16.Authorize(id_tag="A")

    def test_a_message_without_fields_is_an_empty_object(self) -> None:
        assert read(V16, v16.Heartbeat, b" {} ").message == v16.Heartbeat()

    def test_custom_data_is_kept_with_exact_numbers(self) -> None:
        payload = b'{"customData":{"vendorId":"V","list":[1.10,{"deep":null}],"vendorKey":12345678901234567890}}'
        message = read(V201, v2.Heartbeat, payload).message

        assert message.custom_data == {
            "vendorId": "V",
            "list": [Decimal("1.10"), {"deep": None}],
            "vendorKey": 12345678901234567890,
        }
        assert str(message.custom_data["list"][0]) == "1.10"

    def test_of_two_sound_fields_of_one_name_the_last_counts(self) -> None:
        assert read(V16, v16.Authorize, b'{"idTag":"A","idTag":"B"}').message.id_tag == "B"

    def test_data_of_data_transfer_may_be_anything_even_null(self) -> None:
        assert read(V21, v2.DataTransfer, b'{"vendorId":"V","data":null}').message.data is None

    @pytest.mark.parametrize("text", ["\\\\u0000", "a\\nb", "\\u00e9"])
    def test_escapes_that_are_no_nul_pass(self, text: str) -> None:
        payload = f'{{"idTag":"{text}"}}'.encode()
        assert read(V16, v16.Authorize, payload).message.id_tag == msgspec.json.decode(f'"{text}"')

    def test_a_multiple_of_a_tenth_is_judged_exactly(self) -> None:
        for limit in ("21.4", "0.3", "1.1", "16", "-0.7"):
            payload = b'{"startPeriod":0,"limit":%b}' % limit.encode()
            assert read(V16, v16.ChargingSchedulePeriod, payload).message.limit == Decimal(limit)


class TestStrictRefusals:
    @pytest.mark.parametrize(
        ("version", "piece", "by", "code", "path"),
        [
            (V21, '"seqNo":3,', "", MISSING, "$.seqNo"),
            (V21, '"transactionId":"T1"', "", MISSING, "$.transactionInfo.transactionId"),
            (V21, '{"value":21.40},', "{},", MISSING, "$.meterValue[0].sampledValue[0].value"),
            (V21, '[{"value":21.40},{"value":7,"measurand":"Voltage"}]', "[]", MISSING, "$.meterValue[0].sampledValue"),
            (V21, '"T1"', "17", TYPE, "$.transactionInfo.transactionId"),
            (V21, '"seqNo":3', '"seqNo":"3"', TYPE, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":3.0', TYPE, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":true', TYPE, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":null', TYPE, "$.seqNo"),
            (V21, "21.40", '"21.40"', TYPE, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", "true", TYPE, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", "null", TYPE, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", "[]", TYPE, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", "{}", TYPE, "$.meterValue[0].sampledValue[0].value"),
            (V21, '"value":7', '"value":"7"', TYPE, "$.meterValue[0].sampledValue[1].value"),
            (V21, '{"transactionId":"T1"}', "[]", TYPE, "$.transactionInfo"),
            (V21, '"Voltage"', '"Volts"', PROPERTY, "$.meterValue[0].sampledValue[1].measurand"),
            (V21, '"Voltage"', '"voltage"', PROPERTY, "$.meterValue[0].sampledValue[1].measurand"),
            (V21, '"T1"', f'"{"T" * 37}"', PROPERTY, "$.transactionInfo.transactionId"),
            (V21, '"T1"', '"T\\u00001"', PROPERTY, "$.transactionInfo.transactionId"),
            (V21, '"seqNo":3', '"seqNo":-1', PROPERTY, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":9223372036854775808', PROPERTY, "$.seqNo"),
            (V21, '"seqNo":3', f'"seqNo":{"9" * 5000}', PROPERTY, "$.seqNo"),
            (V21, "21.40", "1e999999", PROPERTY, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", "0e999999", PROPERTY, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", "1e-999999", PROPERTY, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", f"1e{'9' * 30}", PROPERTY, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", "9" * 32, PROPERTY, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", "0." + "3" * 40, PROPERTY, "$.meterValue[0].sampledValue[0].value"),
            (V21, '"2026-11-20T12:00:00Z","triggerReason"', '"noon","triggerReason"', PROPERTY, "$.timestamp"),
            (V21, '"2026-11-20T12:00:00Z","t', '"2026-11-20T12:00:00","t', PROPERTY, "$.timestamp"),
            (V21, '"2026-11-20T12:00:00Z","t', '1763640000,"t', TYPE, "$.timestamp"),
            (V21, '"seqNo":3', '"seqNo":3,"sequence":4', STRUCTURE, "$.sequence"),
            (V21, '"transactionId"', '"idTag":1,"transactionId"', STRUCTURE, "$.transactionInfo.idTag"),
            (V201, '"seqNo":3', '"seqNo":3,"evseSleep":true', STRUCTURE, "$.evseSleep"),
            (V201, '"transactionId"', '"tariffId":"A","transactionId"', STRUCTURE, "$.transactionInfo.tariffId"),
            (V201, '"Voltage"', '"Display.TargetSOC"', PROPERTY, "$.meterValue[0].sampledValue[1].measurand"),
            (V201, '"seqNo":3', '"seqNo":3,"idToken":{"idToken":"A","type":"x"}', PROPERTY, "$.idToken.type"),
            (
                V201, '"measurand"', '"signedMeterValue":{"signedMeterData":"","encodingMethod":""},"measurand"',
                MISSING, "$.meterValue[0].sampledValue[1].signedMeterValue.signingMethod",
            ),
            (V21, '"seqNo":3', '"seqNo":3,"customData":{}', MISSING, "$.customData.vendorId"),
            (V21, '"seqNo":3', '"seqNo":3,"customData":[]', TYPE, "$.customData"),
            (V21, '"seqNo":3', '"seqNo":3,"customData":null', TYPE, "$.customData"),
            (V21, '"seqNo":3', '"seqNo":3,"customData":{"vendorId":5}', TYPE, "$.customData.vendorId"),
            (
                V21, '{"value":21.40},', f'{{"value":1,"customData":{{"vendorId":"{"V" * 256}"}}}},',
                PROPERTY, "$.meterValue[0].sampledValue[0].customData.vendorId",
            ),
            (V21, '"seqNo":3', '"seqNo":3,"customData":{"vendorId":"V","a":[1e31]}', PROPERTY, "$.customData.a[0]"),
            (
                V21, '"seqNo":3', f'"seqNo":3,"customData":{{"vendorId":"V","a":{{"b":{"9" * 40}}}}}',
                PROPERTY, "$.customData.a.b",
            ),
            (V21, '"seqNo":3', '"seqNo":3,"customData":{"vendorId":"V","a\\u0000":1}', PROPERTY, "$.customData.a\\x00"),
        ],
    )  # fmt: skip
    def test_a_fault_is_named_by_its_code_and_by_its_path_on_the_wire(
        self, version: Version, piece: str, by: str, code: ErrorCode, path: str
    ) -> None:
        error = refusal(version, v2.TransactionEvent, spoilt(piece, by))

        assert (error.code, error.path) == (code, path)
        assert 0 < len(error.reason) <= 60

    @pytest.mark.parametrize("payload", [b"[]", b"null", b"17", b'"x"', b"true"])
    def test_a_payload_that_is_no_object_breaks_the_structure(self, payload: bytes) -> None:
        for reading in Reading:
            error = refusal(V16, v16.Authorize, payload, reading)
            assert (error.code, error.path) == (STRUCTURE, "")

    @pytest.mark.parametrize(
        "payload",
        [
            b"", b"{", b'{"idTag":"A"} {}', b"{'idTag':'A'}", b'{"idTag":"A",}', b'{"idTag":"\xff"}', b'{"idTag":"\xed\xa0\x80"}',
            rb'{"idTag":"\ud800"}', b'{"idTag":"\x00"}', b'\xef\xbb\xbf{"idTag":"A"}', b'{"idTag":NaN}', b'{"idTag":01}',
        ],
    )  # fmt: skip
    def test_what_is_not_json_violates_the_format(self, payload: bytes) -> None:
        for reading in Reading:
            error = refusal(V16, v16.Authorize, payload, reading)
            assert (error.code, error.path) == (FORMAT, "")

    def test_nesting_without_end_is_refused_and_nothing_overflows(self) -> None:
        deep = b"[" * 100_000 + b"]" * 100_000
        payload = b'{"vendorId":"V","data":%b}' % deep
        for reading in Reading:
            error = refusal(V21, v2.DataTransfer, payload, reading)
            assert (error.code, error.reason) == (FORMAT, "nested deeper than 64")

    def test_free_data_is_nested_at_most_32_deep(self) -> None:
        def payload(depth: int) -> bytes:
            return b'{"vendorId":"V","data":%b}' % (b"[" * depth + b"]" * depth)

        for reading in Reading:
            assert read(V21, v2.DataTransfer, payload(32), reading).deviations == ()
            error = refusal(V21, v2.DataTransfer, payload(33), reading)
            assert (error.code, error.path) == (PROPERTY, "$.data" + "[0]" * 32)
        objects = b'{"vendorId":"V","data":%b}' % (b'{"a":' * 33 + b"1" + b"}" * 33)
        assert refusal(V21, v2.DataTransfer, objects).path == "$.data" + ".a" * 32

    def test_a_hostile_field_name_is_cut_and_made_printable(self) -> None:
        error = refusal(V16, v16.Authorize, b'{"idTag":"A","%b\\n":1}' % (b"x" * 100_000))
        assert error.path == "$." + "x" * 60 + "…"
        error = refusal(V16, v16.Authorize, rb'{"idTag":"A","a\nb":1}')
        assert error.path == r"$.a\nb"

    def test_a_field_name_that_imitates_a_path_misleads_about_nothing_but_itself(self) -> None:
        error = refusal(V16, v16.Authorize, b'{"idTag":"A","x` - at `$.y":1}')
        assert (error.code, error.reason, error.path) == (STRUCTURE, "unknown field", "$.y.x")

    def test_no_refusal_quotes_the_payload(self) -> None:
        for payload in (b'{"idTag":"%b"}' % (b"secret" * 9), b'{"idTag":["secret"]}'):
            assert "secret" not in str(refusal(V16, v16.Authorize, payload))
        assert "secret" not in str(refusal(V16, v16.Reset, b'{"type":"secret"}'))

    @pytest.mark.parametrize(
        "text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:00:00-01:00", "0001-01-01T00:00+01:00"]
    )
    def test_an_instant_that_utc_cannot_say_is_refused(self, text: str) -> None:
        payload = b'{"currentTime":"%b"}' % text.encode()
        for reading in Reading:
            error = refusal(V16, v16.HeartbeatResponse, payload, reading)
            assert (error.code, error.path) == (PROPERTY, "$.currentTime")

    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00-01:00"])
    def test_the_first_and_the_last_instant_pass(self, text: str) -> None:
        message = read(V16, v16.HeartbeatResponse, b'{"currentTime":"%b"}' % text.encode()).message
        assert write(V16, message)

    @pytest.mark.parametrize(
        ("limit", "reason"), [("21.45", "not a multiple of 0.1"), ("1e-30", "not a multiple of 0.1")]
    )
    def test_a_step_is_kept_exactly(self, limit: str, reason: str) -> None:
        error = refusal(V16, v16.ChargingSchedulePeriod, b'{"startPeriod":0,"limit":%b}' % limit.encode())
        assert (error.code, error.reason, error.path) == (PROPERTY, reason, "$.limit")


class TestTolerantReading:
    @pytest.mark.parametrize(
        ("version", "piece", "by", "kind", "path"),
        [
            (V21, '"seqNo":3', '"seqNo":3,"sequence":4', Kind.UNKNOWN_FIELD, "$.sequence"),
            (V21, '"T1"', f'"{"T" * 37}"', Kind.TEXT_LENGTH, "$.transactionInfo.transactionId"),
            (V201, '"seqNo":3', f'"seqNo":3,"idToken":{{"idToken":"{"A" * 37}","type":"Local"}}', Kind.TEXT_LENGTH, "$.idToken.idToken"),
            (V21, '"Voltage"', '"Volts"', Kind.UNKNOWN_VALUE, "$.meterValue[0].sampledValue[1].measurand"),
            (V21, '"Voltage"', '"voltage"', Kind.LETTER_CASE, "$.meterValue[0].sampledValue[1].measurand"),
            (V201, '"Voltage"', '"Display.TargetSOC"', Kind.OTHER_VERSION, "$.meterValue[0].sampledValue[1].measurand"),
            (V201, '"seqNo":3', '"seqNo":3,"evseSleep":true', Kind.OTHER_VERSION, "$.evseSleep"),
            (V201, '"seqNo":3', '"seqNo":3,"idToken":{"idToken":"A","type":"local"}', Kind.LETTER_CASE, "$.idToken.type"),
            (V201, '"seqNo":3', '"seqNo":3,"idToken":{"idToken":"A","type":"RFID"}', Kind.UNKNOWN_VALUE, "$.idToken.type"),
            (V21, '"seqNo":3', '"seqNo":"3"', Kind.NUMBER_AS_TEXT, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":" +3 "', Kind.NUMBER_AS_TEXT, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":3.0', Kind.INTEGER_FORM, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":3e0', Kind.INTEGER_FORM, "$.seqNo"),
            (V21, "21.40", '"21.40"', Kind.NUMBER_AS_TEXT, "$.meterValue[0].sampledValue[0].value"),
            (V21, '"T1"', "17", Kind.TEXT_AS_NUMBER, "$.transactionInfo.transactionId"),
            (V21, '"T1"', "true", Kind.TEXT_AS_FLAG, "$.transactionInfo.transactionId"),
            (V21, '"seqNo":3', '"seqNo":3,"offline":"True"', Kind.FLAG_AS_TEXT, "$.offline"),
            (V21, '"seqNo":3', '"seqNo":-1', Kind.OUT_OF_BOUNDS, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":3,"numberOfPhasesUsed":4', Kind.OUT_OF_BOUNDS, "$.numberOfPhasesUsed"),
            (V21, '"seqNo":3', '"seqNo":3,"evse":null', Kind.NULL, "$.evse"),
            (V21, '"T1"', '"T\\u00001"', Kind.NUL_IN_TEXT, "$.transactionInfo.transactionId"),
            (V21, '"2026-11-20T12:00:00Z","t', '"2026-11-20T12:00:00","t', Kind.NO_ZONE, "$.timestamp"),
            (V21, '"2026-11-20T12:00:00Z","t', '"2026-11-20T12:00Z","t', Kind.TIME_FORM, "$.timestamp"),
            (V21, '"2026-11-20T12:00:00Z","t', '"2026-11-20T12:00:00Z\\u0000","t', Kind.NUL_IN_TEXT, "$.timestamp"),
            (V21, '"seqNo":3', '"seqNo":3,"customData":{"a":1}', Kind.VENDOR_ID, "$.customData"),
            (V21, '"seqNo":3', '"seqNo":3,"customData":{"vendorId":5}', Kind.VENDOR_ID, "$.customData"),
            (V21, '"seqNo":3', '"seqNo":3,"customData":{"vendorId":"V","a":["\\u0000"]}', Kind.NUL_IN_TEXT, "$.customData.a[0]"),
        ],
    )  # fmt: skip
    def test_a_deviation_is_forgiven_and_noted_with_kind_path_and_value(
        self, version: Version, piece: str, by: str, kind: Kind, path: str
    ) -> None:
        refusal(version, v2.TransactionEvent, spoilt(piece, by))

        message, noted = tolerant(version, v2.TransactionEvent, spoilt(piece, by))

        assert noted == [(kind, path)]
        assert isinstance(message, v2.TransactionEvent)

    @pytest.mark.parametrize(
        ("version", "struct", "payload", "expected"),
        [
            (V16, v16.Authorize, '{"idTag":"A","extra":{"a":1}}', v16.Authorize(id_tag="A")),
            (V16, v16.Authorize, f'{{"idTag":"{"A" * 30}"}}', v16.Authorize(id_tag="A" * 30)),
            (V16, v16.Authorize, '{"idTag":12345}', v16.Authorize(id_tag="12345")),
            (V16, v16.Authorize, '{"idTag":1.50}', v16.Authorize(id_tag="1.50")),
            (V16, v16.Authorize, '{"idTag":1e3}', v16.Authorize(id_tag="1000")),
            (V16, v16.Authorize, '{"idTag":false}', v16.Authorize(id_tag="false")),
            (V16, v16.Authorize, '{"idTag":"\\u0000A\\u0000"}', v16.Authorize(id_tag="A")),
            (V16, v16.Reset, '{"type":"SOFT"}', v16.Reset(type="Soft")),
            (V16, v16.Reset, '{"type":"Warm"}', v16.Reset(type="Warm")),  # type: ignore[arg-type]
            (V16, v16.Reset, '{"type":7}', v16.Reset(type="7")),  # type: ignore[arg-type]
            (V16, v16.Heartbeat, "null", v16.Heartbeat()),
            (V16, v16.HeartbeatResponse, '{"currentTime":"2026-11-20T12:00:00"}', v16.HeartbeatResponse(current_time=NOON)),
            (V16, v16.UnlockConnector, '{"connectorId":"1"}', v16.UnlockConnector(connector_id=1)),
            (V16, v16.UnlockConnector, '{"connectorId":1.0}', v16.UnlockConnector(connector_id=1)),
            (V16, v16.UnlockConnector, '{"connectorId":1e3}', v16.UnlockConnector(connector_id=1000)),
            (V16, v16.UnlockConnector, '{"connectorId":"1.0"}', v16.UnlockConnector(connector_id=1)),
            (V21, v2.Reset, '{"type":"OnIdle","evseId":-1}', v2.Reset(type="OnIdle", evse_id=-1)),
            (V201, v2.Reset, '{"type":"ImmediateAndResume"}', v2.Reset(type="ImmediateAndResume")),
            (V201, v2.Reset, '{"type":"IMMEDIATEANDRESUME"}', v2.Reset(type="ImmediateAndResume")),
            (
                V16, v16.ChargingSchedulePeriod, '{"startPeriod":0,"limit":"21.45"}',
                v16.ChargingSchedulePeriod(start_period=0, limit=Decimal("21.45")),
            ),
            (
                V201, v2.ACChargingParameters,
                '{"energyAmount":1.5,"evMinCurrent":6,"evMaxCurrent":"32","evMaxVoltage":400}',
                v2.ACChargingParameters(
                    energy_amount=Decimal("1.5"), ev_min_current=Decimal(6), ev_max_current=Decimal(32), ev_max_voltage=Decimal(400)
                ),
            ),
            (V21, v2.GetVariables, '{"getVariableData":[],"x":1}', None),
            (V21, v2.AuthorizeResponse, '{"idTokenInfo":{"status":"Accepted","evseId":[]}}', v2.AuthorizeResponse(id_token_info=v2.IdTokenInfo(status="Accepted"))),
            (
                V201, v2.ChargingNeeds, '{"requestedEnergyTransfer":"DC","v2xChargingParameters":null}',
                v2.ChargingNeeds(requested_energy_transfer="DC"),
            ),
            (V21, v2.DataTransfer, '{"vendorId":"V","data":[null,"\\u0000",{"a\\u0000":2}]}', v2.DataTransfer(vendor_id="V", data=[None, "", {"a": 2}])),
        ],
    )  # fmt: skip
    def test_what_is_made_of_it(
        self, version: Version, struct: type[Message], payload: str, expected: Message | None
    ) -> None:
        refusal(version, struct, payload.encode())
        if expected is None:
            refusal(version, struct, payload.encode(), Reading.TOLERANT)
            return

        message, noted = tolerant(version, struct, payload.encode())

        assert message == expected
        assert noted

    def test_too_many_items_are_kept(self) -> None:
        item = '{"startPeriod":0,"limit":1}'
        schedule = f'{{"id":1,"chargingRateUnit":"W","chargingSchedulePeriod":[{",".join([item] * 1025)}]}}'.encode()
        error = refusal(V201, v2.ChargingSchedule, schedule)
        assert (error.code, error.path) == (MISSING, "$.chargingSchedulePeriod")

        message, noted = tolerant(V201, v2.ChargingSchedule, schedule)

        assert noted == [(Kind.ITEM_COUNT, "$.chargingSchedulePeriod")]
        assert len(message.charging_schedule_period) == 1025

    def test_a_date_time_that_strict_reading_takes_is_no_deviation(self) -> None:
        for text in ("2026-11-20 12:00:00Z", "2026-11-20t12:00:00z", "2026-11-20T13:00:00+0100"):
            payload = f'{{"currentTime":"{text}","extra":1}}'.encode()
            message, noted = tolerant(V16, v16.HeartbeatResponse, payload)
            assert message.current_time == NOON
            assert [kind for kind, _ in noted] == [Kind.UNKNOWN_FIELD]

    @pytest.mark.parametrize(
        ("version", "piece", "by", "code", "path"),
        [
            (V21, '"seqNo":3,', "", MISSING, "$.seqNo"),
            (V21, '[{"value":21.40},{"value":7,"measurand":"Voltage"}]', "[]", MISSING, "$.meterValue[0].sampledValue"),
            (
                V201, '"measurand"', '"signedMeterValue":{"signedMeterData":"","encodingMethod":""},"measurand"',
                MISSING, "$.meterValue[0].sampledValue[1].signedMeterValue.signingMethod",
            ),
            (V21, '"seqNo":3', '"seqNo":null', TYPE, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":3.5', TYPE, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":"three"', TYPE, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":"3.5"', TYPE, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":true', TYPE, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":3,"offline":1', TYPE, "$.offline"),
            (V21, '"seqNo":3', '"seqNo":3,"offline":"yes"', TYPE, "$.offline"),
            (V21, '"T1"', "{}", TYPE, "$.transactionInfo.transactionId"),
            (V21, '"T1"', "null", TYPE, "$.transactionInfo.transactionId"),
            (V21, '"T1"', "1e99", TYPE, "$.transactionInfo.transactionId"),
            (V21, '{"value":21.40},', "null,", TYPE, "$.meterValue[0].sampledValue[0]"),
            (V21, '[{"value":21.40},{"value":7,"measurand":"Voltage"}]', '{"value":1}', TYPE, "$.meterValue[0].sampledValue"),
            (V21, '"2026-11-20T12:00:00Z","t', '1763640000,"t', TYPE, "$.timestamp"),
            (V21, '"seqNo":3', '"seqNo":3,"customData":[]', TYPE, "$.customData"),
            (V21, '"2026-11-20T12:00:00Z","t', '"noon","t', PROPERTY, "$.timestamp"),
            (V21, '"seqNo":3', '"seqNo":9223372036854775808', PROPERTY, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":1e29', PROPERTY, "$.seqNo"),
            (V21, '"seqNo":3', f'"seqNo":{"9" * 40}', PROPERTY, "$.seqNo"),
            (V21, '"seqNo":3', '"seqNo":1e99', PROPERTY, "$.seqNo"),
            (V21, '"seqNo":3', f'"seqNo":{"9" * 5000}', PROPERTY, "$.seqNo"),
            (V21, "21.40", "1e999999", PROPERTY, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", '"1e999999"', PROPERTY, "$.meterValue[0].sampledValue[0].value"),
            (V21, "21.40", f'"{"9" * 5000}"', PROPERTY, "$.meterValue[0].sampledValue[0].value"),
            (V21, '"seqNo":3', '"seqNo":3,"customData":{"vendorId":"V","a":[1e31]}', PROPERTY, "$.customData.a[0]"),
        ],
    )  # fmt: skip
    def test_what_has_no_reading_is_refused_as_by_strict_reading(
        self, version: Version, piece: str, by: str, code: ErrorCode, path: str
    ) -> None:
        error = refusal(version, v2.TransactionEvent, spoilt(piece, by), Reading.TOLERANT)

        assert (error.code, error.path) == (code, path) or path == "$.seqNo"
        assert error.code is code

    def test_all_deviations_of_a_message_are_noted_in_the_order_of_its_fields(self) -> None:
        payload = b'{"extra":1,"vendorId":"V","type":"immediate","evseId":"1.0","customData":{"vendorId":7}}'
        message, noted = tolerant(V21, v2.Reset, payload)

        assert (message.type, message.evse_id) == ("Immediate", 1)
        assert noted == [
            (Kind.LETTER_CASE, "$.type"),
            (Kind.NUMBER_AS_TEXT, "$.evseId"),
            (Kind.INTEGER_FORM, "$.evseId"),
            (Kind.VENDOR_ID, "$.customData"),
            (Kind.UNKNOWN_FIELD, "$.extra"),
            (Kind.UNKNOWN_FIELD, "$.vendorId"),
        ]

    def test_a_deviation_carries_a_short_excerpt_of_the_value(self) -> None:
        payload = b'{"idTag":"A","note":"%b","list":[%b1],"n":1.50}' % (b"x" * 100_000, b"1," * 100)
        result = read(V16, v16.Authorize, payload, Reading.TOLERANT)

        note, numbers, number = result.deviations
        assert note == Deviation(Kind.UNKNOWN_FIELD, "$.note", '"' + "x" * 58 + "…", "left out")
        assert numbers.value == "[" + "1," * 29 + "…"
        assert number.value == "1.50"
        assert max(len(deviation.value) for deviation in result.deviations) == 60

    def test_beyond_a_number_deviations_are_only_counted(self) -> None:
        fields = ",".join(f'"f{index}":0' for index in range(MAX_DEVIATIONS + 5))
        result = read(V16, v16.Authorize, f'{{"idTag":"A",{fields}}}'.encode(), Reading.TOLERANT)

        assert len(result.deviations) == MAX_DEVIATIONS + 1
        assert result.deviations[-1] == Deviation(Kind.MORE, "$", "5", "not listed one by one")

    def test_a_payload_without_fields_that_must_be_there_may_be_null(self) -> None:
        assert tolerant(V21, v2.Heartbeat, b"null") == (v2.Heartbeat(), [(Kind.NULL, "$")])

    def test_an_out_of_range_number_in_a_field_that_is_left_out_does_no_harm(self) -> None:
        result = read(V16, v16.Authorize, b'{"idTag":"A","extra":1e999999}', Reading.TOLERANT)
        assert [deviation.path for deviation in result.deviations] == ["$.extra"]
        assert result.deviations[0].value == '"number out of range"'

    def test_a_field_that_is_there_twice_is_noted_when_only_the_last_is_sound(self) -> None:
        payload = b'{"idTag":5,"idTag":"A"}'
        refusal(V16, v16.Authorize, payload)
        assert tolerant(V16, v16.Authorize, payload) == (v16.Authorize(id_tag="A"), [(Kind.REPEATED_FIELD, "$.idTag")])

    def test_date_times_keep_their_zone(self) -> None:
        message, _ = tolerant(V16, v16.HeartbeatResponse, b'{"currentTime":"2026-11-20T12:00+02"}')
        assert message.current_time == datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=2)))


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_raise_anything_else(payload: bytes) -> None:
    for version, struct in ((V16, v16.StartTransaction), (V201, v2.DataTransfer), (V21, v2.TransactionEvent)):
        for reading in Reading:
            try:
                read(version, struct, payload, reading)
            except RemoteProtocolError:
                pass


def test_a_payload_as_deep_as_the_stack_allows_raises_nothing_else() -> None:
    for depth in range(sys.getrecursionlimit() - 200, sys.getrecursionlimit() + 20, 7):
        payload = b'{"vendorId":"V\\u0000","data":%b1e99%b}' % (b"[" * depth, b"]" * depth)
        for reading in Reading:
            refusal(V21, v2.DataTransfer, payload, reading)


@pytest.mark.parametrize("reading", Reading)
def test_a_payload_that_nests_deeper_than_anything_in_ocpp_is_refused(reading: Reading) -> None:
    def payload(depth: int) -> bytes:
        return b'{"extra":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    with pytest.raises(RemoteProtocolError) as refused:
        read(V16, v16.Heartbeat, payload(65), reading)
    assert (refused.value.code, refused.value.reason) == (ErrorCode.FORMAT_VIOLATION, "nested deeper than 64")
    if reading is Reading.TOLERANT:
        assert read(V16, v16.Heartbeat, payload(64), reading).message == v16.Heartbeat()
