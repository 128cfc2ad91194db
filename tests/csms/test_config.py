"""Settings: what a file and the environment say, and what an operator is told when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from forecourt.csms.config import Config, load
from forecourt.errors import Invalid


def written(folder: Path, content: str | bytes) -> Path:
    file = folder / "forecourt.toml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def refused(file: Path | None, environment: dict[str, str] | None = None) -> Invalid:
    with pytest.raises(Invalid) as refusal:
        load(file, environment or {})
    return refusal.value


def test_without_file_and_environment_everything_has_its_default() -> None:
    assert load(None, {"HOME": "/root", "FORECOURT": "x"}) == Config()


def test_by_default_nobody_unknown_and_nobody_without_password_comes_in() -> None:
    gateway = load(None, {}).gateway
    assert (gateway.registration, gateway.allow_profile_0) == ("closed", False)


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    config = load(written(tmp_path, '[server]\nport = 1234\n[tls]\ncertificates = [["a.pem", "a.key"]]\n'), {})
    assert config.server.port == 1234
    assert config.server.host == Config().server.host
    assert config.tls.certificates == ((Path("a.pem"), Path("a.key")),)


def test_the_environment_overrides_the_file_key_by_key(tmp_path: Path) -> None:
    file = written(tmp_path, '[gateway]\npath = "/a"\nhold_s = 3\n')
    environment = {
        "FORECOURT__GATEWAY__HOLD_S": "4.5",
        "FORECOURT__GATEWAY__ALLOW_PROFILE_0": "true",
        "FORECOURT__TLS__CLIENT_CA": "/ca.pem",
        "FORECOURT__SERVER__PORT": "0",
    }
    config = load(file, environment)
    assert (config.gateway.path, config.gateway.hold_s, config.gateway.allow_profile_0) == ("/a", 4.5, True)
    assert (config.tls.client_ca, config.server.port) == (Path("/ca.pem"), 0)


def test_a_variable_has_a_list_written_as_in_the_file() -> None:
    environment = {
        "FORECOURT__TLS__CERTIFICATES": '[["a.pem", "a.key"]]',
        "FORECOURT__SOAP__TRUSTED_NETWORKS": '["10.0.0.0/8", "192.168.1.50/32"]',
        "FORECOURT__API__ADMINISTRATOR_PASSWORD": '["no list"]',
    }
    config = load(None, environment)
    assert config.tls.certificates == ((Path("a.pem"), Path("a.key")),)
    assert config.soap.trusted_networks == ("10.0.0.0/8", "192.168.1.50/32")
    assert config.api.administrator_password == '["no list"]'
    error = refused(None, {"FORECOURT__SOAP__TRUSTED_NETWORKS": "10.0.0.0/8"})
    assert (error.code, 'such as ["one", "another"]' in error.message) == ("config_invalid", True)


@pytest.mark.parametrize("name", ["FORECOURT_DATABASE_URL", "FORECOURT__DATABASE__URL"])
def test_the_address_of_the_database_has_a_short_name(name: str) -> None:
    assert load(None, {name: "postgresql://db"}).database.url == "postgresql://db"


@pytest.mark.parametrize(
    ("content", "unknown", "nearest"),
    [
        ("[gateway]\nregistraton = 'open'\n", "gateway.registraton", "gateway.registration"),
        ("[gatway]\npath = '/'\n", "gatway", "gateway"),
        ("[server]\nhots = 'x'\n", "server.hots", "server.host"),
        ("[retention]\nmessage_log_day = 1\n", "retention.message_log_day", "retention.message_log_days"),
    ],
)
def test_a_misspelt_key_is_answered_with_the_nearest_one(
    tmp_path: Path, content: str, unknown: str, nearest: str
) -> None:
    file = written(tmp_path, content)
    error = refused(file)
    assert error.code == "config_unknown_key"
    assert error.message == f"{file}: unknown key {unknown}; did you mean {nearest}?"


def test_a_key_that_resembles_nothing_is_answered_with_all_there_are(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "[database]\nqqq = 1\n")).message
    assert "known are database.url, database.folder" in message


@pytest.mark.parametrize("name", ["FORECOURT__GATEWAY__REGISTRATON", "FORECOURT__GATWAY__PATH", "FORECOURT__"])
def test_a_misspelt_variable_is_named_even_when_there_is_a_file(tmp_path: Path, name: str) -> None:
    error = refused(written(tmp_path, "[server]\nport = 1\n"), {name: "x"})
    assert error.code == "config_unknown_key"
    assert error.message.startswith(f"{name}: ")


@pytest.mark.parametrize(
    "content",
    [
        "[server]\nport = 65536\n",
        "[server]\nport = -1\n",
        "[server]\nport = 'many'\n",
        "[gateway]\nhold_s = 0\n",
        "[gateway]\nregistration = 'opened'\n",
        "[gateway]\nmax_message_bytes = 1000\n",
        "[retention]\nevent_days = 0\n",
        "[retention]\nevent_days = 9999999999\n",
        "[gateway]\npath = 'ocpp'\n",
        "[server]\npublic_url = 'charging.example.org'\n",
        "[charging]\ncurrency = 'euro'\n",
        "[charging]\nprice_per_kwh = '0,30'\n",
        "[charging]\nprice_per_kwh = '-1'\n",
        "server = 1\n",
    ],
)
def test_a_value_that_makes_no_sense_is_refused_naming_file_and_key(tmp_path: Path, content: str) -> None:
    file = written(tmp_path, content)
    error = refused(file)
    assert error.code == "config_invalid"
    assert error.message.startswith(f"{file}: ")
    section, _, rest = content.replace(" = ", "]\n").strip("[").partition("]\n")
    key = rest.partition("]")[0] if content.startswith("[") else ""
    assert f"$.{section}" + (f".{key}" if key else "") in error.message


def test_a_variable_whose_value_makes_no_sense_is_named_even_when_there_is_a_file(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "[server]\nport = 1\n"), {"FORECOURT__SERVER__PORT": "many"})
    assert error.code == "config_invalid"
    assert error.message.startswith("FORECOURT__SERVER__PORT: ")


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("[soap]\ntrusted_networks = ['10.0.0.0/8', 'garage']\n", "soap.trusted_networks: 'garage'"),
        ("[soap]\ntrusted_networks = ['10.0.0.1/8']\n", "soap.trusted_networks: 10.0.0.1/8 has host bits set"),
        ("[api]\ntrusted_proxies = ['*']\n", "api.trusted_proxies: '*'"),
    ],
)
def test_what_is_no_network_is_refused(tmp_path: Path, content: str, key: str) -> None:
    error = refused(file := written(tmp_path, content))
    assert error.code == "config_invalid"
    assert error.message.startswith(f"{file}: {key}")


def test_a_word_that_is_none_of_the_choices_is_answered_with_them(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "[gateway]\nreading = 'strickt'\n")).message
    assert message.endswith("; it is one of tolerant, strict")


def test_a_variable_below_what_is_no_section_is_refused(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "database = 'here'\n"), {"FORECOURT_DATABASE_URL": "postgresql://db"})
    assert error.code == "config_invalid"
    assert error.message.startswith("FORECOURT_DATABASE_URL: database")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path / "nowhere.toml")
    assert error.code == "config_unreadable"
    assert "nowhere.toml" in error.message


@pytest.mark.parametrize("content", [b"[server\n", b"port = \n", b"a = '\xff'\n"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    file = written(tmp_path, content)
    error = refused(file)
    assert error.code == "config_not_toml"
    assert error.message.startswith(f"{file}: ")
