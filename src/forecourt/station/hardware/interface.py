"""What a station asks of its hardware, and what the hardware tells the station. Nothing else passes between them.

Every callback is quick and does not call back into the station before it returns; what happens as a consequence is told
later, as an event. `Events` is implemented by the station; all its methods may be called at any time, on the thread that
drives the station.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.rates import Cap
from forecourt.charging.schedule import Schedule
from forecourt.charging.tokens import Token
from forecourt.station.state import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What the meter of an EVSE reads now. Registers never run backwards, power cuts or not.

    `power_w` is what flows into the vehicle, negative when it gives; currents and voltages are per phase in the order of
    the lines, one each for DC.
    """

    import_wh: Decimal
    export_wh: Decimal
    power_w: Decimal
    currents_a: tuple[Decimal, ...]
    voltages_v: tuple[Decimal, ...]
    offered_a: Decimal
    soc_percent: Decimal | None = None
    frequency_hz: Decimal = Decimal(50)
    temperature_celsius: Decimal = Decimal(25)


class Control(StrEnum):
    """ControlModeEnumType: whether a vehicle of ISO 15118-20 follows a schedule it has chosen, or what it is told at each moment."""

    SCHEDULED = "ScheduledControl"
    DYNAMIC = "DynamicControl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a vehicle that can talk (ISO 15118) says it needs: energy until it departs, and what it can take at the plug.

    Currents are per phase, on `phases` (0 for DC); the power over all phases. `control` is that of ISO 15118-20, None for
    ISO 15118-2; `most_discharge_w` what it could give back.
    """

    energy_wh: Decimal
    least_a: Decimal
    most_a: Decimal
    most_v: Decimal
    most_w: Decimal
    phases: int
    capacity_wh: Decimal | None = None
    soc_percent: int | None = None
    departs_at: datetime | None = None
    control: Control | None = None
    most_discharge_w: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secc:
    """What vehicles that talk (ISO 15118) are shown: a private key, the certificate for it with its chain, leaf first, both PEM.

    `staples` has for each of the certificates an OCSPResponse in DER; nothing where none is known.
    """

    key: str = field(repr=False)
    chain: str
    staples: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """By which a vehicle is paid for: its eMAID, and its certificate with the chain, leaf first, as PEM text."""

    emaid: str
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRequest:
    """By which a vehicle asks for a contract certificate (ISO 15118): its message as EXI in base64, and the name of its schema.

    It `renews` what it has, or wants one anew. ISO 15118-20: `most` is how many contracts it takes, `first` which it prefers.
    """

    exi: str
    schema: str = "urn:iso:15118:2:2013:MsgDef"
    renews: bool = False
    most: int | None = None
    first: tuple[str, ...] = ()


class Signer(Protocol):
    """A meter that signs: ECDSA with SHA-256 on P-256. `public_key` is a SubjectPublicKeyInfo in DER."""

    serial: str
    public_key: bytes

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`, in DER."""


class Hardware(Protocol):
    """Callbacks of the station."""

    def attach(self, events: Events) -> None:
        """From now on tell `events` what happens. What is plugged in at this moment is told at once."""

    def close_contactor(self, evse_id: EvseId) -> None:
        """Let energy flow. That the vehicle takes any is told as `drawing`."""

    def open_contactor(self, evse_id: EvseId) -> None:
        """Let no energy flow."""

    def offer(self, evse_id: EvseId, current_a: Decimal, phases: int) -> None:
        """Tell the vehicle how much it may take on each of `phases`; below its minimum it takes nothing.
        A negative one is what it ought to give, where the EVSE and the vehicle can.

        For DC the current at the voltage the EVSE is built for: what counts is the power it comes to.
        """

    def lock(self, evse_id: EvseId, connector_id: ConnectorId) -> bool:
        """Hold the plug. False when the lock does not close."""

    def unlock(self, evse_id: EvseId, connector_id: ConnectorId) -> bool:
        """Release the plug. False when the lock does not open."""

    def measure(self, evse_id: EvseId) -> Measurement:
        """Read the meter."""

    def signer(self, evse_id: EvseId) -> Signer | None:
        """The meter of an EVSE as one that signs; None where it does not."""

    def secure(self, secc: Secc) -> None:
        """From now on speak TLS with vehicles as this one. Told at the start, and whenever something about it is new."""

    def vehicle_checked(self, evse_id: EvseId, *, good: bool) -> None:
        """Whether the vehicle whose certificate was shown may be talked to; if not, its driver may still show a card."""

    def certificate(self, evse_id: EvseId, exi: str | None, *, remaining: int = 0) -> None:
        """Answer the vehicle that has asked for a contract certificate: EXI in base64; None for a failure. `remaining` is how many
        more it may ask for (ISO 15118-20)."""

    def propose(self, evse_id: EvseId, schedules: tuple[Schedule, ...]) -> None:
        """Let a vehicle that talks choose one of these schedules, which begin now; told as `scheduled`. What it may take is `offer`ed
        at each moment all the same."""

    def judged(self, evse_id: EvseId, *, accepted: bool) -> None:
        """Tell the vehicle that has shown a contract whether it may charge; if not, its driver may still show a card."""

    def show(self, evse_id: EvseId | None, text: str) -> None:
        """Show a text to the driver, where there is a display."""

    def display(self, texts: tuple[str, ...]) -> None:
        """Cycle through these texts, in place of those told before; without any, show what the station shows by itself."""

    def choose(self, evse_ids: tuple[EvseId, ...]) -> bool:
        """Let the driver choose among these EVSEs where transactions are to end; told as `chosen`. False where there is nothing
        to choose with."""

    def install(self, image: bytes) -> bool:
        """Begin to install firmware; how it ends is told as `installed`. False when this is no firmware for this hardware."""

    def restart(self) -> bool:
        """Start anew, ending the program in real hardware. False when that cannot be done."""


