"""`forecourt doctor` finds what is wrong, and says what to do."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import shutil
import socket
from datetime import UTC, datetime, timedelta
from os import PathLike
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner

from forecourt.cli import doctor_database
from forecourt.cli.doctor import Finding, Grade, examine
from forecourt.cli.main import main
from forecourt.cli.whereabouts import Whereabouts, announced
from forecourt.clock import VirtualClock
from forecourt.csms.config import Api, Config, Database, Server, Tls
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import API, OWNER
from forecourt.csms.store.folder import ADMINISTRATOR
from forecourt.csms.store.migrations import newest_revision
from tests.transport.authority import Authority

StrPath = str | PathLike[str]
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def found(config: Config, what: str, now: datetime = NOW) -> Finding:
    (finding,) = [one for one in examine(config, now) if one.what.startswith(what)]
    return finding


@pytest.fixture
def config(server_folder: Path) -> Config:
    return Config(
        server=Server(host="127.0.0.1", port=0),
        api=Api(port=0),
        database=Database(folder=server_folder.parent / "data"),
    )


def test_a_healthy_machine_has_no_failure(config: Config) -> None:
    assert [one for one in examine(config, NOW) if one.grade is Grade.BAD] == []


def test_a_port_that_somebody_else_has_is_found(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = Config(server=Server(host="127.0.0.1", port=port), api=Api(port=0), database=Database(folder=tmp_path))
        # That it is Python which has it makes it no server of ours.
        finding = found(config, "port for stations")
        assert (finding.grade, f"{port} cannot be had" in finding.words) == (Grade.BAD, True)
        told = Whereabouts(api_url="", station_urls=[], ports=[port], process=os.getpid())
        with announced(tmp_path, told):
            finding = found(config, "port for stations")
    assert (finding.grade, "the server that runs" in finding.words) == (Grade.GOOD, True)


def test_a_port_that_this_account_may_not_have_is_found(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*where: object, **more: object) -> socket.socket:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    finding = found(config, "port of the API")
    assert (finding.grade, "below 1024" in finding.advice) == (Grade.BAD, True)


def test_a_clock_that_was_never_set_is_found(config: Config) -> None:
    finding = found(config, "clock", datetime(1970, 1, 1, tzinfo=UTC))
    assert finding.grade is Grade.BAD
    assert "set it" in finding.advice


def test_a_clock_that_nobody_keeps_is_found(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecourt.cli.doctor.clock_is_kept", lambda: False)
    assert found(config, "clock").grade is Grade.WARNING
    monkeypatch.setattr("forecourt.cli.doctor.clock_is_kept", lambda: True)
    assert found(config, "clock").grade is Grade.GOOD


@pytest.mark.parametrize(("free", "grade"), [(10**6, Grade.BAD), (10**9, Grade.WARNING), (10**11, Grade.GOOD)])
def test_a_disk_with_little_room_is_found(
    config: Config, monkeypatch: pytest.MonkeyPatch, free: int, grade: Grade
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(10**12, 0, free))
    assert found(config, "disk").grade is grade


@pytest.mark.parametrize(("allowed", "grade"), [(1024, Grade.WARNING), (1_048_576, Grade.GOOD)])
def test_too_few_open_files_for_the_stations_are_found(
    config: Config, monkeypatch: pytest.MonkeyPatch, allowed: int, grade: Grade
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (allowed, allowed))
    finding = found(config, "open files")
    assert finding.grade is grade
    assert ("room for some 824 stations" in finding.advice) is (grade is Grade.WARNING)


def test_a_folder_where_no_database_can_be_is_found(
    server_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = server_folder.parent / "stranger"
    (stranger / "database").mkdir(parents=True)
    finding = found(Config(database=Database(folder=stranger)), "database")
    assert (finding.grade, "not made by Forecourt" in finding.words) == (Grade.BAD, True)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    tmp_path.chmod(0o700)
    finding = found(Config(database=Database(folder=tmp_path / "not" / "yet")), "database")
    assert (finding.grade, "may not enter" in finding.words) == (Grade.BAD, True)


def in_database(server: EmbeddedPostgres, *statements: str, role: str = OWNER) -> None:
    """Do something in the tests' database."""

    async def act() -> None:
        connection = await asyncpg.connect(server.url(role, "tests"))
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(act())


