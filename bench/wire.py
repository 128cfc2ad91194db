"""Round trips over loopback WebSocket next to PyPI's `ocpp`, and what an idle connection costs in memory.

Method. One load generator (bare sockets, frames prepared beforehand, so that it is never what limits) drives two servers in
turn and by turns, each alone in its own process and on uvloop: `forecourt.transport.serve`, and `websockets` with a charge point
class of `ocpp`, both as their own documentation has it, with a plain function as handler, and both validating. 50 connections
each have one TransactionEvent of OCPP 2.0.1 with four sampled values under way, uncompressed. Of six rounds the best of each
counts. `ratio` is answered calls per second, ours over theirs; it wants two idle cores, one for the server and one for the
load. `cpu_ratio` is server processor time per call, theirs over ours, which a busy machine disturbs less.

Memory is the growth of the server's resident set while 5,000 stations connect from another process and each have one
Heartbeat answered, divided by 5,000: session, replay memory and registration included. Plain and TLS.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import functools
import gc
import importlib.metadata
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from forecourt.ocpp import v2
from forecourt.transport import (
    Closed,
    Handlers,
    KeyPair,
    Limits,
    Peer,
    WebSocket,
    client_context,
    dial,
    run,
    serve,
    server_context,
)
from forecourt.transport.running import allow_many_files

SUBPROTOCOL = "ocpp2.0.1"
CONNECTIONS = 50
IDLE_CONNECTIONS = 5_000
AT_ONCE = 100
ROUNDS = 6

TRANSACTION_EVENT = {
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
                {
                    "value": 12345.6,
                    "context": "Sample.Periodic",
                    "measurand": "Energy.Active.Import.Register",
                    "unitOfMeasure": {"unit": "Wh"},
                },
                {"value": 11040.0, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}},
                {"value": 16.0, "measurand": "Current.Import", "phase": "L1", "unitOfMeasure": {"unit": "A"}},
                {"value": 230.4, "measurand": "Voltage", "phase": "L1-N", "unitOfMeasure": {"unit": "V"}},
            ],
        }
    ],
}


# Servers, each in a process of its own.


async def serve_ours(certificates: Path | None) -> None:
    """Answer TransactionEvents and Heartbeats until the standard input ends."""

    def on_transaction_event(station: Peer, message: v2.TransactionEvent) -> v2.TransactionEventResponse:
        return v2.TransactionEventResponse()

    def on_heartbeat(station: Peer, message: v2.Heartbeat) -> v2.HeartbeatResponse:
        return v2.HeartbeatResponse(current_time=datetime.now(UTC))

    handlers: Handlers = {v2.TransactionEvent: on_transaction_event, v2.Heartbeat: on_heartbeat}
    tls = server_context([KeyPair(certificates / "chain.pem", certificates / "key.pem")]) if certificates else None
    limits = Limits(max_frames_per_s=1_000_000)
    async with serve("127.0.0.1", handlers=handlers, tls=tls, limits=limits) as server:
        print(server.port, flush=True)
        await until_told()


async def serve_theirs() -> None:
    """The same with the peer's classes, as its documentation has it."""
    import websockets
    from ocpp.routing import on
    from ocpp.v201 import ChargePoint, call_result
    from ocpp.v201.enums import Action

    logging.getLogger("ocpp").setLevel(logging.WARNING)

    class Station(ChargePoint):  # type: ignore[misc]
        @on(Action.transaction_event)  # type: ignore[untyped-decorator]
        def on_transaction_event(self, **payload: Any) -> Any:
            return call_result.TransactionEvent()

    async def on_connect(connection: websockets.ServerConnection) -> None:
        path = connection.request.path if connection.request is not None else "/"
        try:
            await Station(path.rpartition("/")[2], connection).start()
        except websockets.ConnectionClosed:
            pass

    async with websockets.serve(
        on_connect, "127.0.0.1", 0, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)]
    ) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await until_told()


async def until_told() -> None:
    """Collect garbage when asked to, so that only what is needed is counted; return when the standard input ends."""
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        gc.collect()
        print("collected", flush=True)


# The load.


class Load(asyncio.Protocol):
    """A bare client that has one prepared call under way all the time. Its frames are masked with zeros, which costs nothing."""

    def __init__(self, number: int) -> None:
        self.answered = 0
        self.errors = 0
        self.upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._number = number
        tail = f'","TransactionEvent",{json.dumps(TRANSACTION_EVENT)}]'.encode()
        self._tail = tail
        # Ids of one length make frames of one length.
        self._size = len(self._call()) - 8

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET /ocpp/CS{self._number} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.upgraded.done():
            if not data.startswith(b"HTTP/1.1 101"):
                raise SystemExit(data.decode())
            self.upgraded.set_result(None)
            return
        # One call is under way, so what comes is its answer: a short frame that is not masked, and its payload.
        self.answered += 1
        self.errors += data[2:5] != b"[3,"
        self.call()

    def call(self) -> None:
        """Send the next call."""
        self.transport.write(self._call())

    def _call(self) -> bytes:
        return b'\x81\xfe%b\x00\x00\x00\x00[2,"%03d-%09d%b' % (
            self._size.to_bytes(2, "big") if hasattr(self, "_size") else b"\x00\x00",
            self._number,
            self.answered,
            self._tail,
        )


