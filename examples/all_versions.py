"""A station and a server of every version talk to each other, over every door: WebSocket for 1.6, 2.0.1 and 2.1, SOAP for 1.6.

python -m examples.all_versions          ends by itself
"""

from __future__ import annotations

from examples.csms import HANDLERS
from examples.station import Station
from forecourt.ocpp.versions import V16, V21, V201
from forecourt.transport import SoapSettings, connect, connect_soap, run, serve
from forecourt.transport.outbound import anywhere


async def main() -> None:
    """One server, four stations, one after another."""
    # A station over SOAP is called back where it says it listens; here that is this machine.
    soap = SoapSettings(learns_from=lambda caller: True, approve=anywhere)
    async with serve("127.0.0.1", handlers=HANDLERS, soap=soap) as server:
        for version in (V16, V201, V21):
            print(f"OCPP {version.name}, JSON over WebSocket")
            station = Station(version)
            identity = f"station-{version.name}"
            url = f"ws://127.0.0.1:{server.port}/ocpp"
            async with connect(url, identity=identity, versions=(version,), handlers=station.handlers) as csms:
                await station.live(csms)
        print("OCPP 1.6, SOAP")
        station = Station(V16)
        url = f"http://127.0.0.1:{server.port}/ocpp"
        async with connect_soap(url, identity="station-1.6-soap", handlers=station.handlers) as central_system:
            await station.live(central_system)
    print("All four have talked to each other.")


if __name__ == "__main__":
    run(main())
