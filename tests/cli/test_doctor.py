"""`forecourt doctor` finds what is wrong, and says what to do."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from os import PathLike
from pathlib import Path

import pytest
from click.testing import CliRunner

from forecourt.cli.doctor import Finding, Grade, examine
from forecourt.cli.main import main
from forecourt.csms.config import Api, Config, Database, Server, Tls
from tests.transport.authority import Authority

StrPath = str | PathLike[str]
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def found(config: Config, what: str, now: datetime = NOW) -> Finding:
    (finding,) = [one for one in examine(config, now) if one.what.startswith(what)]
    return finding


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(server=Server(host="127.0.0.1", port=0), api=Api(port=0), database=Database(folder=tmp_path / "data"))


def test_a_healthy_machine_has_no_failure(config: Config) -> None:
    assert [one for one in examine(config, NOW) if one.grade is Grade.BAD] == []


def test_a_taken_port_is_found(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = Config(server=Server(host="127.0.0.1", port=port), database=Database(folder=tmp_path))
        finding = found(config, "port for stations")
    assert str(port) in finding.words
    assert "in use" in finding.words or "cannot be had" in finding.words


def test_a_clock_that_was_never_set_is_found(config: Config) -> None:
    finding = found(config, "clock", datetime(1970, 1, 1, tzinfo=UTC))
    assert finding.grade is Grade.BAD
    assert "set it" in finding.advice


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
