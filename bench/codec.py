"""Reading and writing one message next to PyPI's `ocpp`: a TransactionEvent of OCPP 2.0.1 and 2.1 with four sampled values.

Method. Both sides run in one process, in turn and by turns: each round times some thousand repetitions of ours and some
dozens of theirs, and what is printed is the median of the rounds, in microseconds of processor time for one message; wall
time is the same on an idle machine and says less on a busy one. The garbage collector stays on.

`decode_us` is from the bytes of the frame to the validated, typed message that a handler gets: `parsing.parse`, the look-up of the
action, strict `read`. `peer_decode_us` is the same way in `ocpp`, as its charge point class goes it: `unpack`, `validate_payload` (the
coroutine driven to its end in an event loop, with the thread hop that is its default), renaming of the keys, and the dataclass.
`ratio` is theirs over ours for 2.0.1, `ratio_21` for 2.1. `peer_validated_us` leaves out what makes theirs slower and checks
nothing: the hop, the renaming and the dataclass; `ratio_validated` sets that against all of ours. `payload_us` is `read` alone.

`encode_us` is from the typed message to the bytes of the frame, checked against the version. `peer_encode_us` is theirs from a
dataclass: dict, renaming, `validate_payload`, `to_json`.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.metadata
import json
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import msgspec
import ocpp.messages
import ocpp.v21.call
import ocpp.v201.call
from ocpp.charge_point import camel_to_snake_case, remove_nones, serialize_as_dict, snake_to_camel_case

from forecourt.ocpp import frames, v2
from forecourt.ocpp.parsing import parse
from forecourt.ocpp.reading import read
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.ocpp.writing import write


def _sampled(value: float, measurand: str, unit: str, **phase: str) -> dict[str, Any]:
    where = {"context": "Sample.Periodic", "location": "Outlet", "measurand": measurand, **phase}
    return {**where, "unitOfMeasure": {"unit": unit}, "value": value}


MESSAGE = {
    "eventType": "Updated",
    "timestamp": "2026-11-20T12:00:00Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 7,
    "transactionInfo": {"transactionId": "8b5d3f5e-6a5c-4f53-9d5e-1f0a8a4c2b11", "chargingState": "Charging"},
    "evse": {"id": 1, "connectorId": 1},
    "meterValue": [
        {
            "timestamp": "2026-11-20T12:00:00Z",
            "sampledValue": [
                _sampled(12345.6, "Energy.Active.Import.Register", "Wh"),
                _sampled(11040.5, "Power.Active.Import", "W"),
                _sampled(16.1, "Current.Import", "A", phase="L1"),
                _sampled(230.4, "Voltage", "V", phase="L1-N"),
            ],
        }
    ],
}
ID = "19223201-6a5c-4f53-9d5e-1f0a8a4c2b11"
FRAME = json.dumps([2, ID, "TransactionEvent", MESSAGE], separators=(",", ":")).encode()
PAYLOAD = json.dumps(MESSAGE, separators=(",", ":")).encode()

PEER_CALLS: dict[Version, Any] = {V201: ocpp.v201.call.TransactionEvent, V21: ocpp.v21.call.TransactionEvent}

Timed = Callable[[int], float]
"""Does something as often as it is told, and says how many seconds of processor time that took."""


def timed(work: Callable[[], object]) -> Timed:
    """Plain work, timed."""

    def run(repetitions: int) -> float:
        began = time.process_time()
        for _ in range(repetitions):
            work()
        return time.process_time() - began

    return run


def ours(version: Version) -> dict[str, Timed]:
    """What we are measured at in one version."""

    def decode() -> v2.TransactionEvent:
        frame, _ = parse(FRAME, version)
        assert isinstance(frame, frames.Call)
        return read(version, version.actions[frame.action].request, frame.payload).message  # type: ignore[return-value]

    message = decode()

    def encode() -> bytes:
        return frames.encode(frames.Call(ID, "TransactionEvent", msgspec.Raw(write(version, message))))

    assert msgspec.json.decode(encode()) == msgspec.json.decode(FRAME)
    return {
        "decode": timed(decode),
        "payload": timed(lambda: read(version, v2.TransactionEvent, PAYLOAD)),
        "encode": timed(encode),
    }


def theirs(version: Version, loop: asyncio.AbstractEventLoop) -> dict[str, Timed]:
    """What the peer is measured at in one version."""
    dataclass = PEER_CALLS[version]

    def in_loop(work: Callable[[], Any], *, threaded: bool = True) -> Timed:
        async def repeat(repetitions: int) -> float:
            began = time.process_time()
            for _ in range(repetitions):
                await work()
            return time.process_time() - began

        def run(repetitions: int) -> float:
            ocpp.messages.ASYNC_VALIDATION = threaded
            return loop.run_until_complete(repeat(repetitions))

        return run

    async def validated() -> Any:
        message = ocpp.messages.unpack(FRAME.decode())
        await ocpp.messages.validate_payload(message, version.name)
        return message.payload

    async def decode() -> Any:
        return dataclass(**camel_to_snake_case(await validated()))

    payload = dataclass(**camel_to_snake_case(json.loads(PAYLOAD)))

    async def encode() -> str:
        camel = remove_nones(snake_to_camel_case(serialize_as_dict(payload)))
        call = ocpp.messages.Call(unique_id=ID, action="TransactionEvent", payload=camel)
        await ocpp.messages.validate_payload(call, version.name)
        text: str = call.to_json()
        return text

    # Its 2.1 writes "offline": false where the message says nothing.
    assert {"offline": False} | json.loads(loop.run_until_complete(encode()))[3] == {"offline": False} | MESSAGE
    return {
        "peer_decode": in_loop(decode),
        "peer_validated": in_loop(validated, threaded=False),
        "peer_encode": in_loop(encode),
    }


def measure(rounds: int, repetitions: int, peer_repetitions: int) -> dict[str, float]:
    """The median of each figure over the rounds, in microseconds."""
    loop = asyncio.new_event_loop()
    try:
        subjects: dict[str, tuple[Timed, int]] = {}
        for version, mark in ((V201, ""), (V21, "_21")):
            subjects |= {f"{name}{mark}_us": (run, repetitions) for name, run in ours(version).items()}
            subjects |= {f"{name}{mark}_us": (run, peer_repetitions) for name, run in theirs(version, loop).items()}
        for run, times in subjects.values():
            run(times)
        taken: dict[str, list[float]] = {name: [] for name in subjects}
        for _ in range(rounds):
            for name, (run, times) in subjects.items():
                taken[name].append(run(times) / times * 1e6)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    return {name: statistics.median(figures) for name, figures in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repetitions", type=int, default=5_000, help="of ours in each round")
    parser.add_argument("--peer-repetitions", type=int, default=30, help="of theirs in each round")
    given = parser.parse_args()
    figures = measure(given.rounds, given.repetitions, given.peer_repetitions)
    result = {
        "name": "codec",
        "ratio": round(figures["peer_decode_us"] / figures["decode_us"], 1),
        "ratio_21": round(figures["peer_decode_21_us"] / figures["decode_21_us"], 1),
        "ratio_validated": round(figures["peer_validated_us"] / figures["decode_us"], 1),
        "ratio_encode": round(figures["peer_encode_us"] / figures["encode_us"], 1),
        **{name: round(figure, 2) for name, figure in figures.items()},
        "payload_bytes": len(PAYLOAD),
        "forecourt": importlib.metadata.version("forecourt"),
        "msgspec": msgspec.__version__,
        "peer": f"ocpp {importlib.metadata.version('ocpp')}",
        "python": platform.python_version(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
