from decimal import Decimal

import pytest

from forecourt.charging.measurands import CONVERSIONS, DEFAULT_MEASURAND, MEASURANDS, Direction, Meaning, Summary, Unit

# MeasurandEnumType of 2.1 has 56 values; 1.6 adds Temperature and RPM.
IN_2_1 = 56


def test_every_measurand_of_2_1_and_the_two_of_1_6_only_are_described() -> None:
    assert len(MEASURANDS) == IN_2_1 + 2
    assert MEASURANDS.keys() > {"Temperature", "RPM", DEFAULT_MEASURAND, "Power.Import.Offered", "Display.TargetSOC"}


@pytest.mark.parametrize("name", MEASURANDS)
def test_the_name_of_a_measurand_agrees_with_its_description(name: str) -> None:
    measurand = MEASURANDS[name]
    assert measurand.name == name
    if name.endswith("Register"):
        assert (measurand.meaning, measurand.summary) == (Meaning.REGISTER, Summary.DIFFERENCE)
    if name.endswith("Interval"):
        assert (measurand.meaning, measurand.summary) == (Meaning.INTERVAL, Summary.SUM)
    if ".Import" in name:
        assert measurand.direction is Direction.IMPORT
    if ".Export" in name:
        assert measurand.direction is Direction.EXPORT
    if name.startswith(("Energy.Active", "EnergyRequest")):
        assert measurand.unit is Unit.WATT_HOUR
    if name.startswith("Power.Active"):
        assert measurand.unit is Unit.WATT
    if name.endswith(("Minimum", "Maximum", "Offered")):
        assert measurand.meaning is Meaning.LIMIT
    # Note 4 of the enumeration: a direction in the name means no negative values.
    assert not (measurand.signed and measurand.direction in (Direction.IMPORT, Direction.EXPORT))


def test_values_that_may_be_negative_are_those_the_specification_names() -> None:
    assert {name for name, measurand in MEASURANDS.items() if measurand.signed} == {
        "Energy.Active.Net",
        "Energy.Active.Setpoint.Interval",
        "Energy.Apparent.Net",
        "Energy.Reactive.Net",
        "EnergyRequest.Maximum.V2X",
        "EnergyRequest.Minimum.V2X",
        "Power.Active.Residual",
        "Power.Active.Setpoint",
        "Power.Factor",
        "Temperature",
    }


def test_there_is_a_conversion_to_every_unit_and_the_symbol_of_a_unit_is_its_own() -> None:
    units = {conversion.unit for conversion in CONVERSIONS.values()}
    assert units == set(Unit) - {Unit.NONE}
    for unit in units:
        own = CONVERSIONS[unit.symbol.casefold()]
        assert (own.unit, own.exponent, own.exact) == (unit, 0, True)


def test_only_temperatures_are_converted_inexactly() -> None:
    assert {name for name, conversion in CONVERSIONS.items() if not conversion.exact} == {"k", "fahrenheit"}
    assert CONVERSIONS["fahrenheit"].factor < Decimal("0.56")
