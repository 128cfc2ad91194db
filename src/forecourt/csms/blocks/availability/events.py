"""What happened to the availability of places. Facts only."""

from __future__ import annotations

from datetime import datetime

from forecourt.csms.store.announced import Event


class ConnectorChanged(Event, frozen=True, kw_only=True):
    """A connector is in another state than before, or there is another error, in the words of 2.x and in the station's own.

    Without `connector_id` it is the EVSE as a whole, with `evse_id` 0 the station. `plugged_in` and `charging` are null where
    the station does not say, `error_code` is empty when there is no error, `station_time` null where it named none.
    """

    organisation_id: int
    station_id: int
    evse_id: int
    connector_id: int | None
    status: str
    plugged_in: bool | None
    charging: str | None
    wire_status: str
    error_code: str
    vendor_id: str
    vendor_error_code: str
    info: str
    station_time: datetime | None


class AvailabilityOrdered(Event, frozen=True, kw_only=True):
    """A station took the order to take a place into or out of use. `pending` says that it will happen after a transaction."""

    organisation_id: int
    station_id: int
    evse_id: int
    connector_id: int | None
    operative: bool
    pending: bool
