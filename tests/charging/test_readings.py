from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.measurands import MEASURANDS
from forecourt.charging.readings import (
    LARGEST_VALUE,
    Context,
    How,
    Location,
    Overall,
    Phase,
    Problem,
    Reading,
    Sample,
    SignedValue,
    overall,
    read,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def sample(value: str, measurand: str | None = None, unit: str | None = None, **more: Any) -> Sample:
    return Sample(value=Decimal(value), measurand=measurand, unit=unit, **more)


def test_a_bare_value_is_the_import_register_in_Wh_at_the_outlet_sampled_periodically() -> None:
    assert read(sample("1234.5"), NOW) == Reading(
        at=NOW,
        measurand="Energy.Active.Import.Register",
        value=Decimal("1234.5"),
        phase=None,
        location=Location.OUTLET,
        context=Context.SAMPLE_PERIODIC,
    )


@pytest.mark.parametrize(
    ("value", "measurand", "unit", "multiplier", "expected"),
    [
        ("1.5", None, "kWh", 0, "1500"),
        ("1.5", None, "KWH", 0, "1500"),
        ("1.5", None, "kWh", 3, "1500000"),
        ("15000", None, "Wh", -1, "1500.0"),
        ("7.4", "Power.Active.Import", "kW", 0, "7400"),
        ("7400", "Power.Active.Import", None, 0, "7400"),
        ("1.25", "Power.Reactive.Import", "kvar", 0, "1250"),
        ("3", "Energy.Reactive.Import.Register", "kVArh", 0, "3000"),
        ("3", "Energy.Apparent.Import", "kVAh", 0, "3000"),
        ("49985", "Frequency", "mHz", 0, "49.985"),
        ("50", "Frequency", None, 0, "50"),
        ("80", "SoC", "Percent", 0, "80"),
        ("80", "SoC", "%", 0, "80"),
        ("100", "SoC", "%", 0, "100"),
        ("1." + "1" * 27, None, None, 0, "1." + "1" * 27),
        ("80", "SoC", "", 0, "80"),
        ("21.4", "Temperature", "Celcius", 0, "21.4"),
        ("212", "Temperature", "Fahrenheit", 0, "100"),
        ("-40", "Temperature", "Fahrenheit", 0, "-40"),
        ("0", "Temperature", "K", 0, "-273.15"),
        ("-3000", "Power.Active.Setpoint", "W", 0, "-3000"),
        ("0E+9999", None, "Wh", 0, "0"),
        ("-0.0", "Current.Import", "A", 0, "0"),
        ("5", "RPM", None, 0, "5"),
        ("1", "Display.ChargingComplete", None, 0, "1"),
    ],
)
def test_a_value_comes_out_in_the_unit_of_its_measurand(
    value: str, measurand: str | None, unit: str | None, multiplier: int, expected: str
) -> None:
    reading = read(sample(value, measurand, unit, multiplier=multiplier), NOW)
    assert isinstance(reading, Reading)
    assert reading.value == Decimal(expected)
    assert len(f"{reading.value:f}") < 30


@pytest.mark.parametrize(
    ("given_sample", "problem"),
    [
        (Sample(value=None, signed=SignedValue(b"\x00\x01")), Problem.NO_NUMBER),
        (sample("1", "Energy.Active.Imported"), Problem.UNKNOWN_MEASURAND),
        (sample("1", None, "BTU"), Problem.UNKNOWN_UNIT),
        (sample("230", "Voltage", "Wh"), Problem.UNIT_OF_ANOTHER_KIND),
        (sample("230", None, "V"), Problem.UNIT_OF_ANOTHER_KIND),
        (sample("NaN"), Problem.NUMBER_OUT_OF_RANGE),
        (sample("Infinity"), Problem.NUMBER_OUT_OF_RANGE),
        (sample("1E+9999"), Problem.NUMBER_OUT_OF_RANGE),
        (sample("1E-9999"), Problem.NUMBER_OUT_OF_RANGE),
        (sample("1" * 29), Problem.NUMBER_OUT_OF_RANGE),
        (sample("1" * 17), Problem.NUMBER_OUT_OF_RANGE),
        (sample("1", multiplier=19), Problem.NUMBER_OUT_OF_RANGE),
        (sample("1", multiplier=-19), Problem.NUMBER_OUT_OF_RANGE),
        (sample("101", "SoC"), Problem.NUMBER_OUT_OF_RANGE),
        (sample("-1"), Problem.NEGATIVE),
        (sample("-1", "Current.Import", "A"), Problem.NEGATIVE),
        (sample("1", phase="L4"), Problem.UNKNOWN_PHASE),
        (sample("1", location="Roof"), Problem.UNKNOWN_LOCATION),
    ],
)
def test_what_cannot_be_read_says_why(given_sample: Sample, problem: Problem) -> None:
    assert read(given_sample, NOW) is problem


def test_phase_location_and_context_are_read_and_an_unknown_context_is_other() -> None:
    reading = read(sample("1", phase="L1-N", location="Inlet", context="Transaction.End"), NOW)
    assert isinstance(reading, Reading)
    assert (reading.phase, reading.location, reading.context) == (Phase.L1_N, Location.INLET, Context.TRANSACTION_END)
    odd = read(sample("1", context="Transaction.Middle"), NOW)
    assert isinstance(odd, Reading)
    assert odd.context is Context.OTHER


def test_a_phase_where_none_makes_sense_is_left_out() -> None:
    reading = read(sample("50", "Frequency", "Hz", phase="L1"), NOW)
    assert isinstance(reading, Reading)
    assert reading.phase is None


def test_J02_FR_21_a_signed_value_stays_byte_for_byte() -> None:
    signed = SignedValue(b"OCMF|{}|\xff\x00", "OCMF", "ECDSA-secp256k1-SHA256", b"oca:base16:asn1:3056")
    reading = read(sample("1", signed=signed), NOW)
    assert isinstance(reading, Reading)
    assert reading.signed is signed


@given(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.sampled_from(sorted(MEASURANDS)),
    st.sampled_from([None, "Wh", "kWh", "W", "kW", "A", "V", "Percent", "K", "Fahrenheit", "mHz", "??"]),
    st.integers(-(10**6), 10**6),
)
def test_whatever_comes_is_a_bounded_number_or_a_problem(
    value: Decimal, measurand: str, unit: str | None, multiplier: int
) -> None:
    result = read(Sample(value=value, measurand=measurand, unit=unit, multiplier=multiplier), NOW)
    if isinstance(result, Reading):
        assert abs(result.value) < LARGEST_VALUE
        assert len(str(result.value)) < 70


def at(phase: Phase | None, value: str, measurand: str = "Power.Active.Import") -> Reading:
    return Reading(at=NOW, measurand=measurand, value=Decimal(value), phase=phase)


L123 = frozenset({Phase.L1, Phase.L2, Phase.L3})


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([at(None, "9"), at(Phase.L1, "3")], Overall(Decimal(9), How.GIVEN)),
        ([at(Phase.L1, "3"), at(None, "9")], Overall(Decimal(9), How.GIVEN)),
        ([at(Phase.L1, "3"), at(Phase.L2, "4"), at(Phase.L3, "5")], Overall(Decimal(12), How.SUMMED, L123)),
        ([at(Phase.L2, "4")], Overall(Decimal(4), How.SUMMED, frozenset({Phase.L2}))),
        ([at(Phase.L1, "3"), at(Phase.L1_N, "7")], Overall(Decimal(3), How.SUMMED, frozenset({Phase.L1}))),
        (
            [at(Phase.L1, "6", "Current.Import"), at(Phase.L2, "16", "Current.Import")],
            Overall(Decimal(16), How.HIGHEST, frozenset({Phase.L1, Phase.L2})),
        ),
        (
            [at(Phase.L1_N, "230", "Voltage"), at(Phase.L2_N, "234", "Voltage"), at(Phase.L1_L2, "400", "Voltage")],
            Overall(Decimal(232), How.AVERAGED, frozenset({Phase.L1, Phase.L2})),
        ),
        ([at(Phase.N, "1", "Current.Import")], None),
        ([at(Phase.L1_L2, "400", "Voltage")], None),
        ([], None),
    ],
)
def test_phases_make_one_value_by_a_stated_rule(readings: list[Reading], expected: Overall | None) -> None:
    assert overall(readings) == expected
