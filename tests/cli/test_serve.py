"""`forecourt serve` and `forecourt db` as processes: what they say, what they leave behind."""

from __future__ import annotations

import io
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from rich.console import Console

from forecourt.cli.serve import where
from forecourt.csms.config import Api, Config, Database, Server
from tests.cli.processes import LIMIT_S, folder, processes_naming, started

ANY_PORTS = {"FORECOURT__SERVER__PORT": "0", "FORECOURT__API__PORT": "0", "FORECOURT__SERVER__HOST": "127.0.0.1"}


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that does not exist yet."""
    with folder() as place:
        yield place


def forecourt(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of the command to its end."""
    with started(*arguments, **environment) as running:
        code = running.process.wait(LIMIT_S)
        running.kill()
        return subprocess.CompletedProcess(arguments, code, "\n".join(running.lines))


def test_a_server_says_where_it_is_ends_in_good_order_and_goes_on_with_its_data(data: Path) -> None:
    with started("serve", "--data", str(data), **ANY_PORTS) as server:
        password = server.until(r"sign in as admin with the password (\S+)")[1]
        server.until(r"ws://127\.0\.0\.1:\d+/ocpp/.*OCPP 1\.6J, 2\.0\.1, 2\.1")
        url = server.until(r"dashboard +(http://127\.0\.0\.1:\d+)/$")[1]
        server.until(rf"API +{re.escape(url)}/api/docs")
        server.until(str(data.resolve()))
        login = {"login": "admin", "password": password}
        with httpx2.Client(base_url=url) as client:
            session = client.post("/api/v1/session", json=login)
            assert session.status_code == 201, session.text
            headers = {"X-CSRF-Token": session.json()["csrfToken"]}
            assert client.post("/api/v1/sites", json={"name": "Depot"}, headers=headers).status_code == 201
        assert server.end() == 0
        assert server.lines[-1] == "ended"
    assert processes_naming(str(data)) == []
    with started("serve", "--data", str(data), **ANY_PORTS) as again:
        url = again.until(r"(http://127\.0\.0\.1:\d+)/api/docs")[1]
        assert not any("password" in line for line in again.lines)
        with httpx2.Client(base_url=url) as client:
            assert client.post("/api/v1/session", json=login).status_code == 201
            assert [site["name"] for site in client.get("/api/v1/sites").json()["items"]] == ["Depot"]
        assert again.end(signal.SIGTERM) == 0
    assert processes_naming(str(data)) == []


def test_addresses_are_whole_in_a_narrow_window_whatever_they_are_made_of(tmp_path: Path) -> None:
    config = Config(
        server=Server(host="2001:db8::7"),
        api=Api(host="2001:db8::a-name-that-is-rather-long-for-a-line-of-eighty-characters"),
        database=Database(folder=tmp_path / "[bold]"),
    )
    said = io.StringIO()
    Console(file=said, width=40, soft_wrap=True).print(where(config, 8180, 8080))
    assert "  stations   ws://[2001:db8::7]:8180/ocpp/  OCPP 1.6J" in said.getvalue()
    assert f"http://[{config.api.host}]:8080/api/docs" in said.getvalue()
    assert str((tmp_path / "[bold]").resolve()) in said.getvalue()


def test_what_was_backed_up_beside_a_running_server_can_be_restored(data: Path) -> None:
    archive = data.parent / "backup.tar"
    with started("serve", "--data", str(data), **ANY_PORTS) as server:
        server.until("Ctrl-C")
        taken = forecourt("db", "backup", "--data", str(data), str(archive))
        assert taken.returncode == 0, taken.stdout
        assert stat.S_IMODE(archive.stat().st_mode) == 0o600
        refused = forecourt("db", "restore", "--data", str(data), str(archive), "--replace")
        assert (refused.returncode, "a server runs on this data folder" in refused.stdout) == (1, True)
        second = forecourt("serve", "--data", str(data), **ANY_PORTS)
        assert (second.returncode, "a server runs already" in second.stdout) == (1, True)
        assert server.end() == 0
    kept = forecourt("db", "restore", "--data", str(data), str(archive))
    assert kept.returncode == 1
    assert "exists already" in kept.stdout or "in use" in kept.stdout
    restored = forecourt("db", "restore", "--data", str(data), str(archive), "--replace")
    assert restored.returncode == 0, restored.stdout
    assert "up to date" in forecourt("db", "upgrade", "--data", str(data)).stdout


def test_a_taken_port_is_said_before_anything_is_made(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = forecourt("serve", "--data", str(data), **{**ANY_PORTS, "FORECOURT__SERVER__PORT": port})
    assert refused.returncode == 1
    assert f"port {port}, for stations, is taken by" in refused.stdout
    assert not data.exists()


@pytest.mark.parametrize("section", ["server", "api"])
def test_an_address_that_is_not_ours_is_said_before_anything_is_made(data: Path, section: str) -> None:
    refused = forecourt(
        "serve", "--data", str(data), **{**ANY_PORTS, f"FORECOURT__{section.upper()}__HOST": "192.0.2.77"}
    )
    assert refused.returncode == 1
    assert f"{section}.host: 192.0.2.77 is no address of this machine" in refused.stdout
    assert not data.exists()


def test_a_misspelt_setting_ends_the_start_with_the_nearest_known_one(data: Path) -> None:
    refused = forecourt("serve", "--data", str(data), FORECOURT__SERVER__PROT="8181")
    assert refused.returncode == 2
    assert "FORECOURT__SERVER__PROT" in refused.stdout
    assert "did you mean server.port?" in refused.stdout


def test_a_database_that_is_not_there_is_said_in_words(data: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    refused = forecourt("serve", "--data", str(data), FORECOURT_DATABASE_URL=url, **ANY_PORTS)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stdout
    assert "127.0.0.1:1" in refused.stdout


def test_the_help_imports_nothing_that_takes_long() -> None:
    program = (
        "import sys\nfrom click.testing import CliRunner\nfrom forecourt.cli.main import main\n"
        "result = CliRunner().invoke(main, ['--help'])\n"
        "print(result.exit_code, 'serve' in result.output)\n"
        "print(sorted({'litestar', 'sqlalchemy', 'asyncpg', 'uvicorn', 'msgspec', 'rich', 'lxml'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=LIMIT_S)
    assert said.stdout.splitlines() == ["0 True", "[]"]
