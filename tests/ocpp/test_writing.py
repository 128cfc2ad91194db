"""From messages to bytes: what is written and how, and what is refused with which path."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from forecourt.ocpp import v2, v16
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.reading import read
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.ocpp.writing import write

MISSING = ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
TYPE = ErrorCode.TYPE_CONSTRAINT_VIOLATION
PROPERTY = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
STRUCTURE = ErrorCode.PROTOCOL_ERROR

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def refusal(version: Version, message: Any) -> LocalProtocolError:
    with pytest.raises(LocalProtocolError) as caught:
        write(version, message)
    return caught.value


def heartbeat(instant: Any) -> v16.HeartbeatResponse:
    return v16.HeartbeatResponse(current_time=instant)


def cost(amount: Any, **others: Any) -> v2.CostUpdated:
    return v2.CostUpdated(total_cost=amount, transaction_id="T", **others)


def meter_values(*instants: datetime) -> v2.MeterValues:
    sampled = (v2.SampledValue(value=Decimal("21.40")),)
    return v2.MeterValues(
        evse_id=1, meter_value=tuple(v2.MeterValue(timestamp=at, sampled_value=sampled) for at in instants)
    )


class TestWhatIsWritten:
    def test_absent_fields_are_left_out(self) -> None:
        assert write(V16, v16.RemoteStartTransaction(id_tag="A")) == b'{"idTag":"A"}'
        assert write(V16, v16.RemoteStartTransaction(id_tag="A", connector_id=UNSET)) == b'{"idTag":"A"}'

    def test_a_message_without_fields_is_an_empty_object(self) -> None:
        assert write(V201, v2.Heartbeat()) == b"{}"

    @pytest.mark.parametrize(
        ("instant", "text"),
        [
            (NOON, b"2026-11-20T12:00:00Z"),
            (NOON.replace(microsecond=120_000), b"2026-11-20T12:00:00.120Z"),
            (NOON.replace(microsecond=999_999), b"2026-11-20T12:00:00.999Z"),
            (NOON.replace(microsecond=999), b"2026-11-20T12:00:00Z"),
            (NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), b"2026-11-20T12:00:00Z"),
            (NOON.astimezone(timezone(timedelta(), "GMT")), b"2026-11-20T12:00:00Z"),
            (datetime(1, 1, 1, tzinfo=UTC), b"0001-01-01T00:00:00Z"),
            (datetime(1, 1, 1, 0, 0, 0, 1000, tzinfo=UTC), b"0001-01-01T00:00:00.001Z"),
        ],
    )
    def test_date_times_are_in_utc_with_at_most_three_places(self, instant: datetime, text: bytes) -> None:
        assert write(V16, heartbeat(instant)) == b'{"currentTime":"%b"}' % text

    def test_date_times_within_arrays_and_objects_are_in_utc_too(self) -> None:
        away = NOON.astimezone(timezone(timedelta(hours=-8)))
        message = meter_values(NOON, away)

        assert write(V21, message) == write(V21, meter_values(NOON, NOON))
        assert message.meter_value[1].timestamp is away

    @pytest.mark.parametrize("digits", ["21.40", "0", "-0.0", "1E+3", "1E-7", "0E-10", "123456789.000", "7"])
    def test_numbers_keep_value_and_digits(self, digits: str) -> None:
        payload = write(V21, cost(Decimal(digits)))

        assert payload == b'{"totalCost":%b,"transactionId":"T"}' % digits.encode()
        again = read(V21, v2.CostUpdated, payload).message.total_cost
        assert again.as_tuple() == Decimal(digits).as_tuple()

    @given(
        st.decimals(
            allow_nan=False, allow_infinity=False, min_value=Decimal("-1e20"), max_value=Decimal("1e20"), places=8
        )
    )
    def test_any_number_survives_exactly(self, amount: Decimal) -> None:
        again = read(V21, v2.CostUpdated, write(V21, cost(amount))).message.total_cost
        assert again.as_tuple() == amount.as_tuple()

    def test_custom_data_is_written_as_it_is(self) -> None:
        message = v2.Heartbeat(custom_data={"vendorId": "V", "a": [1, 2.5, Decimal("2.50"), None, {"b": "é"}]})
        payload = write(V21, message)

        assert payload == '{"customData":{"vendorId":"V","a":[1,2.5,2.50,null,{"b":"é"}]}}'.encode()
        assert write(V21, read(V21, v2.Heartbeat, payload).message) == payload

    def test_data_of_data_transfer_may_be_anything(self) -> None:
        values: list[Any] = [None, 0, "text", [1, {"a": Decimal("1.10")}], {}]
        for data in values:
            payload = write(V201, v2.DataTransfer(vendor_id="V", data=data))
            assert read(V201, v2.DataTransfer, payload).message.data == data

    def test_what_only_one_of_two_versions_can_say_is_written_in_that_one(self) -> None:
        message = v2.Reset(type="ImmediateAndResume")
        assert write(V21, message) == b'{"type":"ImmediateAndResume"}'
        error = refusal(V201, message)
        assert (error.code, error.path) == (PROPERTY, "$.type")


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("version", "message", "code", "path"),
        [
            (V201, v2.RequestStopTransaction(transaction_id="T" * 37), PROPERTY, "$.transactionId"),
            (V201, v2.CertificateSigned(certificate_chain="C", request_id=1), STRUCTURE, "$.requestId"),
            (
                V201, v2.Authorize(id_token=v2.IdToken(id_token="A" * 37, type="Central")), PROPERTY, "$.idToken.idToken",
            ),
            (V201, v2.Authorize(id_token=v2.IdToken(id_token="A", type="EVCCID")), PROPERTY, "$.idToken.type"),
            (
                V201, v2.Authorize(id_token=v2.IdToken(id_token="A", type="Central", additional_info=(v2.AdditionalInfo(additional_id_token="A", type="t"), v2.AdditionalInfo(additional_id_token="A" * 37, type="t")))),
                PROPERTY, "$.idToken.additionalInfo[1].additionalIdToken",
            ),
            (V21, v2.Reset(type="OnIdle", evse_id=-1), PROPERTY, "$.evseId"),
            (V21, v2.Reset(type="Soft"), PROPERTY, "$.type"),  # type: ignore[arg-type]
            (V21, v2.Reset(type=None), TYPE, "$.type"),  # type: ignore[arg-type]
            (V21, v2.GetVariables(get_variable_data=()), MISSING, "$.getVariableData"),
            (V16, v16.Authorize(id_tag="A" * 21), PROPERTY, "$.idTag"),
            (V16, v16.Authorize(id_tag="A\0"), PROPERTY, "$.idTag"),
            (V16, v16.Authorize(id_tag="\ud800"), PROPERTY, "$.idTag"),
            (V16, v16.Authorize(id_tag=5), TYPE, "$.idTag"),  # type: ignore[arg-type]
            (V16, v16.Authorize(id_tag=object()), TYPE, "$.idTag"),  # type: ignore[arg-type]
            (V16, v16.UnlockConnector(connector_id=2**63), PROPERTY, "$.connectorId"),
            (V16, v16.UnlockConnector(connector_id=True), TYPE, "$.connectorId"),
            (V16, heartbeat(datetime(2026, 11, 20)), PROPERTY, "$.currentTime"),  # noqa: DTZ001
            (V16, heartbeat(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))), PROPERTY, "$.currentTime"),
            (V16, heartbeat("noon"), PROPERTY, "$.currentTime"),
            (V16, heartbeat(0), TYPE, "$.currentTime"),
            (V21, cost(Decimal("NaN")), PROPERTY, "$.totalCost"),
            (V21, cost(Decimal("sNaN")), PROPERTY, "$.totalCost"),
            (V21, cost(Decimal("-Infinity")), PROPERTY, "$.totalCost"),
            (V21, cost(float("inf")), TYPE, "$.totalCost"),
            (V21, cost(Decimal("1e31")), PROPERTY, "$.totalCost"),
            (V21, cost(10**31), PROPERTY, "$.totalCost"),
            (V21, cost("1"), TYPE, "$.totalCost"),
            (V21, cost(Decimal(1), custom_data={}), MISSING, "$.customData.vendorId"),
            (V21, cost(Decimal(1), custom_data={"vendorId": "V", "a": float("nan")}), PROPERTY, "$.customData.a"),
            (V21, cost(Decimal(1), custom_data={"vendorId": "V", "a": [{"b": float("inf")}]}), PROPERTY, "$.customData.a[0].b"),
            (V21, cost(Decimal(1), custom_data={"vendorId": "V", "a": [Decimal("NaN")]}), PROPERTY, "$.customData.a[0]"),
            (V21, cost(Decimal(1), custom_data={"vendorId": "V", "a": (1, object())}), TYPE, "$.customData.a[1]"),
            (V21, cost(Decimal(1), custom_data={"vendorId": "V", "a": UNSET}), TYPE, "$.customData.a"),
            (V21, cost(Decimal(1), custom_data={"vendorId": "V", 5: 1}), TYPE, "$.customData.5"),
            (V21, cost(Decimal(1), custom_data={"vendorId": "V", "\udfff": 1}), PROPERTY, r"$.customData.\udfff"),
            (V21, cost(Decimal(1), custom_data={"vendorId": "V", "a": 10**5000}), TYPE, "$.customData.a"),
            (V21, cost(Decimal(1), custom_data=5), TYPE, "$.customData"),
            (V21, v2.DataTransfer(vendor_id="V", data=[float("nan")]), PROPERTY, "$.data[0]"),
            (V201, meter_values(NOON, datetime(2026, 11, 20)), PROPERTY, "$.meterValue[1].timestamp"),  # noqa: DTZ001
            (V201, meter_values(NOON, None), TYPE, "$.meterValue[1].timestamp"),  # type: ignore[arg-type]
            (V201, v2.MeterValues(evse_id=1, meter_value=5), TYPE, "$.meterValue"),  # type: ignore[arg-type]
        ],
    )  # fmt: skip
    def test_what_cannot_be_said_is_refused_with_its_path(
        self, version: Version, message: Message, code: ErrorCode, path: str
    ) -> None:
        error = refusal(version, message)

        assert (error.code, error.path) == (code, path)
        assert 0 < len(error.reason) <= 60

    def test_an_action_that_the_version_lacks_is_refused(self) -> None:
        for version, message in (
            (V201, v2.GetTariffs(evse_id=1)),
            (V16, v2.Heartbeat()),
            (V21, v16.Heartbeat()),
            (V21, v2.EVSE(id=1)),
        ):
            error = refusal(version, message)
            assert error.code is ErrorCode.NOT_IMPLEMENTED
            assert version.name in error.reason

    def test_a_value_that_holds_itself_is_refused(self) -> None:
        endless: dict[str, Any] = {"vendorId": "V"}
        endless["a"] = endless
        error = refusal(V21, v2.Heartbeat(custom_data=endless))
        assert error.reason == "nested too deep"

    def test_custom_data_may_not_be_deeper_than_we_would_read(self) -> None:
        nested: Any = 1
        for _ in range(32):
            nested = [nested]
        error = refusal(V21, v2.Heartbeat(custom_data={"vendorId": "V", "a": nested}))
        assert (error.code, error.path) == (PROPERTY, "$.customData.a" + "[0]" * 31)

    def test_what_was_refused_can_be_put_right_and_written(self) -> None:
        message = cost(Decimal("NaN"))
        refusal(V21, message)
        assert write(V21, cost(Decimal("0.1"))) == b'{"totalCost":0.1,"transactionId":"T"}'
