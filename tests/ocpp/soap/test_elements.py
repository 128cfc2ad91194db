from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from forecourt.ocpp import v16
from forecourt.ocpp.deviations import DeviationKind, Reading
from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.message import Message
from forecourt.ocpp.soap import (
    CENTRAL_SYSTEM,
    CHARGE_POINT,
    Refusal,
    Service,
    SoapDeviation,
    parse_request,
    parse_response,
)
from tests.ocpp.soap.envelopes import asking

NOON = "2026-11-20T12:00:00Z"
START = f"<o:connectorId>1</o:connectorId><o:idTag>A</o:idTag><o:timestamp>{NOON}</o:timestamp><o:meterStart>5</o:meterStart>"
BOOT = "<o:chargePointVendor>V</o:chargePointVendor><o:chargePointModel>M</o:chargePointModel>"


def read(action: str, fields: str, service: Service = CENTRAL_SYSTEM) -> Message:
    """What strict reading makes of a request."""
    request = parse_request(asking(action, fields, service=service), service=service)
    assert request.deviations == ()
    return request.message


def refused(action: str, fields: str, service: Service = CENTRAL_SYSTEM, reading: Reading = Reading.STRICT) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse_request(asking(action, fields, service=service), service=service, reading=reading)
    return caught.value


def forgiven(
    action: str, fields: str, kind: SoapDeviation | DeviationKind, path: str, service: Service = CENTRAL_SYSTEM
) -> Message:
    """What tolerant reading makes of a request with one deviation, for which strict reading refuses it in the same place."""
    request = parse_request(asking(action, fields, service=service), service=service, reading=Reading.TOLERANT)
    assert [(deviation.kind, deviation.path) for deviation in request.deviations] == [(kind, path)]
    assert refused(action, fields, service).path == path
    return request.message


def test_repeated_elements_are_an_array() -> None:
    assert read("GetConfiguration", "<o:key>a</o:key><o:key>b</o:key>", CHARGE_POINT) == v16.GetConfiguration(
        key=("a", "b")
    )


def test_an_optional_array_without_elements_is_absent() -> None:
    assert read("GetConfiguration", "", CHARGE_POINT) == v16.GetConfiguration()


def test_a_required_array_without_elements_is_empty() -> None:
    assert read("MeterValues", "<o:connectorId>1</o:connectorId>") == v16.MeterValues(connector_id=1, meter_value=())
    reading = f"<o:meterValue><o:timestamp>{NOON}</o:timestamp></o:meterValue>"
    message = read("MeterValues", f"<o:connectorId>1</o:connectorId>{reading}")
    assert isinstance(message, v16.MeterValues)
    assert message.meter_value[0].sampled_value == ()


def test_groups_are_read_with_all_their_kinds_of_content() -> None:
    fields = f"""
        <o:connectorId>0</o:connectorId>
        <o:csChargingProfiles>
            <o:chargingProfileId>7</o:chargingProfileId>
            <o:stackLevel>0</o:stackLevel>
            <o:chargingProfilePurpose>TxDefaultProfile</o:chargingProfilePurpose>
            <o:chargingProfileKind>Absolute</o:chargingProfileKind>
            <o:validFrom>{NOON}</o:validFrom>
            <o:chargingSchedule>
                <o:chargingRateUnit>A</o:chargingRateUnit>
                <o:chargingSchedulePeriod><o:startPeriod>0</o:startPeriod><o:limit>16.1</o:limit></o:chargingSchedulePeriod>
                <o:chargingSchedulePeriod><o:startPeriod>60</o:startPeriod><o:limit>6</o:limit></o:chargingSchedulePeriod>
            </o:chargingSchedule>
        </o:csChargingProfiles>"""
    assert read("SetChargingProfile", fields, CHARGE_POINT) == v16.SetChargingProfile(
        connector_id=0,
        cs_charging_profiles=v16.ChargingProfile(
            charging_profile_id=7,
            stack_level=0,
            charging_profile_purpose="TxDefaultProfile",
            charging_profile_kind="Absolute",
            valid_from=datetime(2026, 11, 20, 12, tzinfo=UTC),
            charging_schedule=v16.ChargingSchedule(
                charging_rate_unit="A",
                charging_schedule_period=(
                    v16.ChargingSchedulePeriod(start_period=0, limit=Decimal("16.1")),
                    v16.ChargingSchedulePeriod(start_period=60, limit=Decimal(6)),
                ),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("+7", 7), ("-7", -7), ("007", 7), ("-0", 0), ("000", 0), (" 7\n", 7)]
)
def test_integers_are_read_in_every_form_that_xml_has(text: str, number: int) -> None:
    message = read("UnlockConnector", f"<o:connectorId>{text}</o:connectorId>", CHARGE_POINT)
    assert message == v16.UnlockConnector(connector_id=number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("16.1", "16.1"),
        ("+16.1", "16.1"),
        (".5", "0.5"),
        ("16.", "16"),
        ("016.10", "16.1"),
        ("-0.0", "0"),
        ("\t6 ", "6"),
    ],
)
def test_decimals_are_read_exactly_in_every_form_that_xml_has(text: str, number: str) -> None:
    fields = (
        "<o:status>Accepted</o:status><o:chargingSchedule><o:chargingRateUnit>W</o:chargingRateUnit><o:chargingSchedulePeriod>"
        f"<o:startPeriod>0</o:startPeriod><o:limit>{text}</o:limit></o:chargingSchedulePeriod></o:chargingSchedule>"
    )
    profile = (
        "<o:idTag>A</o:idTag><o:chargingProfile><o:chargingProfileId>1</o:chargingProfileId><o:stackLevel>1</o:stackLevel>"
        "<o:chargingProfilePurpose>TxProfile</o:chargingProfilePurpose><o:chargingProfileKind>Relative</o:chargingProfileKind>"
        + fields.partition("</o:status>")[2]
        + "</o:chargingProfile>"
    )
    message = read("RemoteStartTransaction", profile, CHARGE_POINT)
    assert isinstance(message, v16.RemoteStartTransaction)
    assert isinstance(message.charging_profile, v16.ChargingProfile)
    assert message.charging_profile.charging_schedule.charging_schedule_period[0].limit == Decimal(number)


