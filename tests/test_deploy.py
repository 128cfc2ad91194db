"""What `deploy/` says is so: the files it copies are there, its settings are known, and its script makes the roles."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from forecourt.csms.config import load
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.folder import ADMINISTRATOR
from tests.csms.conftest import server

__all__ = ["server"]

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
TEXT = (DEPLOY / "Containerfile").read_text("utf-8")
STEPS = [line for line in TEXT.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def steps(word: str) -> list[str]:
    """What the steps of a kind say."""
    return [line.removeprefix(word).strip() for line in STEPS if line.startswith(f"{word} ")]


def variables() -> dict[str, str]:
    """What the image sets."""
    return dict(part.split("=", 1) for line in steps("ENV") for part in line.split())


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    copied = [line.split()[0] for line in steps("COPY") if not line.startswith("--from")]
    assert len(copied) >= 5
    for path in copied:
        assert (ROOT / path).exists(), path
        assert any(path == one or path.startswith(f"{one}/") for one in kept), path
    tracked = subprocess.run(["git", "ls-files", *copied], cwd=ROOT, capture_output=True, text=True, check=True)
    assert tracked.stdout


def test_the_image_stands_on_one_release_and_runs_as_somebody_with_a_name_and_no_rights() -> None:
    (base,) = steps("ARG")
    assert re.fullmatch(r"BASE=python:3\.\d+\.\d+-slim-\w+", base)
    assert {line.split()[0] for line in steps("FROM")} == {"$BASE"}
    (user,) = steps("USER")
    (added,) = [line for line in steps("RUN") if line.startswith("useradd")]
    assert added.endswith(f" {user}")
    assert "--uid 0" not in added
    (volume,) = steps("VOLUME")
    assert f"--home-dir {volume} --create-home" in added
    assert variables()["FORECOURT__DATABASE__FOLDER"].startswith(f"{volume}/")


def test_its_settings_are_known_and_its_ports_are_those_that_are_served() -> None:
    config = load(None, variables())
    exposed = steps("EXPOSE")[0].split()
    assert exposed == [str(config.server.port), str(config.api.port)]
    assert config.api.host == "0.0.0.0"
    assert f"http://127.0.0.1:{config.api.port}/healthz" in steps("HEALTHCHECK")[0]
    published = [port.rpartition(":")[2] for port in COMPOSE["services"]["forecourt"]["ports"]]
    assert published == exposed


def test_the_command_of_the_image_is_ours(tmp_path: Path) -> None:
    (written,) = [line for line in steps("RUN") if line.startswith("printf")]
    program = subprocess.run(["sh", "-c", written.partition(" > ")[0]], capture_output=True, text=True, check=True)
    first, *lines = program.stdout.splitlines()
    assert first == "#!/opt/forecourt/bin/python"
    script = tmp_path / "forecourt"
    script.write_text("\n".join(lines), "utf-8")
    called = [sys.executable, str(script), "--version"]
    said = subprocess.run(
        called, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("forecourt ")
    assert steps("CMD") == ['["forecourt", "serve"]']


def test_the_server_waits_for_a_database_that_takes_connections_from_elsewhere() -> None:
    services = COMPOSE["services"]
    assert services["forecourt"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "--host=127.0.0.1" in services["database"]["healthcheck"]["test"]
    assert services["forecourt"]["cap_drop"] == ["ALL"]
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert COMPOSE["secrets"]["database-password"]["file"] == "./database-password"
    assert "deploy/database-password" in ignored


def test_the_script_makes_an_owner_without_special_rights_that_may_act_as_the_api(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    # The roles of these names are there already.
    script = re.sub(r"\bforecourt", "trial", (DEPLOY / "database-roles.sh").read_text("utf-8"))
    (tmp_path / "roles.sh").write_text(script, "utf-8")
    (tmp_path / "password").write_text("it's a-secret_1", "utf-8")
    environment = {
        "PATH": f"{Path(server.programs.path('psql')).parent}:{os.environ['PATH']}",
        "POSTGRES_PASSWORD_FILE": str(tmp_path / "password"),
        "POSTGRES_USER": ADMINISTRATOR,
        "PGPASSWORD": server.folder.passwords()[ADMINISTRATOR],
        "PGHOST": str(server.folder.socket_folder()),
        "PGDATABASE": "postgres",
    }
    subprocess.run(["sh", tmp_path / "roles.sh"], env=environment, check=True, capture_output=True)

    async def look() -> tuple[Any, ...]:
        try:
            owner = await asyncpg.connect(
                host=str(server.folder.socket_folder()), user="trial", password="it's a-secret_1", database="trial"
            )
            found = await owner.fetchrow(
                "SELECT rolsuper, rolcreaterole, pg_has_role('trial_api', 'MEMBER') FROM pg_roles WHERE rolname = current_user"
            )
            await owner.execute("CREATE TABLE mine (id int); SET ROLE trial_api")
            await owner.close()
        finally:
            admin = await asyncpg.connect(server.url(ADMINISTRATOR, "postgres"))
            await admin.execute("DROP DATABASE trial WITH (FORCE)")
            await admin.execute("DROP ROLE trial; DROP ROLE trial_api")
            await admin.close()
        assert found is not None
        return tuple(found)

    assert asyncio.run(look()) == (False, False, True)


@pytest.mark.parametrize("service", ["database", "forecourt"])
def test_services_come_back_by_themselves(service: str) -> None:
    assert COMPOSE["services"][service]["restart"] == "unless-stopped"
