"""Targets of `forecourt.ocpp`: payloads, frames, sessions and SOAP envelopes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Final

from forecourt.ocpp import soap
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError, RemoteProtocolError
from forecourt.ocpp.events import CallReceived, Event, MustClose
from forecourt.ocpp.message import Message
from forecourt.ocpp.parsing import FrameDeviation, parse
from forecourt.ocpp.reading import read
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.session import ErrorReply, Role, Session
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.ocpp.writing import write
from tools.fuzz.mutations import mutate
from tools.fuzz.seeds import Seed, seeds

VERSIONS: Final = (V16, V201, V21)
INPUTS_PER_CASE: Final = 8


class Payloads:
    """Reading of every message type, strict and tolerant. What strict reading accepts can be written, and comes back the same."""

    name = "payloads"

    def __init__(self) -> None:
        self.seeds = [seed for version in VERSIONS for seed in seeds(version)]

    def case(self, random: Random) -> Iterator[bytes]:
        for _ in range(INPUTS_PER_CASE):
            seed, other = random.choices(self.seeds, k=2)
            data = mutate(seed.payload, other.payload, random)
            yield data
            try:
                tolerant = read(seed.version, seed.struct, data, Reading.TOLERANT)
                json.dumps([(one.kind, one.path, one.value, one.detail) for one in tolerant.deviations])
                message = read(seed.version, seed.struct, data, Reading.STRICT).message
            except RemoteProtocolError:
                continue
            if tolerant.deviations:
                raise AssertionError(f"strict reading accepts what tolerant reading forgives: {tolerant.deviations}")
            written = write(seed.version, message)
            if write(seed.version, read(seed.version, seed.struct, written).message) != written:
                raise AssertionError(f"written, read and written again it is another message: {message}")


class Frames:
    """`parse` for every version, under both readings, from bytes, text and memory."""

    name = "frames"

    def __init__(self) -> None:
        self.seeds = [
            (seed.version, framed(seed, "4c6f", Random(0))) for version in VERSIONS for seed in seeds(version)
        ]
        self.seeds += [(version, data) for version in VERSIONS for data in errors("4c6f")]

    def case(self, random: Random) -> Iterator[bytes]:
        for _ in range(INPUTS_PER_CASE):
            (version, data), (_, other) = random.choices(self.seeds, k=2)
            data = mutate(data, other, random)
            yield data
            for shape in (data, data.decode("utf-8", "replace"), memoryview(data)):
                try:
                    parse(shape, version, random.choice(list(Reading)))
                except ProtocolError:
                    pass


class Sessions:
    """A session of each version and role between a peer that sends mutated frames and a driver that does what drivers do.

    `receive` may raise nothing, and whatever the session writes is a frame that the peer's strict reading accepts.
    """

    name = "sessions"

    def __init__(self) -> None:
        self.seeds = {version: seeds(version) for version in VERSIONS}

    def case(self, random: Random) -> Iterator[bytes]:
        version = random.choice(VERSIONS)
        memory = ReplayMemory()
        play = _Play(version, self.seeds[version], random, memory)
        for _ in range(3 * INPUTS_PER_CASE):
            if play.ended:
                # The same peer comes back, and is remembered.
                play = _Play(version, self.seeds[version], random, memory)
            if random.random() < 0.6:
                data = play.input()
                yield data
                play.receive(data)
            else:
                play.drive()


class _Play:
    """One connection: the session, and what its driver has to remember."""

    def __init__(self, version: Version, material: tuple[Seed, ...], random: Random, memory: ReplayMemory) -> None:
        self.random = random
        self.seeds = material
        reading = random.choice(list(Reading))
        self.session = Session(version, random.choice(list(Role)), reading=reading, memory=memory)
        self.now = 0.0
        self.own_ids = ["0"]
        self.owed: list[CallReceived] = []
        self.heard = [b"[]"]
        self.ended = False

    def input(self) -> bytes:
        """A frame of the peer: usually mutated, sometimes as it should be, sometimes one that came before."""
        random = self.random
        if random.random() < 0.1:
            return random.choice(self.heard)
        message_id = random.choice((random.choice(self.own_ids), str(random.randrange(20)), "-1"))
        if random.random() < 0.1:
            data = random.choice(errors(message_id))
        else:
            data = framed(random.choice(self.seeds), message_id, random)
        return data if random.random() < 0.3 else mutate(data, random.choice(self.heard), random)

    def receive(self, data: bytes) -> None:
        self.heard = [*self.heard[-10:], data]
        self._note(self.session.receive(data, self.now))

    def drive(self) -> None:
        """Something that a driver does: time goes on, calls, answers, gives up, loses the connection."""
        random, session = self.random, self.session
        self.now += random.choice((0.0, 0.1, 1.0, 40.0))
        try:
            match random.choice(("call", "call", "reply", "reply", "reply", "send", "deadline", "cancel", "lose")):
                case "call":
                    message_id = random.choice((None, None, random.choice(self.own_ids)))
                    deadline = random.choice((None, self.now + 5.0))
                    request = random.choice(self.seeds).message
                    self.own_ids.append(session.call(request, self.now, deadline=deadline, message_id=message_id))
                case "reply":
                    owed = self.owed.pop(0) if self.owed else None
                    if owed is not None:
                        self._note(session.reply(owed.id, self._answer(owed)))
                case "send":
                    session.send(random.choice(self.seeds).message)
                case "deadline":
                    self._note(session.handle_deadline(self.now))
                case "cancel":
                    self._note(session.cancel(random.choice(self.own_ids)))
                case "lose" if random.random() < 0.2:
                    self.ended = True
                    self._note(session.connection_lost())
        except LocalProtocolError:
            pass
        session.next_deadline()

    def _answer(self, call: CallReceived) -> Message | ErrorReply | ProtocolError:
        """One that fits, most of the time."""
        refusals: tuple[Message | ErrorReply | ProtocolError, ...] = (
            ErrorReply(ErrorCode.NOT_SUPPORTED, "not here", {"why": 1}),
            RemoteProtocolError(ErrorCode.FORMAT_VIOLATION, "not so", "$.evse"),
            self.random.choice(self.seeds).message,
        )
        response = self.session.version.actions[call.action].response
        fitting: list[Message] = [seed.message for seed in self.seeds if seed.struct is response]
        return self.random.choice([*fitting, *fitting, *refusals])

    def _note(self, events: list[Event]) -> None:
        self.owed += [event for event in events if isinstance(event, CallReceived)]
        self.ended = self.ended or any(isinstance(event, MustClose) for event in events)
        for written in self.session.data_to_send():
            _, deviations = parse(written, self.session.version, Reading.TOLERANT)
            # An answer goes out under the id that was asked with, however long.
            if any(one.kind is not FrameDeviation.ID_TOO_LONG for one in deviations):
                raise AssertionError(f"the session wrote {written!r}: {deviations}")


class Envelopes:
    """SOAP requests and responses of both services. Every refusal can be said as a fault."""

    name = "envelopes"

    def __init__(self) -> None:
        self.requests: list[tuple[soap.Service, bytes]] = []
        self.responses: list[tuple[soap.Service, str, bytes]] = []
        for seed in seeds(V16):
            for service in soap.Service:
                for operation in soap.OPERATIONS[service].values():
                    self._add(seed, service, operation)

    def _add(self, seed: Seed, service: soap.Service, operation: soap.Operation) -> None:
        # What JSON allows, SOAP need not (a text that XML cannot hold): such a seed is left out.
        try:
            if seed.struct is operation.request:
                body = soap.write_request(
                    seed.message,
                    service=service,
                    identity="CP1",
                    message_id="urn:uuid:1",
                    to="http://example.org/cs",
                    from_address="http://example.org/cp",
                )
                self.requests.append((service, body))
            elif seed.struct is operation.response:
                body = soap.write_response(
                    seed.message, service=service, message_id="urn:uuid:2", relates_to="urn:uuid:1"
                )
                self.responses.append((service, operation.name, body))
        except LocalProtocolError:
            pass

    def case(self, random: Random) -> Iterator[bytes]:
        for _ in range(INPUTS_PER_CASE // 2):
            (service, body), (_, other) = random.choices(self.requests, k=2)
            data = mutate(body, other, random)
            yield data
            try:
                soap.parse_request(data, service=service, reading=random.choice(list(Reading)))
            except soap.Refusal as refusal:
                soap.write_fault(refusal.fault, service=service, message_id="urn:uuid:3", relates_to=refusal.message_id)
            (service, action, body), (_, _, other) = random.choices(self.responses, k=2)
            data = mutate(body, other, random)
            yield data
            reading = random.choice(list(Reading))
            try:
                soap.parse_response(data, service=service, action=action, message_id="urn:uuid:1", reading=reading)
            except RemoteProtocolError:
                pass


def framed(seed: Seed, message_id: str, random: Random) -> bytes:
    """The frame that carries the payload of `seed`: CALL, CALLRESULT, or SEND for what is not answered."""
    action = seed.version.action_of(seed.struct)
    quoted = json.dumps(message_id).encode()
    if seed.struct is not action.request:
        return b"[3," + quoted + b"," + seed.payload + b"]"
    number = b"2" if action.response is not None else b"6"
    return b"[" + number + b"," + quoted + b',"' + action.name.encode() + b'",' + seed.payload + b"]"


def errors(message_id: str) -> tuple[bytes, ...]:
    """CALLERROR and CALLRESULTERROR."""
    quoted = json.dumps(message_id)
    return (
        f'[4,{quoted},"FormationViolation","what",{{"detail":1}}]'.encode(),
        f'[5,{quoted},"PropertyConstraintViolation","",{{}}]'.encode(),
    )
