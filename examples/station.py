"""A charging station in one file: it boots, answers what it is asked, and says that it is alive, in any version.

python -m examples.station [url] [version]       for instance ws://localhost:9000/ocpp 2.0.1
"""

from __future__ import annotations

import asyncio
import sys

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, VERSIONS, Version
from forecourt.transport import Handlers, Peer, connect, run

VENDOR, MODEL = "Acme", "Wallbox"


class Station:
    """What the station knows and how it answers. `asked` is set once the management system has asked for something."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.asked = asyncio.Event()

    @property
    def handlers(self) -> Handlers:
        """What this station answers, by request type."""
        if self.version is V16:
            return {v16.GetConfiguration: self.on_get_configuration}
        return {v2.GetVariables: self.on_get_variables}

    async def on_get_configuration(self, csms: Peer, call: v16.GetConfiguration) -> v16.GetConfigurationResponse:
        """Tell the one configuration key there is."""
        self.asked.set()
        known = v16.KeyValue(key="HeartbeatInterval", readonly=False, value="300")
        return v16.GetConfigurationResponse(configuration_key=(known,))

    async def on_get_variables(self, csms: Peer, call: v2.GetVariables) -> v2.GetVariablesResponse:
        """Tell the one variable there is."""
        self.asked.set()
        results = tuple(
            v2.GetVariableResult(
                component=wanted.component, variable=wanted.variable, attribute_status="Accepted", attribute_value="300"
            )
            for wanted in call.get_variable_data
        )
        return v2.GetVariablesResponse(get_variable_result=results)

    async def boot(self, csms: Peer) -> str:
        """Say who we are; returns whether we are accepted."""
        if self.version is V16:
            answer_16 = await csms.call(v16.BootNotification(charge_point_vendor=VENDOR, charge_point_model=MODEL))
            return answer_16.status
        station = v2.ChargingStation(vendor_name=VENDOR, model=MODEL)
        answer = await csms.call(v2.BootNotification(reason="PowerUp", charging_station=station))
        return answer.status

    async def live(self, csms: Peer) -> None:
        """Boot, be asked, and say that we are still there."""
        say(csms, f"boots and is {await self.boot(csms)}")
        await self.asked.wait()
        if self.version is V16:
            time = (await csms.call(v16.Heartbeat())).current_time
        else:
            time = (await csms.call(v2.Heartbeat())).current_time
        say(csms, f"was asked, answered, and hears that it is {time:%H:%M:%S} UTC")


def say(csms: Peer, what: str) -> None:
    """Print a line about the station."""
    print(f"  station: {csms.identity} {what}")


async def main(url: str, version: Version) -> None:
    """Be one station once."""
    station = Station(version)
    async with connect(url, identity="CP1", versions=(version,), handlers=station.handlers) as csms:
        await station.live(csms)


if __name__ == "__main__":
    endpoint = sys.argv[1] if len(sys.argv) > 1 else "ws://localhost:9000/ocpp"
    run(main(endpoint, VERSIONS[f"ocpp{sys.argv[2] if len(sys.argv) > 2 else '2.1'}"]))