@pytest.mark.parametrize("text", ["1e3", "0x10", "seven", "1 000", "\u0661", "NaN", "INF", "--1", "+", "."])
def test_what_xml_does_not_call_a_number_is_no_number(text: str) -> None:
    refusal = refused("UnlockConnector", f"<o:connectorId>{text}</o:connectorId>", CHARGE_POINT)
    assert (refusal.code, refusal.path) == (ErrorCode.TYPE_CONSTRAINT_VIOLATION, "$.connectorId")


def test_an_integer_with_a_point_gets_the_verdict_that_it_gets_in_json() -> None:
    message = forgiven(
        "UnlockConnector",
        "<o:connectorId>1.0</o:connectorId>",
        DeviationKind.INTEGER_FORM,
        "$.connectorId",
        CHARGE_POINT,
    )
    assert message == v16.UnlockConnector(connector_id=1)


@pytest.mark.parametrize("digits", [30, 5_000, 400_000])
@pytest.mark.parametrize("reading", Reading)
def test_a_number_beyond_all_measure_is_refused(digits: int, reading: Reading) -> None:
    fields = f"<o:connectorId>{'9' * digits}</o:connectorId>"
    refusal = refused("UnlockConnector", fields, CHARGE_POINT, reading)
    assert refusal.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


@pytest.mark.parametrize(("text", "readonly"), [("true", True), ("1", True), ("false", False), (" 0 ", False)])
def test_booleans_come_in_words_and_digits(text: str, readonly: bool) -> None:
    fields = f"<o:configurationKey><o:key>k</o:key><o:readonly>{text}</o:readonly></o:configurationKey>"
    body = asking("GetConfiguration", fields, service=CHARGE_POINT).replace(b"Request", b"Response")
    body = body.replace(b"/GetConfiguration<", b"/GetConfigurationResponse<")
    body = body.replace(b"<wsa:MessageID>", b"<wsa:RelatesTo>1</wsa:RelatesTo><wsa:MessageID>")
    response = parse_response(body, service=CHARGE_POINT, action="GetConfiguration", message_id="1")
    assert isinstance(response.message, v16.GetConfigurationResponse)
    assert response.message.configuration_key == (v16.KeyValue(key="k", readonly=readonly),)


@pytest.mark.parametrize("text", ["2026-11-20T12:00:00Z", "2026-11-20T13:00:00+01:00", "\n 2026-11-20T12:00:00.000Z "])
def test_times_are_instants(text: str) -> None:
    message = read("StartTransaction", START.replace(NOON, text))
    assert isinstance(message, v16.StartTransaction)
    assert message.timestamp == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_time_without_zone_gets_the_verdict_that_it_gets_in_json() -> None:
    fields = START.replace(NOON, "2026-11-20T12:00:00")
    message = forgiven("StartTransaction", fields, DeviationKind.NO_ZONE, "$.timestamp")
    assert isinstance(message, v16.StartTransaction)
    assert message.timestamp == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_white_space_in_a_text_belongs_to_it() -> None:
    message = read("DataTransfer", "<o:vendorId> v </o:vendorId><o:data>\n  {}\n</o:data>")
    assert message == v16.DataTransfer(vendor_id=" v ", data="\n  {}\n")


