"""The examples of docs/api.md, run in order against a management system: what the page says is answered is answered."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from msgspec import UNSET

from forecourt.clock import SYSTEM
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V201
from forecourt.transport import connect
from forecourt.transport.peer import Peer
from tests.csms.api.system import System

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text("utf-8")
PARTS = re.compile(r"^```(sh|json)\n(.*?)^```|^<!-- CP1 (connects|charges) -->", re.MULTILINE | re.DOTALL)
ANYTHING = "..."


async def test_the_guide_is_true(system: System) -> None:
    answer: Any = None
    examples = 0
    password = ""
    async with AsyncExitStack() as stack:
        csms: Peer | None = None
        for kind, text, happening in PARTS.findall(PAGE):
            if happening == "connects":
                csms = await stack.enter_async_context(arrived(system, password))
            elif happening == "charges":
                assert csms is not None
                await charge(csms)
            elif kind == "sh":
                for line in text.splitlines():
                    answer = await curl(system, line)
                    examples += 1
            else:
                assert_holds(json.loads(text), answer, text)
                password = answer.get("password", password)
    assert examples >= 11


async def curl(system: System, line: str) -> Any:
    """What a command line is answered; the few options the page uses, so that no machine has to have the program."""
    line = line.replace("$FORECOURT", str(system.client.base_url).rstrip("/")).replace("$KEY", system.platform.key)
    program, *words = shlex.split(line)
    assert program == "curl"
    method, url, headers, body = "GET", "", {}, None
    rest = iter(words)
    for word in rest:
        if word == "-s":
            continue
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            method, body = "POST", next(rest)
        elif word == "-X":
            method = next(rest)
        else:
            assert word.startswith("http"), word
            url = word
    answered = await system.client.request(method, url, headers=headers, content=body)
    assert isinstance(answered, httpx2.Response)
    return answered.json()


@asynccontextmanager
async def arrived(system: System, password: str) -> AsyncGenerator[Peer, None]:
    """The station CP1, which has booted and clears its cache when it is asked to."""

    async def clear(csms: Peer, call: v2.ClearCache) -> v2.ClearCacheResponse:
        return v2.ClearCacheResponse(status="Accepted")

    handlers: dict[Any, Callable[..., Awaitable[Any]]] = {v2.ClearCache: clear}
    url = f"ws://127.0.0.1:{system.port}/ocpp"
    async with connect(url, identity="CP1", versions=(V201,), password=password.encode(), handlers=handlers) as csms:
        said = v2.ChargingStation(vendor_name="Acme", model="Wallbox")
        booted = await csms.call(v2.BootNotification(reason="PowerUp", charging_station=said))
        assert booted.status == "Accepted"
        yield csms


async def charge(csms: Peer) -> None:
    """A session that has begun."""
    begun = v2.TransactionEvent(
        event_type="Started",
        timestamp=SYSTEM.now(),
        trigger_reason="Authorized",
        seq_no=0,
        transaction_info=v2.Transaction(transaction_id="tx-1", charging_state="Charging"),
        evse=v2.EVSE(id=1, connector_id=1),
        id_token=v2.IdToken(id_token="04A1B2C3", type="ISO14443"),
    )
    answered = await csms.call(begun)
    assert answered.id_token_info is not UNSET
    assert answered.id_token_info.status == "Accepted"


def assert_holds(told: Any, answer: Any, text: str) -> None:
    """Whether what the page tells of an answer is in it."""
    if told == ANYTHING:
        assert answer, text
    elif isinstance(told, dict):
        for name, value in told.items():
            assert name in answer, f"{name} is not in {answer}, but in {text}"
            assert_holds(value, answer[name], text)
    elif isinstance(told, list):
        assert len(answer) >= len(told), f"{answer} is shorter than {text}"
        for one, other in zip(told, answer, strict=False):
            assert_holds(one, other, text)
    else:
        assert answer == told, f"{answer!r} and not {told!r}: {text}"
