"""`forecourt station`, `site` and `user` against a server that runs: what they say works when it is done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from forecourt.cli import whereabouts
from forecourt.cli.main import main
from forecourt.cli.serve import station_urls
from forecourt.cli.stations import instructions
from forecourt.csms.config import Config
from forecourt.csms.config import Server as ServerSettings
from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21
from forecourt.transport import connect
from tests.cli.processes import folder, started

ANY_PORTS = {"FORECOURT__SERVER__PORT": "0", "FORECOURT__API__PORT": "0", "FORECOURT__SERVER__HOST": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, and its folder."""

    data: Path
    url: str

    def said(self, *arguments: str, code: int = 0) -> str:
        """What a command says, which has to end with `code`."""
        ended = CliRunner().invoke(main, [*arguments, "--data", str(self.data)], env={"COLUMNS": "300"})
        assert ended.exit_code == code, ended.output
        return ended.output

    def answered(self, *arguments: str) -> Any:
        """What a command says to programs."""
        return json.loads(self.said(*arguments, "--json"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One for all these tests."""
    with folder() as data, started("serve", "--data", str(data), **ANY_PORTS) as running:
        url = running.until(r"(http://127\.0\.0\.1:\d+)/api/docs")[1]
        running.until("Ctrl-C")
        yield Server(data, url)
        assert running.end() == 0
        assert whereabouts.of(data) is None


async def test_what_is_printed_for_a_new_station_lets_it_in(server: Server) -> None:
    server.said("site", "add", "Depot", "--address", "Main Street 1")
    words = server.said("station", "add", "CP1", "--site", "depot", "--name", "By the gate")
    address = re.search(r"^address\s+(ws://\S+)/\s*$", words, flags=re.MULTILINE)
    password = re.search(r"^password\s+(\S+)", words, flags=re.MULTILINE)
    assert address is not None, words
    assert password is not None, words
    assert f"AuthorizationKey = {password[1]}" in words
    assert f"SecurityCtrlr.BasicAuthPassword = {password[1]}" in words
    assert f"ocppCsmsUrl = {address[1]}" in words
    assert "SecurityProfile = 1" in words
    station = v16.BootNotification(charge_point_vendor="Acme", charge_point_model="Wallbox")
    async with connect(address[1], identity="CP1", password=password[1], versions=(V16,)) as csms:
        assert (await csms.call(station)).status == "Accepted"
        assert re.search(r"CP1\s+By the gate\s+1\.6\s+Acme Wallbox\s+yes", server.said("station", "list"))
        shown = server.answered("station", "show", "cp1")
        assert (shown["stationId"], shown["connected"], shown["vendor"]) == ("CP1", True, "Acme")
    # Not with another password.
    with pytest.raises(Exception, match="401"):
        async with connect(address[1], identity="CP1", password="x" * 20, versions=(V16,)):
            pass


async def test_a_disabled_station_is_not_let_in_until_it_is_enabled(server: Server) -> None:
    made = server.answered("station", "add", "CP2")
    url = server.said("station", "show", "CP2").split("connects to")[1].split()[0].rpartition("/")[0]
    server.said("station", "disable", "CP2")
    with pytest.raises(Exception, match=r"40[134]"):
        async with connect(url, identity="CP2", password=made["password"], versions=(V21,)):
            pass
    server.said("station", "enable", "CP2")
    boot = v2.BootNotification(reason="PowerUp", charging_station=v2.ChargingStation(vendor_name="A", model="B"))
    async with connect(url, identity="CP2", password=made["password"], versions=(V21,)) as csms:
        assert (await csms.call(boot)).status == "Accepted"


def test_instructions_fit_the_security_profile_and_the_door(server: Server) -> None:
    with_certificate = server.said("station", "add", "CP3", "--security-profile", "3", "--certificate-name", "SN-7")
    assert "password" not in with_certificate
    assert "CN = SN-7" in with_certificate
    assert "wss://" in with_certificate
    assert "set tls.certificates first" in with_certificate
    soap = server.said("station", "add", "CP4", "--soap", "--soap-address", "http://127.0.0.1:9999/")
    assert re.search(r"^address\s+http://127\.0\.0\.1:\d+/ocpp$", soap, flags=re.MULTILINE)
    assert re.search(r"OCPP 1\.6 SOAP\s+it is called at http://127\.0\.0\.1:9999/", soap)
    assert "2.0.1" not in soap
    assert "ws://" not in soap
    open_ones = server.said("station", "add", "CP9", "--security-profile", "0")
    assert "only where gateway.allow_profile_0 is set" in open_ones
    assert "password " not in open_ones.replace("without a password", "")
    trusted = server.said("station", "add", "CP10", "--soap", "--security-profile", "0")
    assert "only from networks in soap.trusted_networks" in trusted
    assert "/api/v1/stations/" in with_certificate


def test_behind_a_proxy_stations_are_told_the_public_address() -> None:
    made = {
        "id": 7,
        "stationId": "CP1",
        "securityProfile": 2,
        "password": "secret",
        "soapEnabled": False,
        "url": "wss://charging.example.org/ocpp/CP1",
    }
    public = station_urls(Config(server=ServerSettings(public_url="wss://charging.example.org/")), 8180)
    assert public == ["wss://charging.example.org/ocpp"]
    words = instructions(made, public)
    assert re.search(r"^address\s+wss://charging\.example\.org/ocpp/$", words, flags=re.MULTILINE)
    assert "set tls.certificates first" not in words


def test_stations_are_removed_and_what_cannot_be_done_is_said_in_words(server: Server) -> None:
    server.said("station", "add", "CP5")
    assert "CP5 already" in server.said("station", "add", "CP5", code=1)
    server.said("station", "remove", "CP5")
    assert "there is no station CP5" in server.said("station", "show", "CP5", code=1)
    assert "there is no site Nowhere" in server.said("station", "add", "CP6", "--site", "Nowhere", code=1)
    short = server.said("station", "add", "CP6", "--password", "short", code=1)
    assert "password" in short
    assert "Traceback" not in short
    not_json = server.said("station", "send", "CP1", "Reset", "{", code=2)
    assert "not JSON" in not_json


def test_a_card_is_added_blocked_and_removed(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "tokens.csv"
    file.write_text("value,kind\nFC000001,ISO14443\nFC000002,ISO14443\n", encoding="utf-8")
    assert "2 added" in server.said("token", "import", str(file))
    assert "2 unchanged" in server.said("token", "import", str(file))
    file.write_text("value,kind\nFC000003,Stone\n", encoding="utf-8")
    assert "line 2" in server.said("token", "import", str(file), code=1)
    for known in ("FC000001", "FC000002"):
        server.said("token", "remove", known)
    server.said("token", "add", "04A1B2C3D4E5F6", "--kind", "ISO14443", "--visual-number", "NL-7")
    assert "exists already" in server.said("token", "add", "04a1b2c3d4e5f6", "--kind", "ISO14443", code=1)
    assert re.search(r"04A1B2C3D4E5F6\s+ISO14443\s+NL-7\s+no", server.said("token", "list"))
    server.said("token", "block", "04a1b2c3d4e5f6", "--reason", "lost [on the road]")
    assert "lost [on the road]" in server.said("token", "list", "--blocked")
    server.said("token", "unblock", "04A1B2C3D4E5F6")
    assert server.answered("token", "list", "--blocked") == []
    server.said("token", "remove", "04A1B2C3D4E5F6")
    assert "There are no tokens" in server.said("token", "list")


async def test_cards_and_handshakes_that_were_refused_are_listed_with_the_reason(server: Server) -> None:
    made = server.answered("station", "add", "CP7")
    url = server.answered("station", "show", "CP7")["url"].rpartition("/")[0]
    async with connect(url, identity="CP7", password=made["password"], versions=(V16,)) as csms:
        await csms.call(v16.BootNotification(charge_point_vendor="Acme", charge_point_model="Wallbox"))
        verdict = await csms.call(v16.Authorize(id_tag="NOBODYS"))
        assert verdict.id_tag_info.status == "Invalid"
    assert re.search(r"NOBODYS\s+CP7\s+\w+\s+not known", server.said("token", "refused"))
    for identity in ("CP7", "STRANGER"):
        with pytest.raises(Exception, match=r"40[134]"):
            async with connect(url, identity=identity, password="y" * 20, versions=(V16,)):
                pass
    words = server.said("station", "refused")
    assert re.search(r"CP7\s+127\.0\.0\.1\S*\s+wrong password", words), words
    assert "STRANGER" in words


def test_a_station_is_accepted_or_turned_away(server: Server) -> None:
    server.said("station", "add", "CP8")
    server.said("station", "reject", "CP8")
    server.said("station", "accept", "CP8")
    assert server.answered("station", "list", "--pending") == []


def test_who_has_lost_the_password_gets_another(server: Server) -> None:
    words = server.said("user", "reset-password", "admin")
    password = re.search(r"with the password (\S+)", words)
    assert password is not None
    with httpx2.Client(base_url=server.url) as client:
        login = {"login": "admin", "password": password[1]}
        assert client.post("/api/v1/session", json=login).status_code == 201
    made = server.answered("user", "add", "eve", "--role", "viewer")
    assert len(made["password"]) >= 12
    assert re.search(r"eve\s+viewer\s+yes\s+never", server.said("user", "list"))
    server.said("user", "remove", "eve")
    assert [one["login"] for one in server.answered("user", "list")] == ["admin"]
    # Somebody has to be left.
    assert "administers the platform" in server.said("user", "remove", "admin", code=1)


def test_what_a_station_is_called_is_whole_in_a_narrow_window(server: Server) -> None:
    identity = "A-RATHER-LONG-IDENTITY-OF-A-STATION-0001"
    server.said("station", "add", identity, "--name", "a name that is rather long as well, and has words in it")
    ended = CliRunner().invoke(main, ["station", "list", "--data", str(server.data)], env={"COLUMNS": "80"})
    assert identity in ended.output


def test_what_is_piped_is_not_folded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    name = "a name that is rather long, and is looked for as a whole by whoever pipes this into another program"
    server.said("station", "add", "CP11", "--name", name)
    ended = CliRunner().invoke(main, ["station", "list", "--data", str(server.data)])
    (line,) = [line for line in ended.output.splitlines() if line.startswith("CP11 ")]
    assert name in line


def test_a_misspelt_command_is_answered_with_the_nearest_one() -> None:
    for words, nearest in ((["statoin"], "station"), (["station", "scenari"], "scenario")):
        ended = CliRunner().invoke(main, words)
        assert (ended.exit_code, f"did you mean {nearest}?" in ended.output) == (2, True)


def test_a_site_without_stations_is_removed(server: Server) -> None:
    server.said("site", "add", "Empty", "--time-zone", "Europe/Berlin")
    assert "Europe/Berlin" in server.said("site", "list")
    server.said("site", "remove", "Empty")
    assert "Empty" not in server.said("site", "list")
    assert "no time zone" in server.said("site", "add", "Odd", "--time-zone", "Mars/North", code=1)


def test_a_server_elsewhere_is_reached_with_a_key(server: Server) -> None:
    key = (server.data / "secrets/local-administration").read_bytes().hex()

    def said(*arguments: str, **environment: str) -> tuple[int, str]:
        ended = CliRunner().invoke(main, list(arguments), env=environment)
        return ended.exit_code, ended.output

    assert said("site", "list", FORECOURT_URL=server.url, FORECOURT_KEY=key)[0] == 0
    code, words = said("site", "list", "--url", server.url, "--key", "0" * 64)
    assert (code, "the key is not right" in words) == (1, True)
    code, words = said("site", "list", "--url", server.url)
    assert (code, "FORECOURT_KEY" in words) == (1, True)
    code, words = said("site", "list", "--url", "http://127.0.0.1:1", "--key", key)
    assert (code, "cannot be reached" in words) == (3, True)


def test_without_a_server_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    ended = CliRunner().invoke(main, ["station", "list", "--data", str(tmp_path)])
    assert ended.exit_code == 3
    assert "forecourt serve" in ended.output
    # Left behind by a process that was killed.
    (tmp_path / whereabouts.FILE).write_text(
        '{"api_url":"http://127.0.0.1:1","station_urls":[],"ports":[],"process":2147483646}'
    )
    assert CliRunner().invoke(main, ["station", "list", "--data", str(tmp_path)]).exit_code == 3
