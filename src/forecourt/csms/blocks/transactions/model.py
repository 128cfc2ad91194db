"""A transaction, whichever version spoke of it: what stations say, what is on record, what can be asked.

No SQL and no wire here. The words are those of 2.1: what happens is Started, Updated or Ended, tokens have a kind, energy
is in Wh. What follows from all that was said is reckoned in `summary`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Final, NewType, Protocol

import msgspec
from msgspec import Meta

from forecourt.charging.ids import EvseId
from forecourt.charging.limits import Limits, Reporting
from forecourt.charging.quantities import Money
from forecourt.charging.registers import Bounds
from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization.model import Judged
from forecourt.csms.blocks.metering.model import Metered
from forecourt.csms.stations.commands import Command
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work
from forecourt.ocpp.deviations import Deviation

TransactionKey = NewType("TransactionKey", int)
"""Our own number of a transaction."""


class What(StrEnum):
    """TransactionEventEnumType."""

    STARTED = "Started"
    UPDATED = "Updated"
    ENDED = "Ended"


# Events of 1.6 have no sequence numbers. These stand in their place, in the order things happen.
AT_BEGIN: Final = -3
ON_THE_WAY: Final = -2
AT_END: Final = -1

NOT_KNOWN: Final = (0, -1)
"""What stations of 1.6 say in place of a number they were never given (errata 3.18)."""

STOP_AUTHORIZED: Final = "StopAuthorized"


class Remark(Enum):
    """What is odd about a transaction, as a sentence for people; programs use the name."""

    BEGIN_NOT_HEARD = "What the station said at the begin has not come: the first event heard of counts as begin."
    STOP_LOST = "The station never said that it ended: another transaction began on the same EVSE."
    CLOCK_ASTRAY = "The station's clock was astray: durations are reckoned from when we heard of things."
    SEQUENCE_REUSED = "The station used a sequence number for two different events; both are kept."
    NUMBER_RESOLVED = "The station named no number of ours: the transaction was found by its place and time."
    WITHOUT_BEGIN = "The station ended a transaction that we know nothing else of."
    FURTHER_TOKEN = "A further token was presented; the first one that was accepted counts."  # noqa: S105 - not a password
    TIME_SAID_BY_STATION = "The charging time is what the station itself counted."
    LIMIT_NOT_WATCHED = "A limit that this transaction should have cannot be observed at this station."


class Odd(StrEnum):
    """What stations do against the specification, as deviations are recorded."""

    TRANSACTION_UNKNOWN = "transaction unknown"
    SEQUENCE_REUSED = "sequence number used twice"
    ID_REUSED = "transaction id used again"


class LimitsData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """Limits as they are stored."""

    energy_wh: Decimal | None = None
    time_s: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    soc_percent: int | None = None

    @classmethod
    def of(cls, limits: Limits) -> LimitsData:
        cost = limits.cost
        return cls(
            energy_wh=limits.energy_wh,
            time_s=limits.time_s,
            cost=None if cost is None else cost.amount,
            currency="" if cost is None else cost.currency,
            soc_percent=limits.soc_percent,
        )

    @property
    def limits(self) -> Limits:
        return self.in_currency(self.currency)

    def in_currency(self, currency: str) -> Limits:
        """The limits, with the cost taken for one in this currency: a station names none, it has one."""
        return Limits(
            energy_wh=self.energy_wh,
            time_s=self.time_s,
            cost=None if self.cost is None else Money(self.cost, currency),
            soc_percent=self.soc_percent,
        )


class LimitsBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the transaction may reach; a kind that is left out has no limit. `cost` is in the transaction's currency."""

    energy_wh: Annotated[float, Meta(gt=0, le=10_000_000)] | None = None
    time_s: Annotated[int, Meta(gt=0, le=315_360_000)] | None = None
    cost: Annotated[str, Meta(pattern=r"^\d{1,9}(\.\d{1,4})?$(?!\n)")] | None = None
    soc_percent: Annotated[int, Meta(ge=1, le=100)] | None = None

    def limits(self, currency: str) -> Limits:
        """As the block has them."""
        return Limits(
            energy_wh=None if self.energy_wh is None else Decimal(str(self.energy_wh)),
            time_s=self.time_s,
            cost=None if self.cost is None else Money(Decimal(self.cost), currency),
            soc_percent=self.soc_percent,
        )


class JudgedToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """A token that was presented, and the verdict about it."""

    value: str
    kind: str
    verdict: str
    reason: str
    group: str = ""
    group_kind: str = ""
    token_id: int | None = None
    provider_id: int | None = None
    expires_at: datetime | None = None
    master_pass: bool = False

    @property
    def token(self) -> Token:
        return Token(self.value, self.kind)

    @property
    def group_token(self) -> Token | None:
        return Token(self.group, self.group_kind) if self.group else None


class Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """What only few events say. Most have none of it."""

    evse_id: int | None = None
    connector_id: int | None = None
    token: JudgedToken | None = None
    stop_reason: str = ""
    wire_reason: str = ""
    register_wh: Decimal | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    limits: LimitsData | None = None
    local_cost: bool = False
    phases_used: int | None = None
    cable_max_current_a: int | None = None
    operation_mode: str = ""
    remark: str = ""
    remark_detail: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """What a station says of a transaction at one moment. Absent words are empty, absent numbers None."""

    action: str
    """The message it came in, for what is recorded about messages."""
    wire_id: str
    what: What
    seq_no: int
    at: datetime
    trigger: str = ""
    offline: bool = False
    evse_id: int | None = None
    connector_id: int | None = None
    charging_state: str = ""
    time_spent_s: int | None = None
    token: Token | None = None
    details: Details | None = None
    values: tuple[Metered, ...] = ()
    number: int | None = None
    """Ours, for a station that does not make up its own transaction ids."""
    take: int = 0
    """Tells events apart that have one number in common: the microsecond of those without a number of their own."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event as it is on record."""

    seq_no: int
    take: int
    what: What
    at: datetime
    received_at: datetime
    trigger: str = ""
    offline: bool = False
    charging_state: str = ""
    time_spent_s: int | None = None
    details: Details = Details()

    def repeats(self, told: Told) -> bool:
        """Whether `told` is this event once more. A repetition may have become `offline` meanwhile (E11.FR.07)."""
        return (self.seq_no, self.what, self.trigger, self.at) == (told.seq_no, told.what, told.trigger, told.at)


_OLDEST: Final = timedelta(days=400)
_NEWEST: Final = timedelta(days=1)
LATE: Final = timedelta(minutes=5)
"""What is said so long after it happened was not said when it happened."""


def plausible(at: datetime, received_at: datetime) -> bool:
    """Whether a station's clock can have been right when it said so."""
    return received_at - _OLDEST <= at <= received_at + _NEWEST


def moment(at: datetime, received_at: datetime) -> datetime:
    """When it was, to reckon with: the station's word, unless its clock was astray or ahead of ours."""
    return at if plausible(at, received_at) and at <= received_at + LATE else received_at


class Heard(msgspec.Struct, frozen=True):
    """What came of an event, and what the answer to the station says. `judged` is there if a token was presented.

    `cost` is what the transaction costs so far, `limits` what the station is to observe from now on.
    """

    key: TransactionKey
    number: int | None = None
    judged: Judged | None = None
    cost: Money | None = None
    limits: Limits | None = None


class Reference(msgspec.Struct, frozen=True):
    """A transaction as another block needs it to ask the station for something."""

    key: TransactionKey
    wire_id: str
    number: int | None
    evse_id: int | None


@dataclass(frozen=True, slots=True)
class GetTransactionStatus(Command):
    """Say whether a transaction runs, and whether messages about it (or, without an id, about any) wait to be sent (E14)."""

    transaction_id: str | None = None


# What the block is given where everything is put together.


@dataclass(frozen=True, slots=True)
class Ability:
    """What is known of a station: what it reports while a transaction runs, and its SupportedLimits."""

    reporting: Reporting
    limits: frozenset[str] = frozenset()


class Abilities(Protocol):
    """How provisioning is asked what a station can do."""

    async def __call__(self, work: Work, station: Station) -> Ability:
        """As far as it is known. May read the database in this unit's transaction."""


class FirstLimits(Protocol):
    """What limits a transaction begins with: what a remote start came with, the balance of a prepaid token."""

    async def __call__(self, work: Work, station: Station, told: Told, judged: Judged | None) -> Limits | None:
        """None for no limits. Asked when a token is accepted and when a remote start is named, until there are some."""


Stop = Callable[[Station, Reference], Awaitable[object]]
"""Has a station stop a transaction. Does not wait for the outcome longer than it takes to ask."""

Deviate = Callable[[Link, Work, str, Deviation], None]
"""Records a deviation of an action in the unit of work."""

BoundsOf = Callable[[Station, EvseId | None], Bounds]
"""What the registers of an EVSE can do."""

USUAL_BOUNDS: Final = Bounds(most_power_w=Decimal(1_000_000))
"""Where nobody knows better: a leap of what a megawatt could not have done is not energy."""


async def no_abilities(work: Work, station: Station) -> Ability:
    """Nothing is known."""
    return Ability(Reporting())


async def no_limits(work: Work, station: Station, told: Told, judged: Judged | None) -> Limits | None:
    """No transaction begins with limits."""
    return None


def usual_bounds(station: Station, evse_id: EvseId | None) -> Bounds:
    return USUAL_BOUNDS
