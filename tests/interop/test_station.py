"""Our station against a management system made of the PyPI package `ocpp`: a whole session in every version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from forecourt.clock import SYSTEM
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.station.config import Build
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.online import OnlineLink
from forecourt.station.running import Powered
from forecourt.station.timeline import RealTimeline
from tests.interop.foreign import MODULES, Heard, boot_answer, foreign_csms, heartbeat_answer

LIMIT_S = 20.0


def answers(version: Version) -> dict[str, Callable[[], Any]]:
    result = MODULES[version.name].call_result
    if version is V16:
        accepted = {"status": "Accepted"}
        return {
            "BootNotification": lambda: boot_answer(version),
            "Heartbeat": lambda: heartbeat_answer(version),
            "StatusNotification": lambda: result.StatusNotification(),
            "Authorize": lambda: result.Authorize(id_tag_info=accepted),
            "StartTransaction": lambda: result.StartTransaction(transaction_id=5, id_tag_info=accepted),
            "StopTransaction": lambda: result.StopTransaction(),
            "MeterValues": lambda: result.MeterValues(),
        }
    return {
        "BootNotification": lambda: boot_answer(version),
        "Heartbeat": lambda: heartbeat_answer(version),
        "StatusNotification": lambda: result.StatusNotification(),
        "SecurityEventNotification": lambda: result.SecurityEventNotification(),
        "Authorize": lambda: result.Authorize(id_token_info={"status": "Accepted"}),
        "TransactionEvent": lambda: result.TransactionEvent(),
    }


async def heard_of(heard: Heard, action: str, **fields: Any) -> dict[str, Any]:
    """Wait for a call of this action with these arguments."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            for name, arguments in heard.calls:
                if name == action and fields.items() <= arguments.items():
                    return arguments
            await SYSTEM.sleep(0.01)


@pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
async def test_a_session_is_understood_by_others(version: Version) -> None:
    heard = Heard()
    arrived: asyncio.Queue[Any] = asyncio.Queue()
    async with foreign_csms(version, heard, answers(version), arrived, compression=None, tls=None) as port:
        build = Build(identity="CP-1", versions=(version,))
        time = RealTimeline(SYSTEM)
        hardware = SimulatedHardware(build, time)
        link = OnlineLink(f"ws://127.0.0.1:{port}")
        station = Powered(build, time, link, hardware)
        station.power_on()
        try:
            await heard_of(heard, "StatusNotification")
            hardware.plug()
            hardware.swipe("TAG001")
            if version is V16:
                assert (await heard_of(heard, "StartTransaction"))["id_tag"] == "TAG001"
                await heard_of(heard, "StatusNotification", status="Charging")
                hardware.swipe("TAG001")
                assert (await heard_of(heard, "StopTransaction"))["transaction_id"] == 5
            else:
                assert (await heard_of(heard, "TransactionEvent", event_type="Started"))["seq_no"] == 0
                await heard_of(heard, "TransactionEvent", event_type="Updated", trigger_reason="ChargingStateChanged")
                hardware.swipe("TAG001")
                assert (await heard_of(heard, "TransactionEvent", event_type="Ended"))["seq_no"] == 2
        finally:
            station.cut_power()
            await link.aclose()
            time.close()