def test_what_the_database_lacks_is_found(server: EmbeddedPostgres, tmp_path: Path) -> None:
    config = Config(database=Database(url=server.url(OWNER, "tests"), folder=tmp_path))
    good = found(config, "database")
    assert (good.grade, "answers in" in good.words) == (Grade.GOOD, True)
    in_database(server, "UPDATE alembic_version SET version_num = '9999_from_the_future'")
    try:
        finding = found(config, "database")
    finally:
        in_database(server, f"UPDATE alembic_version SET version_num = '{newest_revision()}'")
    assert (finding.grade, "newer Forecourt (9999_from_the_future)" in finding.words) == (Grade.BAD, True)
    in_database(server, f"REVOKE {API} FROM {OWNER}", role=ADMINISTRATOR)
    try:
        finding = found(config, "database")
    finally:
        in_database(server, f"GRANT {API} TO {OWNER}", role=ADMINISTRATOR)
    assert (finding.grade, f"GRANT {API} TO" in finding.words) == (Grade.BAD, True)


def test_clocks_that_are_apart_are_found(
    server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_database, "SYSTEM", VirtualClock(datetime(2020, 1, 1, tzinfo=UTC)))
    finding = found(Config(database=Database(url=server.url(OWNER, "tests"), folder=tmp_path)), "database")
    assert (finding.grade, "the clock of postgresql://" in finding.words) == (Grade.BAD, True)


def test_an_embedded_database_is_asked_when_it_runs(server: EmbeddedPostgres, server_folder: Path) -> None:
    place = server_folder.parent
    (place / "database").symlink_to(server.folder.path)
    finding = found(Config(database=Database(folder=place)), "database")
    assert (finding.grade, "answers in" in finding.words) == (Grade.GOOD, True)
    (place / "damaged" / "database").mkdir(parents=True)
    (place / "damaged" / "database" / "FORECOURT").touch()
    finding = found(Config(database=Database(folder=place / "damaged")), "database")
    assert (finding.grade, "credentials.json is missing" in finding.words) == (Grade.BAD, True)


def test_a_database_that_does_not_answer_is_found(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    finding = found(Config(database=Database(url=url, folder=tmp_path)), "database")
    assert finding.grade is Grade.BAD


def test_certificates_are_looked_into(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path)
    own, other = authority.issue("one", "here"), authority.issue("two", "there")

    def judged(certificate: StrPath, key: StrPath, now: datetime) -> Finding:
        return found(Config(tls=Tls(certificates=((Path(certificate), Path(key)),))), "certificate", now)

    assert judged(own.chain, own.key, datetime.now(UTC)).grade is Grade.GOOD
    assert "not its key" in judged(own.chain, other.key, datetime.now(UTC)).words
    late = judged(own.chain, own.key, datetime.now(UTC) + timedelta(days=36_500))
    assert (late.grade, "expired" in late.words) == (Grade.BAD, True)
    assert judged(tmp_path / "none.pem", own.key, NOW).grade is Grade.BAD


def test_a_certificate_that_does_not_hold_yet_is_found(tmp_path: Path) -> None:
    own = Authority.make(tmp_path).issue("one", "here")
    tls = Tls(certificates=((Path(own.chain), Path(own.key)),))
    finding = found(Config(tls=tls), "certificate", datetime.now(UTC) - timedelta(days=36_500))
    assert (finding.grade, "not valid before" in finding.words) == (Grade.BAD, True)


def test_roots_of_stations_are_looked_into(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path)
    own, roots = authority.issue("one", "here"), tmp_path / "roots.pem"

    def judged(now: datetime) -> Finding:
        tls = Tls(certificates=((Path(own.chain), Path(own.key)),), client_ca=roots)
        return found(Config(tls=tls), "roots of stations", now)

    assert judged(NOW).grade is Grade.BAD
    roots.write_text(authority.roots)
    assert (judged(datetime.now(UTC)).grade, judged(datetime.now(UTC)).words) == (Grade.GOOD, "1 of them")
    assert judged(datetime.now(UTC) + timedelta(days=36_500)).grade is Grade.WARNING


def test_revocation_lists_are_looked_into(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path)
    server, gone = authority.issue("one", "here"), authority.issue("gone", "gone")
    roots = tmp_path / "roots.pem"
    roots.write_text(authority.roots)

    def judged(crl: Path, ca: Path | None = roots) -> Finding:
        tls = Tls(certificates=((Path(server.chain), Path(server.key)),), client_ca=ca, client_crl=(crl,))
        return found(Config(tls=tls), "revocation list")

    good = judged(authority.revoke("good.crl", gone))
    assert (good.grade, good.words) == (Grade.GOOD, "1 certificates revoked")
    late = judged(authority.revoke("late.crl", gone, until=NOW))
    assert (late.grade, "should have been replaced on 2026-11-28" in late.words) == (Grade.WARNING, True)
    assert judged(tmp_path / "none.crl").grade is Grade.BAD
    assert judged(authority.revoke("good.crl"), None).grade is Grade.BAD


def test_the_command_ends_with_one_if_something_is_wrong(tmp_path: Path) -> None:
    environment = {"FORECOURT_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    result = CliRunner().invoke(main, ["doctor", "--data", str(tmp_path)], env=environment)
    assert result.exit_code == 1
    assert "failure" in result.output
