"""Every block of the management system, and what each version hears and says through them. Part of the composition root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from forecourt.csms.blocks.authorization import v2 as authorization_2
from forecourt.csms.blocks.authorization import v16 as authorization_16
from forecourt.csms.blocks.authorization.list_model import Room
from forecourt.csms.blocks.authorization.lists import Lists
from forecourt.csms.blocks.availability import v2 as availability_2
from forecourt.csms.blocks.availability import v16 as availability_16
from forecourt.csms.blocks.availability.model import Availability
from forecourt.csms.blocks.certificates.model import Certificates
from forecourt.csms.blocks.data_transfer import v2 as data_transfer_2
from forecourt.csms.blocks.data_transfer import v16 as data_transfer_16
from forecourt.csms.blocks.data_transfer.model import Handlers
from forecourt.csms.blocks.later import v2 as later_2
from forecourt.csms.blocks.later import v16 as later_16
from forecourt.csms.blocks.metering import v2 as metering_2
from forecourt.csms.blocks.metering import v16 as metering_16
from forecourt.csms.blocks.metering.model import Owner
from forecourt.csms.blocks.provisioning import v2 as provisioning_2
from forecourt.csms.blocks.provisioning import v16 as provisioning_16
from forecourt.csms.blocks.provisioning.actions import Provisioning, look_up
from forecourt.csms.blocks.provisioning.model import Name
from forecourt.csms.blocks.remote_control import forms as remote_control_forms
from forecourt.csms.blocks.remote_control import v2 as remote_control_2
from forecourt.csms.blocks.remote_control import v16 as remote_control_16
from forecourt.csms.blocks.reservation import v2 as reservation_2
from forecourt.csms.blocks.reservation import v16 as reservation_16
from forecourt.csms.blocks.security import v2 as security_2
from forecourt.csms.blocks.security import v16 as security_16
from forecourt.csms.blocks.security.rotation import Security
from forecourt.csms.blocks.transactions import v2 as transactions_2
from forecourt.csms.blocks.transactions import v16 as transactions_16
from forecourt.csms.blocks.transactions.actions import VARIABLES, ability_of
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.judging import open_transactions
from forecourt.csms.blocks.transactions.model import Ability
from forecourt.csms.stations import raw
from forecourt.csms.stations.dialects import Dialect, Hears, Says, assemble
from forecourt.csms.stations.forms import Forms
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Store, Work
from forecourt.ocpp.versions import V16, V21, V201, Version

_ABILITIES = tuple(Name.of(component, variable) for component, variable in VARIABLES)
_ENABLED, _ITEMS, _BYTES, _ENTRIES, _STORAGE = (
    Name.of("LocalAuthListCtrlr", variable)
    for variable in ("Enabled", "ItemsPerMessage", "BytesPerMessage", "Entries", "Storage")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """What the blocks were given, in the order of the specification."""

    store: Store
    security: Security
    certificates: Certificates
    provisioning: Provisioning
    lists: Lists
    transactions: Transactions
    availability: Availability
    owner: Owner
    data_transfer: Handlers


def forms_of(known: Mapping[Version, Dialect], blocks: Blocks) -> Forms:
    """How every command is asked for that any version has words for."""
    own = remote_control_forms.forms(blocks.transactions)
    return Forms({command for dialect in known.values() for command in dialect.says}, own)


def dialects(blocks: Blocks) -> Mapping[Version, Dialect]:
    """The tables of every version. Raises Gap where they contradict each other or leave a message out."""
    unsaid_201 = {action: block for action, block in later_2.UNSAID.items() if action in V201.actions}
    return MappingProxyType(
        {
            V16: assemble(V16, _hears_16(blocks), _says_16(blocks), later_16.UNSAID),
            V201: assemble(V201, _hears_2(blocks), _says_2(blocks), unsaid_201),
            V21: assemble(V21, _hears_2(blocks), _says_2(blocks), later_2.UNSAID),
        }
    )


def _hears_16(blocks: Blocks) -> list[Hears]:
    words = transactions_16.Words(authorization_16.info_of, metering_16.metered_of)
    return [
        security_16.HEARS,
        provisioning_16.hears(blocks.provisioning),
        authorization_16.HEARS,
        transactions_16.hears(blocks.transactions, words),
        remote_control_16.HEARS,
        availability_16.hears(blocks.availability),
        reservation_16.HEARS,
        metering_16.hears(blocks.owner),
        data_transfer_16.hears(blocks.data_transfer),
        later_16.HEARS,
    ]


def _says_16(blocks: Blocks) -> list[Says]:
    return [
        security_16.says(blocks.security),
        provisioning_16.says(blocks.provisioning),
        authorization_16.says(blocks.lists),
        transactions_16.SAYS,
        remote_control_16.says(blocks.transactions, blocks.store),
        availability_16.says(blocks.availability),
        reservation_16.SAYS,
        metering_16.SAYS,
        data_transfer_16.SAYS,
        raw.SAYS,
    ]


def _hears_2(blocks: Blocks) -> list[Hears]:
    words = transactions_2.Words(authorization_2.info_of, metering_2.metered_of)
    return [
        security_2.HEARS,
        provisioning_2.hears(blocks.provisioning),
        authorization_2.hears(open_transactions),
        transactions_2.hears(blocks.transactions, words),
        remote_control_2.HEARS,
        availability_2.hears(blocks.availability),
        reservation_2.HEARS,
        metering_2.hears(blocks.owner),
        data_transfer_2.hears(blocks.data_transfer),
        later_2.HEARS,
    ]


def _says_2(blocks: Blocks) -> list[Says]:
    return [
        security_2.says(blocks.security),
        provisioning_2.says(blocks.provisioning),
        authorization_2.says(blocks.lists),
        transactions_2.SAYS,
        remote_control_2.says(blocks.transactions, blocks.store),
        availability_2.says(blocks.availability),
        reservation_2.SAYS,
        metering_2.SAYS,
        data_transfer_2.SAYS,
        raw.SAYS,
    ]


async def room_of(work: Work, station: Station) -> Room:
    """How much of a local list a station takes, as it has reported in whichever version. Raises StoreAway."""
    known = await look_up(work, station, (_ENABLED, _ITEMS, _BYTES, _ENTRIES, _STORAGE))
    values = {name: one.reported.value for name, one in known.items()}
    limits = {name: one.reported.characteristics for name, one in known.items()}

    def most(name: Name) -> int | None:
        said = limits.get(name)
        return None if said is None or said.max_limit is None or said.max_limit < 0 else int(said.max_limit)

    enabled = (values.get(_ENABLED) or "").lower()
    return Room(
        enabled={"true": True, "false": False}.get(enabled),
        items_per_message=_number(values.get(_ITEMS)),
        bytes_per_message=_number(values.get(_BYTES)),
        entries=most(_ENTRIES),
        storage_bytes=most(_STORAGE),
    )


async def abilities(work: Work, station: Station) -> Ability:
    """What a station observes and reports while a transaction runs, as its device model says. Raises StoreAway."""
    known = await look_up(work, station, _ABILITIES)
    values = {name: one.reported.value for name, one in known.items()}
    said = {
        pair: value for pair, name in zip(VARIABLES, _ABILITIES, strict=True) if (value := values.get(name)) is not None
    }
    return ability_of(said)


def _number(value: str | None) -> int | None:
    """A number of at least one; what else a station says it takes is not to be believed."""
    return (
        int(value) if value is not None and value.isascii() and value.isdecimal() and 0 < int(value) < 2**31 else None
    )
