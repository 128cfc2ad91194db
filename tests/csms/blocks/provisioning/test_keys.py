"""Configuration keys of 1.6 and the variables they are, both ways."""

from __future__ import annotations

from decimal import Decimal

import pytest

from forecourt.csms.blocks.provisioning.keys import (
    KEYS,
    NUMBER_OF_CONNECTORS,
    OWN_KEYS,
    key_of,
    name_of,
    reported,
    value_here,
    value_there,
)
from forecourt.csms.blocks.provisioning.model import KEYS_COMPONENT, Attribute, Component, Mutability, Name, Variable


@pytest.mark.parametrize(
    ("key", "component", "variable", "instance"),
    [
        ("HeartbeatInterval", "OCPPCommCtrlr", "HeartbeatInterval", ""),
        ("MeterValueSampleInterval", "SampledDataCtrlr", "TxUpdatedInterval", ""),
        ("MeterValuesSampledData", "SampledDataCtrlr", "TxUpdatedMeasurands", ""),
        ("StopTxnSampledData", "SampledDataCtrlr", "TxEndedMeasurands", ""),
        ("ClockAlignedDataInterval", "AlignedDataCtrlr", "Interval", ""),
        ("ConnectionTimeOut", "TxCtrlr", "EVConnectionTimeOut", ""),
        ("TransactionMessageAttempts", "OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"),
        ("GetConfigurationMaxKeys", "DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"),
        ("AuthorizationKey", "SecurityCtrlr", "BasicAuthPassword", ""),
        ("VendorSpecialKey", KEYS_COMPONENT, "VendorSpecialKey", ""),
        ("NumberOfConnectors", KEYS_COMPONENT, "NumberOfConnectors", ""),
    ],
)
def test_a_key_is_a_variable_and_the_variable_is_that_key(
    key: str, component: str, variable: str, instance: str
) -> None:
    assert name_of(key) == Name.of(component, variable, instance)
    assert key_of(name_of(key)) == key


def test_every_key_of_the_table_has_a_variable_of_its_own() -> None:
    assert len({name_of(key.name).path for key in KEYS}) == len(KEYS)
    assert not {key.name for key in KEYS} & set(OWN_KEYS)
    assert all(key_of(name_of(key)) == key for key in (*OWN_KEYS, *(known.name for known in KEYS)))


def test_keys_and_variables_are_found_however_they_are_spelt() -> None:
    assert name_of("heartbeatinterval") == name_of("HeartbeatInterval")
    assert key_of(Name.of("ocppcommctrlr", "HEARTBEATINTERVAL")) == "HeartbeatInterval"
    assert name_of("numberofconnectors") == NUMBER_OF_CONNECTORS


@pytest.mark.parametrize(
    "name",
    [
        Name.of("OCPPCommCtrlr", "OfflineThreshold"),
        Name.of("OCPPCommCtrlr", "HeartbeatInterval", "Other"),
        Name(Component("OCPPCommCtrlr"), Variable("HeartbeatInterval"), Attribute.TARGET),
        Name(Component("Connector", evse_id=1, connector_id=1), Variable("Available")),
        Name(Component(KEYS_COMPONENT, evse_id=1), Variable("VendorSpecialKey")),
    ],
)
def test_a_variable_that_is_no_key_has_none(name: Name) -> None:
    assert key_of(name) is None


@pytest.mark.parametrize(
    ("key", "there", "here"),
    [
        ("HeartbeatInterval", "300", "300"),
        ("LocalPreAuthorize", "TRUE", "true"),
        ("LocalPreAuthorize", "maybe", "maybe"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register, SoC ,", "Energy.Active.Import.Register,SoC"),
        ("ChargingScheduleAllowedChargingRateUnit", "Current, Power", "A,W"),
        ("ChargingScheduleAllowedChargingRateUnit", "Something", "Something"),
        ("VendorSpecialKey", " As it is, TRUE ", " As it is, TRUE "),
    ],
)
def test_values_are_translated_only_where_they_differ(key: str, there: str, here: str) -> None:
    assert value_here(key, there) == here


def test_a_value_goes_back_in_the_words_of_the_key() -> None:
    assert value_there("ChargingScheduleAllowedChargingRateUnit", "A,W") == "Current,Power"
    assert value_there("HeartbeatInterval", "60") == "60"


def test_what_is_reported_keeps_what_may_be_set_and_what_kind_of_value_it_is() -> None:
    interval, vendor = reported([("HeartbeatInterval", "300", False), ("VendorSpecialKey", "x", True)])
    assert interval.mutability is Mutability.READ_WRITE
    assert interval.characteristics is not None
    assert (interval.characteristics.data_type, interval.characteristics.unit) == ("integer", "s")
    assert (vendor.name, vendor.value) == (Name.of(KEYS_COMPONENT, "VendorSpecialKey"), "x")
    assert vendor.mutability is Mutability.READ_ONLY


def test_a_key_that_is_a_limit_is_the_limit_of_its_variable_and_not_its_value() -> None:
    (entries,) = reported([("LocalAuthListMaxLength", "100", True)])
    assert entries.name == Name.of("LocalAuthListCtrlr", "Entries")
    assert entries.value is None
    assert entries.characteristics is not None
    assert entries.characteristics.max_limit == Decimal(100)


@pytest.mark.parametrize("nonsense", ["many", "NaN", ""])
def test_a_limit_that_is_no_number_is_none(nonsense: str) -> None:
    (entries,) = reported([("LocalAuthListMaxLength", nonsense, True)])
    assert entries.characteristics is not None
    assert entries.characteristics.max_limit is None


def test_the_length_of_a_list_is_told_by_a_key_of_its_own() -> None:
    measurands, length = reported([("StopTxnSampledData", "SoC", False), ("StopTxnSampledDataMaxLength", "4", True)])
    assert measurands.characteristics is not None
    assert measurands.characteristics.max_elements == 4
    assert length.name == Name.of(KEYS_COMPONENT, "StopTxnSampledDataMaxLength")


def test_a_key_without_a_value_has_none() -> None:
    (one,) = reported([("CpoName", None, False)])
    assert one.value is None
