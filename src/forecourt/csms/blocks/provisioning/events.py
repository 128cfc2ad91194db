"""What happened to stations as such and to what they are set to. Facts only; values of secret variables are left out."""

from __future__ import annotations

from datetime import datetime

import msgspec

from forecourt.csms.store.announced import Event


class StationBooted(Event, frozen=True, kw_only=True):
    """A station has booted and was told `registration`. `reason` is its own word, empty where its version has none."""

    organisation_id: int
    station_id: int
    registration: str
    reason: str
    vendor: str
    model: str
    serial_number: str
    firmware_version: str


class BootRefused(Event, frozen=True, kw_only=True):
    """A station booted and was sent away although it is registered. `reason` is for programs."""

    organisation_id: int
    station_id: int
    reason: str
    serial_number: str
    registered_name: str


class RegistrationDecided(Event, frozen=True, kw_only=True):
    """Someone has decided what the station is told when it boots next."""

    organisation_id: int
    station_id: int
    registration: str
    decided_by: str


class RegistrationChanged(Event, frozen=True, kw_only=True):
    """A station's registration is now this."""

    organisation_id: int
    station_id: int
    registration: str
    earlier: str


class EvseFacts(msgspec.Struct, frozen=True, rename="camel"):
    """An EVSE and the numbers of its connectors."""

    id: int
    connectors: tuple[int, ...]


class TopologyChanged(Event, frozen=True, kw_only=True):
    """What a station consists of is now known, or known better."""

    organisation_id: int
    station_id: int
    evses: tuple[EvseFacts, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A variable whose value has changed."""

    component: str
    component_instance: str
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str
    attribute: str
    earlier: str | None
    value: str | None


class ConfigurationChanged(Event, frozen=True, kw_only=True):
    """Settings of a station have other values than before, whoever changed them."""

    organisation_id: int
    station_id: int
    changes: tuple[Change, ...]


class ReportCompleted(Event, frozen=True, kw_only=True):
    """A report is there, all of it. `missing` variables were known before and are not in it."""

    organisation_id: int
    station_id: int
    request_id: int | None
    base: str
    variables: int
    missing: int


class ReportFailed(Event, frozen=True, kw_only=True):
    """A report that a station had promised has not come, or not all of it; what has come is kept."""

    organisation_id: int
    station_id: int
    request_id: int
    base: str
    reason: str


class InventoryFailed(Event, frozen=True, kw_only=True):
    """A station did not tell what it consists of and is set to; it is asked again at `retry_at`."""

    organisation_id: int
    station_id: int
    reason: str
    retry_at: datetime


class WantedConfigurationChanged(Event, frozen=True, kw_only=True):
    """Other values are wanted of a station, or it stands otherwise with them: how many there are in each state."""

    organisation_id: int
    station_id: int
    waiting: int
    held: int
    reboot: int
    failed: int


class WantedConfigurationHeld(Event, frozen=True, kw_only=True):
    """A station reports all values that were wanted of it."""

    organisation_id: int
    station_id: int
    variables: int


class WantedValueNotTaken(Event, frozen=True, kw_only=True):
    """A station does not take a wanted value. `reason` is its own word, or what it reports instead; tried again later."""

    organisation_id: int
    station_id: int
    variable: str
    attribute: str
    wanted: str
    reason: str
    retry_at: datetime


class ClockDeviated(Event, frozen=True, kw_only=True):
    """A station's clock is ahead of ours by so many seconds, or behind if negative."""

    organisation_id: int
    station_id: int
    ahead_s: float


class ClockCorrected(Event, frozen=True, kw_only=True):
    """A station's clock agrees with ours again."""

    organisation_id: int
    station_id: int
    ahead_s: float
