"""A station on hardware of one's own: a small computer, with a controller board at a serial line that does what must be safe and fast.

python -m examples.own_hardware /dev/ttyAMA0 ws://localhost:9000/ocpp CS001 password folder

The board closes and opens the contactor, makes the control pilot, holds the plug, and opens the contactor by itself when
the line is silent. It speaks in lines of text:

    to the station   pilot A|B|C    nothing, a vehicle, a vehicle that draws energy
                     meter 12345.6 11040 16.0 16.0 16.0 230 230 230     Wh, W, A and V of three phases
                     card 04A1B2C3
                     fault GroundFailure    or: fault, when it is well again
    to the board     contactor 1|0, lock 1|0, offer 16.0 3    amperes on each of so many phases
"""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from decimal import Decimal, InvalidOperation
from pathlib import Path

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.schedule import Schedule
from forecourt.charging.tokens import Token
from forecourt.clock import SYSTEM
from forecourt.station.config import Build, EvseBuild
from forecourt.station.hardware.interface import Events, Measurement, Secc
from forecourt.station.http_transfers import HttpTransfers
from forecourt.station.online import OnlineLink
from forecourt.station.running import Powered
from forecourt.station.storage import Sqlite
from forecourt.station.timeline import RealTimeline
from forecourt.transport import run

EVSE, CONNECTOR = EvseId(1), ConnectorId(1)
NOTHING = Measurement(
    import_wh=Decimal(0),
    export_wh=Decimal(0),
    power_w=Decimal(0),
    currents_a=(Decimal(0),) * 3,
    voltages_v=(Decimal(230),) * 3,
    offered_a=Decimal(0),
)


class Board:
    """Implements `forecourt.station.hardware.interface.Hardware` with one EVSE. `over` is set when the program is to start anew."""

    def __init__(self, device: str, over: asyncio.Event) -> None:
        self._line = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._line, termios.TCSANOW)
        self._over = over
        self._events: Events | None = None
        self._unread = b""
        self._pilot = "A"
        self._measured = NOTHING
        self._offered_a = Decimal(0)
        asyncio.get_running_loop().add_reader(self._line, self._read)

    def close(self) -> None:
        self._say("contactor 0")
        asyncio.get_running_loop().remove_reader(self._line)
        os.close(self._line)

    # What the station asks.

    def attach(self, events: Events) -> None:
        self._events = events
        if self._pilot != "A":
            events.plugged(EVSE, CONNECTOR)

    def close_contactor(self, evse_id: EvseId) -> None:
        self._say("contactor 1")

    def open_contactor(self, evse_id: EvseId) -> None:
        self._say("contactor 0")

    def offer(self, evse_id: EvseId, current_a: Decimal, phases: int) -> None:
        self._offered_a = current_a
        self._say(f"offer {current_a} {phases}")

    def lock(self, evse_id: EvseId, connector_id: ConnectorId) -> bool:
        self._say("lock 1")
        return True

    def unlock(self, evse_id: EvseId, connector_id: ConnectorId) -> bool:
        self._say("lock 0")
        return True

    def measure(self, evse_id: EvseId) -> Measurement:
        return self._measured

    def show(self, evse_id: EvseId | None, text: str) -> None:
        print(text)

    def signer(self, evse_id: EvseId) -> None:
        """The meter signs nothing."""

    def secure(self, secc: Secc) -> None:
        """The board speaks no ISO 15118."""

    def vehicle_checked(self, evse_id: EvseId, *, good: bool) -> None:
        """No vehicle shows a certificate here."""

    def certificate(self, evse_id: EvseId, exi: str | None, *, remaining: int = 0) -> None:
        """No vehicle asks for a certificate here."""

    def propose(self, evse_id: EvseId, schedules: tuple[Schedule, ...]) -> None:
        """No vehicle tells its needs here."""

    def judged(self, evse_id: EvseId, *, accepted: bool) -> None:
        """No vehicle shows a contract here."""

    def display(self, texts: tuple[str, ...]) -> None:
        print(*texts, sep="\n")

    def choose(self, evse_ids: tuple[EvseId, ...]) -> bool:
        # There are no keys at the display: a master pass ends all transactions.
        return False

    def install(self, image: bytes) -> bool:
        # Updates come with the operating system here.
        return False

    def restart(self) -> bool:
        self._over.set()
        return True

    # What the board tells.

    def _read(self) -> None:
        *lines, self._unread = (self._unread + os.read(self._line, 4096)).split(b"\n")
        for line in lines:
            self._hear(line.decode("ascii", "replace").split())

    def _hear(self, words: list[str]) -> None:
        match words:
            case ["pilot", state]:
                self._changed(state)
            case ["meter", *numbers] if len(numbers) == 8:
                self._meter(numbers)
            case ["card", value] if self._events is not None:
                self._events.presented(Token(value, "ISO14443"), EVSE)
            case ["fault", *code] if self._events is not None:
                self._events.fault(EVSE, code[0] if code else None)

    def _changed(self, state: str) -> None:
        before, self._pilot = self._pilot, state
        if self._events is None or before == state:
            return
        if state == "A":
            self._events.unplugged(EVSE)
            return
        if before == "A":
            self._events.plugged(EVSE, CONNECTOR)
        self._events.drawing(EVSE, state == "C")

    def _meter(self, numbers: list[str]) -> None:
        try:
            energy_wh, power_w, *rest = (Decimal(number) for number in numbers)
        except InvalidOperation:
            # A line that was disturbed on its way; the next one comes soon.
            return
        self._measured = Measurement(
            import_wh=energy_wh,
            export_wh=Decimal(0),
            power_w=power_w,
            currents_a=tuple(rest[:3]),
            voltages_v=tuple(rest[3:]),
            offered_a=self._offered_a,
        )

    def _say(self, line: str) -> None:
        os.write(self._line, f"{line}\n".encode())


async def main(device: str, url: str, identity: str, password: str, folder: str) -> None:
    """Run until the station is to start anew; whoever started this program starts it again (systemd: Restart=always)."""
    over = asyncio.Event()
    build = Build(identity=identity, vendor="Acme", model="Own Wallbox", evses=(EvseBuild(current_a=16),))
    time, transfers, storage = RealTimeline(SYSTEM), HttpTransfers(), Sqlite(Path(folder) / "station.db")
    link, board = OnlineLink(url, password=password), Board(device, over)
    station = Powered(build, time, link, board, storage, transfers)
    station.power_on()
    try:
        await over.wait()
    finally:
        station.cut_power()
        board.close()
        await link.aclose()
        await transfers.aclose()
        time.close()
        storage.close()


if __name__ == "__main__":
    run(main(*sys.argv[1:]))