def test_lines_around_a_limited_text_are_a_deviation() -> None:
    message = forgiven("Authorize", "<o:idTag>\n    04AB CD\n</o:idTag>", SoapDeviation.WHITE_SPACE, "$.idTag")
    assert message == v16.Authorize(id_tag="04AB CD")


def test_white_space_around_a_listed_value_is_a_deviation() -> None:
    message = forgiven("Reset", "<o:type> Hard </o:type>", SoapDeviation.WHITE_SPACE, "$.type", CHARGE_POINT)
    assert message == v16.Reset(type="Hard")


def test_white_space_around_an_address_means_nothing() -> None:
    message = read("GetDiagnostics", "<o:location>\n ftp://a/b\n</o:location>", CHARGE_POINT)
    assert message == v16.GetDiagnostics(location="ftp://a/b")


@pytest.mark.parametrize("nil", ["true", "1"])
def test_nil_gets_the_verdict_of_null(nil: str) -> None:
    fields = f"{START}<o:reservationId xsi:nil='{nil}'/>"
    message = forgiven("StartTransaction", fields, DeviationKind.NULL, "$.reservationId")
    assert message == read("StartTransaction", START)
    assert refused("StartTransaction", fields).code is ErrorCode.TYPE_CONSTRAINT_VIOLATION


def test_a_group_may_be_nil() -> None:
    fields = "<o:idTag>A</o:idTag><o:chargingProfile xsi:nil='true'/>"
    forgiven("RemoteStartTransaction", fields, DeviationKind.NULL, "$.chargingProfile", CHARGE_POINT)


def test_nil_that_is_false_is_no_nil() -> None:
    assert read("StartTransaction", f"{START}<o:reservationId xsi:nil='false'>3</o:reservationId>") != read(
        "StartTransaction", START
    )


@pytest.mark.parametrize(
    ("action", "fields", "path"),
    [
        ("StartTransaction", START + "<o:reservationId/>", "$.reservationId"),
        ("StopTransaction", f"<o:transactionId>1</o:transactionId><o:timestamp>{NOON}</o:timestamp><o:meterStop>2</o:meterStop><o:reason> </o:reason>", "$.reason"),
        (
            "StatusNotification",
            "<o:connectorId>1</o:connectorId><o:status>Available</o:status><o:errorCode>NoError</o:errorCode><o:timestamp/>",
            "$.timestamp",
        ),
    ],
)  # fmt: skip
def test_an_optional_element_with_nothing_in_it_is_a_deviation(action: str, fields: str, path: str) -> None:
    forgiven(action, fields, SoapDeviation.EMPTY_ELEMENT, path)


def test_an_empty_text_is_a_text() -> None:
    message = read("BootNotification", f"{BOOT}<o:firmwareVersion/>")
    assert isinstance(message, v16.BootNotification)
    assert message.firmware_version == ""


def test_a_required_element_with_nothing_in_it_is_refused() -> None:
    assert refused("UnlockConnector", "<o:connectorId/>", CHARGE_POINT).code is ErrorCode.TYPE_CONSTRAINT_VIOLATION


def test_a_missing_element_gets_the_verdict_of_a_missing_field() -> None:
    refusal = refused("Authorize", "")
    assert (refusal.code, refusal.path) == (ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "$.idTag")


@pytest.mark.parametrize("reading", Reading)
def test_a_single_element_that_comes_twice_is_refused(reading: Reading) -> None:
    refusal = refused("Authorize", "<o:idTag>A</o:idTag><o:idTag>B</o:idTag>", reading=reading)
    assert (refusal.code, refusal.path) == (ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "$.idTag")


@pytest.mark.parametrize(
    "extra",
    [
        "<o:loudness>11</o:loudness>",
        "<x:loudness>11</x:loudness>",
        "<o:loudness><o:a>1</o:a></o:loudness>",
        "<o:loudness/>" * 2,
    ],
)
def test_an_unknown_element_gets_the_verdict_of_an_unknown_field(extra: str) -> None:
    message = forgiven("Authorize", f"<o:idTag>A</o:idTag>{extra}", DeviationKind.UNKNOWN_FIELD, "$.loudness")
    assert message == v16.Authorize(id_tag="A")
    assert refused("Authorize", f"<o:idTag>A</o:idTag>{extra}").code is ErrorCode.PROTOCOL_ERROR


def test_elements_inside_a_value_are_refused() -> None:
    refusal = refused("Authorize", "<o:idTag><o:b>A</o:b></o:idTag>", reading=Reading.TOLERANT)
    assert (refusal.code, refusal.path) == (ErrorCode.TYPE_CONSTRAINT_VIOLATION, "$.idTag")
    assert (
        refused("StartTransaction", START + "<o:reservationId><o:b/></o:reservationId>").code
        is ErrorCode.TYPE_CONSTRAINT_VIOLATION
    )