class Events(Protocol):
    """What the hardware tells the station."""

    def plugged(self, evse_id: EvseId, connector_id: ConnectorId) -> None:
        """A vehicle is connected (control pilot state B)."""

    def unplugged(self, evse_id: EvseId, *, cable_left: bool = False) -> None:
        """The vehicle is gone (control pilot state A); its cable may be left in the socket until this is told again."""

    def parked(self, evse_id: EvseId, *, there: bool) -> None:
        """A sensor sees a vehicle in the parking bay, or sees it no more. Told only where there is such a sensor."""

    def drawing(self, evse_id: EvseId, flows: bool) -> None:
        """Energy has begun to flow, or the vehicle has stopped it."""

    def presented(self, token: Token, evse_id: EvseId | None = None) -> None:
        """A token was held to the reader, of one EVSE or of the station."""

    def vehicle_shown(self, evse_id: EvseId, chain: str) -> None:
        """A vehicle shows its certificate for TLS (ISO 15118-20), with the chain, leaf first, as PEM text."""

    def certificate_wanted(self, evse_id: EvseId, request: ContractRequest) -> None:
        """A vehicle asks for a contract certificate."""

    def contract_shown(self, evse_id: EvseId, contract: Contract) -> None:
        """A vehicle wants to charge by this contract, and has proved that it holds the key of the certificate."""

    def session_ended(self, evse_id: EvseId) -> None:
        """The vehicle wants no more energy and ends the session (ISO 15118, SessionStopReq with Terminate)."""

    def chosen(self, evse_ids: Iterable[EvseId]) -> None:
        """The driver has chosen among what `choose` has put to him; none is a choice too."""

    def restricted(
        self, limit: Cap | None, source: str = "EMS", *, evse_id: EvseId = STATION, adds: bool = False
    ) -> None:
        """Somebody else than the management system, as an energy manager in the house, limits what the station or an EVSE
        draws. With `adds` that much is generated locally, and may be drawn on top."""

    def needs(self, evse_id: EvseId, needs: Needs) -> None:
        """The vehicle says what it needs: once after it is given power, and whenever that changes."""

    def scheduled(self, evse_id: EvseId, schedule_id: int, own: Schedule | None = None) -> None:
        """The vehicle has chosen one of the schedules, and maybe says itself what it will take from now on."""

    def hurried(self, evse_id: EvseId, *, wanted: bool) -> None:
        """The driver pressed the button for priority charging, or presses it again to end it."""

    def limited(self, evse_id: EvseId, limits: Limits) -> None:
        """The driver sets limits to his transaction, in place of those he has set before."""

    def power_fails(self) -> None:
        """The power is gone and what is left in the back-up lasts for a few messages. Without a back-up nothing is told."""

    def fault(self, evse_id: EvseId, code: str | None, connector_id: ConnectorId | None = None) -> None:
        """Something is broken (a ChargePointErrorCode of 1.6), or, with None, well again."""

    def installed(self, version: str | None) -> None:
        """Firmware of this version is in place and runs from the next restart on; None when that has failed."""
