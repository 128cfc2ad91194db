"""What happens at a station and several blocks want to know. A block announces; who listens is listed in `assembly`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.rates import Cap
from forecourt.charging.schedule import Schedule
from forecourt.charging.tokens import Token
from forecourt.station.device_model.table import Name

if TYPE_CHECKING:
    from forecourt.ocpp.message import Message
    from forecourt.station.hardware.interface import Contract, ContractRequest, Needs
    from forecourt.station.link import Answer
    from forecourt.station.state import Authorization, Bay, Limits


@dataclass(frozen=True, slots=True)
class Started:
    """The station has power and has read what it kept."""


@dataclass(frozen=True, slots=True)
class Online:
    """The management system can be talked to: connected, and not for the first time since the start without being accepted."""

    offline_s: float


@dataclass(frozen=True, slots=True)
class Offline:
    """The connection is lost, or could not be made; `fault` is a security event if that was the reason, `why` is for people."""

    fault: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """BootNotification was accepted."""


@dataclass(frozen=True, slots=True)
class Plugged:
    evse_id: EvseId
    connector_id: ConnectorId


@dataclass(frozen=True, slots=True)
class Unplugged:
    """`cable_left` says that the cable was pulled out of the vehicle only and is still in the socket."""

    evse_id: EvseId
    cable_left: bool = False


@dataclass(frozen=True, slots=True)
class Parked:
    """A vehicle has come into the parking bay of an EVSE, or has left it."""

    evse_id: EvseId
    there: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    evse_id: EvseId
    flows: bool


@dataclass(frozen=True, slots=True)
class Presented:
    token: Token
    evse_id: EvseId | None


@dataclass(frozen=True, slots=True)
class VehicleShown:
    """A vehicle shows its certificate, with the chain as PEM text."""

    evse_id: EvseId
    chain: str


@dataclass(frozen=True, slots=True)
class CertificateWanted:
    """A vehicle asks for a contract certificate."""

    evse_id: EvseId
    request: ContractRequest


@dataclass(frozen=True, slots=True)
class ContractShown:
    """A vehicle wants to charge by a contract."""

    evse_id: EvseId
    contract: Contract


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The vehicle has ended the session."""

    evse_id: EvseId


@dataclass(frozen=True, slots=True)
class Chosen:
    """The holder of a master pass has chosen where transactions are to end."""

    evse_ids: tuple[EvseId, ...]


@dataclass(frozen=True, slots=True)
class Restricted:
    """Somebody else than the management system limits what an EVSE (or EVSE 0, the station) draws, or with `adds` generates
    that much on top. None: no longer."""

    limit: Cap | None
    source: str
    evse_id: EvseId
    adds: bool


@dataclass(frozen=True, slots=True)
class Needed:
    """A vehicle has said what it needs."""

    evse_id: EvseId
    needs: Needs


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A vehicle has chosen one of the schedules it was offered, and maybe said what it will take itself."""

    evse_id: EvseId
    schedule_id: int
    own: Schedule | None


@dataclass(frozen=True, slots=True)
class Hurried:
    """The driver asks for priority charging, or for it no more."""

    evse_id: EvseId
    wanted: bool


@dataclass(frozen=True, slots=True)
class LimitWished:
    """The driver sets limits to the transaction at an EVSE."""

    evse_id: EvseId
    limits: Limits


@dataclass(frozen=True, slots=True)
class Fault:
    evse_id: EvseId
    connector_id: ConnectorId | None
    code: str | None


@dataclass(frozen=True, slots=True)
class BayChanged:
    """Something about a bay that its status may depend on is different."""

    bay: Bay


@dataclass(frozen=True, slots=True)
class NobodyCame:
    """No vehicle was connected in time; who had leave to charge has it no more."""

    authorization: Authorization


@dataclass(frozen=True, slots=True)
class TransactionBegan:
    bay: Bay


@dataclass(frozen=True, slots=True)
class TransactionEnding:
    """The power is off, and the last of the transaction is about to be told."""

    bay: Bay


@dataclass(frozen=True, slots=True)
class TransactionEnded:
    bay: Bay


@dataclass(frozen=True, slots=True)
class Resetting:
    """The station, or one EVSE, is about to start anew; transactions there end for this reason."""

    evse_id: EvseId | None
    reason: str
    trigger: str


@dataclass(frozen=True, slots=True)
class DutyChanged:
    """An order to be in or out of service has come."""


@dataclass(frozen=True, slots=True)
class Authorized:
    """Somebody has leave to charge at a bay."""

    bay: Bay


@dataclass(frozen=True, slots=True)
class PersonalMessage:
    """The management system has words for the driver with this token, at an EVSE or wherever he is.

    `language` is that of `text`, if it was said; `others` are the same in more languages, as language and text.
    """

    token: Token | None
    evse_id: EvseId | None
    text: str
    language: str | None = None
    others: tuple[tuple[str | None, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CostTold:
    """What the transaction at an EVSE has cost so far or, if it is over, in the end."""

    evse_id: EvseId
    transaction_id: str
    total: Decimal
    final: bool


@dataclass(frozen=True, slots=True)
class LockFailed:
    """The plug at a bay could not be held."""

    bay: Bay


@dataclass(frozen=True, slots=True)
class Pausing:
    """The station, or one EVSE, is about to start anew; transactions there go on afterwards."""

    evse_id: EvseId | None


@dataclass(frozen=True, slots=True)
class VariableChanged:
    name: Name


@dataclass(frozen=True, slots=True)
class ClockSet:
    """The management system's time was taken over; it differed by so much."""

    by_s: float


@dataclass(frozen=True, slots=True)
class FirmwareInstalled:
    """New firmware is in place and runs from the next start on; None when it could not be installed."""

    version: str | None


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that is worth a line in the diagnostics log."""

    text: str


@dataclass(frozen=True, slots=True)
class Incident:
    """A security event has happened: a word of the list of security events (Part 2, appendix 1), as 2.1 calls it."""

    kind: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class AlignedMoment:
    """It is time for clock-aligned readings."""


# For watchers only: what passes between the station and its management system, in the words of the version spoken.


@dataclass(frozen=True, slots=True)
class Saying:
    """A request leaves."""

    request: Message


@dataclass(frozen=True, slots=True)
class Answered:
    """It has an answer, or will have none."""

    request: Message
    answer: Answer


@dataclass(frozen=True, slots=True)
class Asked:
    """The management system asks, and this is what it is answered."""

    request: Message
    answer: Message


@dataclass(frozen=True, slots=True)
class TrailMoment:
    """It is time for clock-aligned readings that are kept for the end of a transaction."""