async def rate(port: int, warm_up_s: float, seconds: float, server_pid: int) -> tuple[float, float]:
    """Answered TransactionEvents per second over all connections, and seconds of the server's processor per call."""
    loop = asyncio.get_running_loop()
    loads = []
    for number in range(CONNECTIONS):
        _, load = await loop.create_connection(functools.partial(Load, number), "127.0.0.1", port)
        await load.upgraded
        loads.append(load)
    for load in loads:
        load.call()
    await asyncio.sleep(warm_up_s)
    before, busy, began = sum(load.answered for load in loads), cpu_s(server_pid), time.perf_counter()
    await asyncio.sleep(seconds)
    after, busier, ended = sum(load.answered for load in loads), cpu_s(server_pid), time.perf_counter()
    for load in loads:
        load.transport.abort()
    if any(load.errors for load in loads) or after == before:
        raise SystemExit(f"{sum(load.errors for load in loads)} answers were none, {after - before} at all")
    return (after - before) / (ended - began), (busier - busy) / (after - before)


class Idler:
    """Calls once and holds its connection."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()

    def opened(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        websocket.send(b'[2,"1","Heartbeat",{}]')

    def received(self, message: bytes) -> None:
        self.answered.set()

    def next_deadline(self) -> float | None:
        return None

    def handle_deadline(self, now: float) -> None:
        pass

    def closed(self, how: Closed) -> None:
        pass


async def settle(port: int, roots: str | None) -> None:
    """Open the idle connections, have one Heartbeat answered on each, then hold them until the standard input ends."""
    context = client_context(roots=roots) if roots else None
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with places:
            idler = Idler()
            url = f"{'wss' if context else 'ws'}://127.0.0.1:{port}/ocpp/CS{number}"
            await dial(url, lambda subprotocol: idler, subprotocols=[SUBPROTOCOL], context=context)
            await idler.answered.wait()

    async with asyncio.TaskGroup() as group:
        for number in range(IDLE_CONNECTIONS):
            group.create_task(one(number))
    print("settled", flush=True)
    await until_told()


# The measurement.


def child(*arguments: str) -> subprocess.Popen[str]:
    """Start this module in another process."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.wire", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ask(process: subprocess.Popen[str]) -> str:
    """One line of what a child says."""
    if process.stdout is None:
        raise RuntimeError("a child without a pipe")
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{process.args!r} has ended")
    return line.strip()


def tell(process: subprocess.Popen[str]) -> None:
    """Have a child collect its garbage."""
    if process.stdin is None:
        raise RuntimeError("a child without a pipe")
    process.stdin.write("\n")
    process.stdin.flush()
    ask(process)


def end(process: subprocess.Popen[str]) -> None:
    """End a child: politely, then not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def resident_kib(process: subprocess.Popen[str]) -> int:
    """The resident set of a child."""
    for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS in /proc")


def cpu_s(pid: int) -> float:
    """Processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(which: str, seconds: float) -> tuple[float, float]:
    """Start one server, load it, end it."""
    server = child("--serve", which)
    try:
        return run(rate(int(ask(server)), seconds / 5, seconds, server.pid))
    finally:
        end(server)


def kib_per_connection(certificates: Path | None) -> float:
    """Start our server, connect the idle stations from another process, compare."""
    folder = [str(certificates)] if certificates else []
    server = child("--serve", "ours", *(["--tls", *folder] if folder else []))
    clients: subprocess.Popen[str] | None = None
    try:
        port = ask(server)
        tell(server)
        before = resident_kib(server)
        clients = child("--settle", port, *(["--tls", *folder] if folder else []))
        ask(clients)
        tell(server)
        return (resident_kib(server) - before) / IDLE_CONNECTIONS
    finally:
        if clients is not None:
            clients.kill()
            clients.wait()
        end(server)


def write_certificate(folder: Path) -> None:
    """A self-signed ECDSA certificate for the loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "chain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12.0, help="how long to load each server")
    parser.add_argument("--only", choices=("rate", "memory"), help="one half of the measurement")
    parser.add_argument("--serve", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    parser.add_argument("--settle", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--tls", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    allow_many_files()
    if given.serve == "ours":
        run(serve_ours(given.tls))
    elif given.serve == "theirs":
        run(serve_theirs())
    elif given.settle is not None:
        run(settle(given.settle, (given.tls / "chain.pem").read_text(encoding="ascii") if given.tls else None))
    else:
        result: dict[str, Any] = {"name": "wire"}
        if given.only != "memory":
            theirs, ours = [], []
            for _ in range(ROUNDS):
                theirs.append(load("theirs", given.seconds / ROUNDS))
                ours.append(load("ours", given.seconds / ROUNDS))
            # The best of each: whatever else the machine does only slows.
            rates = [max(calls_per_s for calls_per_s, _ in runs) for runs in (ours, theirs)]
            costs = [min(cost_s for _, cost_s in runs) for runs in (ours, theirs)]
            result |= {
                "ratio": round(rates[0] / rates[1], 1),
                "cpu_ratio": round(costs[1] / costs[0], 1),
                "calls_per_s": round(rates[0]),
                "peer_calls_per_s": round(rates[1]),
                "cpu_us_per_call": round(costs[0] * 1e6, 1),
                "peer_cpu_us_per_call": round(costs[1] * 1e6, 1),
                "peer": f"ocpp {importlib.metadata.version('ocpp')}, websockets {importlib.metadata.version('websockets')}",
                "connections": CONNECTIONS,
            }
        if given.only != "rate":
            with tempfile.TemporaryDirectory() as folder:
                write_certificate(Path(folder))
                result["kib_per_connection"] = {
                    "plain": round(kib_per_connection(None), 1),
                    "tls": round(kib_per_connection(Path(folder)), 1),
                }
            result["idle_connections"] = IDLE_CONNECTIONS
        print(json.dumps(result))


if __name__ == "__main__":
    main()
