"""A station as options or a file set it up: which security profile follows, and that it connects so over real TLS."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forecourt.clock import VirtualClock
from forecourt.ocpp.versions import V16, V21
from forecourt.station.config import Build, EvseBuild
from forecourt.station.disturbed import Impossible
from forecourt.station.scenario.dry import dry
from forecourt.station.setup import EvseSetup, Setup, WrongSetup, living, read_setup
from forecourt.station.workbench.doings import spoken
from forecourt.station.workbench.waiting import happens
from forecourt.transport import ClientCertificates, serve, server_context, with_passwords
from tests.cli.csms import Csms
from tests.station.vehicles import CONTRACT
from tests.transport.authority import Authority

PASSWORD = "a-password-for-stations"


@pytest.mark.parametrize(
    ("given", "profile"),
    [
        ({"url": "ws://x"}, 0),
        ({"url": "ws://x", "password": PASSWORD}, 1),
        ({"url": "wss://x", "password": PASSWORD}, 2),
        ({"url": "wss://x", "certificate": "a", "key": "b"}, 3),
        ({"url": "http://x", "password": PASSWORD}, 0),
    ],
)
def test_the_security_profile_follows_from_what_there_is(given: dict[str, Any], profile: int) -> None:
    assert Setup(**given).build.security_profile == profile


@pytest.mark.parametrize("certificate", [False, True])
async def test_a_station_connects_with_tls_and_shows_its_certificate(tmp_path: Path, *, certificate: bool) -> None:
    authority = Authority.make(tmp_path)
    own, root = authority.issue("station", "CS001"), tmp_path / "root.pem"
    root.write_text(authority.roots, encoding="ascii")
    clients = ClientCertificates.REQUIRED if certificate else ClientCertificates.NONE
    roots = authority.roots if certificate else None
    tls = server_context([authority.issue("server", "localhost")], clients=clients, client_roots=roots)
    options: dict[str, Any] = {} if certificate else {"authenticate": with_passwords({"CS001": PASSWORD})}
    async with serve("127.0.0.1", 0, handlers=Csms().handlers, tls=tls, **options) as server:
        setup = Setup(url=f"wss://127.0.0.1:{server.port}/ocpp", ca=str(root))
        if certificate:
            setup = msgspec.structs.replace(setup, certificate=str(own.chain), key=str(own.key))
        else:
            setup = msgspec.structs.replace(setup, password=PASSWORD)
        async with living(setup) as bench:
            await happens(bench, "accepted")
            assert bench.variables()["SecurityCtrlr.SecurityProfile"] == ("3" if certificate else "2")


async def test_what_did_not_happen_in_time_is_told_with_what_did() -> None:
    async with living(Setup(url="ws://127.0.0.1:1/nobody")) as bench:
        offline = await happens(bench, "offline")
        assert offline.text
        with pytest.raises(AssertionError, match="accepted"):
            await happens(bench, "accepted", within_s=0.1)


def test_a_file_says_all_there_is(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text(
        """
[station]
url = "ws://x"
identity = "CS009"
versions = ["2.1", "1.6"]
evses = [{ kinds = ["cCCS2"], phases = 1, voltage-v = 400, current-a = 375, direct = true }, { current-a = 16 }]
settings = { "SampledDataCtrlr.TxUpdatedInterval" = "10" }
""",
        encoding="utf-8",
    )
    setup = read_setup(file)
    assert setup.build.versions == (V21, V16)
    assert [evse.power_w for evse in setup.build.evses] == [150_000, 11_040]


def test_the_contracts_of_vehicles_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "ev.pem").write_text(CONTRACT.chain, encoding="ascii")
    (tmp_path / "none.pem").write_text("nothing", encoding="ascii")
    setup = Setup(url="ws://x", contracts={"mine": str(tmp_path / "ev.pem")})
    assert setup.shown() == {"mine": CONTRACT}
    bench = dry(setup, VirtualClock())
    bench.do(spoken("power on"))
    bench.do(spoken("plug contract=mine"))
    vehicle = bench.hardware.vehicle_at(1)
    assert vehicle is not None
    assert vehicle.contract == CONTRACT
    with pytest.raises(Impossible, match="yours, only mine"):
        bench.do(spoken("plug contract=yours"))
    with pytest.raises(WrongSetup, match=r"none\.pem"):
        Setup(url="ws://x", contracts={"mine": str(tmp_path / "none.pem")}).shown()


def test_all_that_a_station_can_be_built_with_can_be_said() -> None:
    built = {field.name for field in dataclasses.fields(Build)}
    assert built <= {*Setup.__struct_fields__, "security_profile"}
    assert {field.name for field in dataclasses.fields(EvseBuild)} == set(EvseSetup.__struct_fields__)
    assert EvseSetup().build() == EvseBuild()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"url": "x"}, "URL"),
        ({"url": "ws://x", "versions": ("9",)}, "9: not one of"),
        ({"url": "http://x", "versions": ("2.1",)}, "SOAP"),
        ({"url": "ws://x", "evses": ()}, "at least one"),
        ({}, "there is no URL"),
        ({"url": "ws://x", "certificate": "a"}, "belong together"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(WrongSetup, match=why):
        _ = Setup(**given).build, Setup(**given).line()


def test_a_file_that_is_none_is_refused_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    for text in ("[station", '[station]\nevses = "many"\n'):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WrongSetup, match=r"station\.toml"):
            read_setup(file)
    assert EvseSetup().build().power_w == 22_080
