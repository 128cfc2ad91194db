"""Messages the specification has no words for, and who understands them.

Whoever understands a vendor's messages says so where everything is put together. A handler is like any other: it adds to
the unit of work and returns its answer, and that is committed before the station hears it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

from forecourt.csms.stations.commands import Command
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.errors import Invalid

MAX_VENDOR_ID_LENGTH: Final = 255
MAX_MESSAGE_ID_LENGTH: Final = 50


class TransferStatus(StrEnum):
    """DataTransferStatusEnumType, the same in all versions."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_MESSAGE_ID = "UnknownMessageId"
    UNKNOWN_VENDOR_ID = "UnknownVendorId"


class Transfer(msgspec.Struct, frozen=True):
    """A message of a station. `message_id` is empty where it has none. `data` is text from 1.6, any JSON value from 2.x, None for none."""

    vendor_id: str
    message_id: str = ""
    data: Any = None

    @property
    def content(self) -> Any:
        """The data as a JSON value in any version: text that is JSON is read, other text stays what it is."""
        if not isinstance(self.data, str):
            return self.data
        try:
            return msgspec.json.decode(self.data)
        except msgspec.DecodeError:
            return self.data


class Answer(msgspec.Struct, frozen=True):
    """What a station is answered. `data` is None for none; to a station of 1.6 what is not text is sent as JSON text."""

    status: TransferStatus
    data: Any = None


Handler: TypeAlias = Callable[[Link, Work, Transfer], Awaitable[Answer]]

EVERY_MESSAGE: Final = ""
"""In place of a message id: whatever of the vendor has no handler of its own, messages without id included."""


class Handlers:
    """Who understands what, by vendor id and message id. Case does not count in either."""

    def __init__(self, table: Mapping[str, Mapping[str, Handler]] = MappingProxyType({})) -> None:
        """Raises ValueError for two handlers of one message."""
        self._table: dict[str, dict[str, Handler]] = {}
        for vendor_id, messages in table.items():
            known = self._table.setdefault(vendor_id.casefold(), {})
            for message_id, handler in messages.items():
                if message_id.casefold() in known:
                    raise ValueError(f"{vendor_id} {message_id} is handled twice")
                known[message_id.casefold()] = handler

    async def answer(self, link: Link, work: Work, transfer: Transfer) -> Answer:
        """What becomes of a message of a station (P02.FR.06, P02.FR.07)."""
        messages = self._table.get(transfer.vendor_id.casefold())
        if messages is None:
            return Answer(TransferStatus.UNKNOWN_VENDOR_ID)
        handler = messages.get(transfer.message_id.casefold()) or messages.get(EVERY_MESSAGE)
        if handler is None:
            return Answer(TransferStatus.UNKNOWN_MESSAGE_ID)
        return await handler(link, work, transfer)


@dataclass(frozen=True, slots=True)
class TransferData(Command):
    """Send a station what the specification has no words for (P01). To one of 1.6 what is not text is sent as JSON text."""

    vendor_id: Annotated[str, Meta(min_length=1, max_length=MAX_VENDOR_ID_LENGTH)]
    message_id: Annotated[str, Meta(max_length=MAX_MESSAGE_ID_LENGTH)] = ""
    data: Any = None

    def __post_init__(self) -> None:
        for field, value, longest in (
            ("vendorId", self.vendor_id, MAX_VENDOR_ID_LENGTH),
            ("messageId", self.message_id, MAX_MESSAGE_ID_LENGTH),
        ):
            if len(value) > longest:
                raise Invalid("data_transfer_id_length", f"it has at most {longest} characters", {field: "too long"})
        if not self.vendor_id:
            raise Invalid("data_transfer_without_vendor", "name the vendor", {"vendorId": "is empty"})


def as_text(data: Any) -> str:
    """`data` for a version that knows only text."""
    return data if isinstance(data, str) else _ENCODER.encode(data).decode()


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
