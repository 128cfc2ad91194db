"""A management system in one file: it answers stations of every version, and asks each for something when it has booted.

python -m examples.csms [port]        then let a station connect to ws://localhost:PORT/ocpp
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

from forecourt.ocpp import v2, v16
from forecourt.transport import Handlers, Peer, run, serve


async def on_boot_16(station: Peer, boot: v16.BootNotification) -> v16.BootNotificationResponse:
    """Welcome a station of 1.6; what we want of it is asked when it has our answer."""

    async def configuration() -> None:
        answer = await station.call(v16.GetConfiguration(key=("HeartbeatInterval",)))
        say(station, f"has the configuration {[(one.key, one.value) for one in answer.configuration_key or ()]}")

    say(station, f"is a {boot.charge_point_vendor} {boot.charge_point_model}")
    station.after_reply(configuration)
    return v16.BootNotificationResponse(status="Accepted", current_time=datetime.now(UTC), interval=300)


async def on_boot_2(station: Peer, boot: v2.BootNotification) -> v2.BootNotificationResponse:
    """Welcome a station of 2.0.1 or 2.1."""

    async def variable() -> None:
        wanted = v2.GetVariableData(
            component=v2.Component(name="OCPPCommCtrlr"), variable=v2.Variable(name="HeartbeatInterval")
        )
        answer = await station.call(v2.GetVariables(get_variable_data=(wanted,)))
        say(station, f"has the heartbeat interval {answer.get_variable_result[0].attribute_value} s")

    say(station, f"is a {boot.charging_station.vendor_name} {boot.charging_station.model}")
    station.after_reply(variable)
    return v2.BootNotificationResponse(status="Accepted", current_time=datetime.now(UTC), interval=300)


async def on_heartbeat_16(station: Peer, call: v16.Heartbeat) -> v16.HeartbeatResponse:
    """Tell the time."""
    return v16.HeartbeatResponse(current_time=datetime.now(UTC))


async def on_heartbeat_2(station: Peer, call: v2.Heartbeat) -> v2.HeartbeatResponse:
    """Tell the time."""
    return v2.HeartbeatResponse(current_time=datetime.now(UTC))


HANDLERS: Handlers = {
    v16.BootNotification: on_boot_16,
    v16.Heartbeat: on_heartbeat_16,
    v2.BootNotification: on_boot_2,
    v2.Heartbeat: on_heartbeat_2,
}


def say(station: Peer, what: str) -> None:
    """Print a line about a station."""
    print(f"  server:  {station.identity} (OCPP {station.version.name}) {what}")


async def main(port: int) -> None:
    """Serve until interrupted."""
    async with serve(port=port, handlers=HANDLERS) as server:
        print(f"stations connect to ws://localhost:{server.port}/ocpp; Ctrl-C ends")
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9000))
    except KeyboardInterrupt:
        pass