def test_elements_out_of_order_are_a_deviation() -> None:
    fields = "<o:chargePointModel>M</o:chargePointModel><o:chargePointVendor>V</o:chargePointVendor>"
    assert forgiven("BootNotification", fields, SoapDeviation.ELEMENT_ORDER, "$.chargePointVendor") == read(
        "BootNotification", BOOT
    )


def test_the_order_of_json_is_a_deviation() -> None:
    fields = START.replace("<o:meterStart>5</o:meterStart>", "").replace(
        "<o:timestamp>", "<o:meterStart>5</o:meterStart><o:timestamp>"
    )
    assert forgiven("StartTransaction", fields, SoapDeviation.ELEMENT_ORDER, "$.timestamp") == read(
        "StartTransaction", START
    )


def test_an_array_in_two_places_is_read_together() -> None:
    value = f"<o:timestamp>{NOON}</o:timestamp><o:sampledValue><o:value>1</o:value></o:sampledValue>"
    array = f"<o:transactionData>{value}</o:transactionData>"
    stop = f"<o:transactionId>1</o:transactionId>{array}<o:timestamp>{NOON}</o:timestamp><o:meterStop>2</o:meterStop>{array}"
    request = parse_request(asking("StopTransaction", stop), service=CENTRAL_SYSTEM, reading=Reading.TOLERANT)
    assert [(deviation.kind, deviation.path) for deviation in request.deviations] == [
        (SoapDeviation.ELEMENT_ORDER, "$.timestamp"),
        (SoapDeviation.ELEMENT_ORDER, "$.meterStop"),
    ]
    assert isinstance(request.message, v16.StopTransaction)
    assert isinstance(request.message.transaction_data, tuple)
    assert len(request.message.transaction_data) == 2


def test_an_item_of_an_array_is_named_by_its_number() -> None:
    fields = "<o:key>a</o:key><o:key x='1'>b</o:key>"
    forgiven("GetConfiguration", fields, SoapDeviation.ATTRIBUTE, "$.key[1]", CHARGE_POINT)


@pytest.mark.parametrize("element", ["<idTag>A</idTag>", "<x:idTag>A</x:idTag>"])
def test_an_element_in_another_namespace_is_a_deviation(element: str) -> None:
    assert forgiven("Authorize", element, SoapDeviation.NAMESPACE, "$.idTag") == v16.Authorize(id_tag="A")


def test_text_between_elements_is_a_deviation() -> None:
    assert forgiven("Authorize", "oops<o:idTag>A</o:idTag>", SoapDeviation.STRAY_TEXT, "$") == v16.Authorize(id_tag="A")


def test_an_unknown_attribute_is_a_deviation() -> None:
    forgiven("Authorize", "<o:idTag x='1'>A</o:idTag>", SoapDeviation.ATTRIBUTE, "$.idTag")
    refusal = refused("RemoteStartTransaction", "<o:idTag>A</o:idTag><o:chargingProfile x='1'/>", CHARGE_POINT)
    assert refusal.path == "$.chargingProfile"


def test_the_attributes_of_xml_itself_are_ignored() -> None:
    read("Authorize", "<o:idTag xml:lang='en' xml:space='preserve' xsi:type='o:IdToken'>A</o:idTag>")


def test_a_value_that_is_not_listed_gets_the_verdict_that_it_gets_in_json() -> None:
    forgiven("Reset", "<o:type>Gentle</o:type>", DeviationKind.UNKNOWN_VALUE, "$.type", CHARGE_POINT)
    forgiven("Reset", "<o:type>hard</o:type>", DeviationKind.LETTER_CASE, "$.type", CHARGE_POINT)


def test_the_words_of_a_deviation_are_of_bearable_length() -> None:
    fields = f"<o:idTag {'a' * 5_000}='1'>A</o:idTag>"
    request = parse_request(asking("Authorize", fields), service=CENTRAL_SYSTEM, reading=Reading.TOLERANT)
    assert len(request.deviations[0].detail) == 300
    assert len(refused("Authorize", fields).reason) == 300


def test_a_flood_of_deviations_is_counted_and_not_kept() -> None:
    fields = "<o:key>a</o:key>" + "<o:key x='1'>b</o:key>" * 5_000
    request = parse_request(
        asking("GetConfiguration", fields, service=CHARGE_POINT), service=CHARGE_POINT, reading=Reading.TOLERANT
    )
    assert len(request.deviations) < 100
    assert request.deviations[-1].kind is DeviationKind.MORE
