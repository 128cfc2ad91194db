"""How one station is set up, as options or a TOML file say it, and that station living in real time."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from forecourt.clock import SYSTEM, Clock
from forecourt.ocpp.versions import V16, VERSIONS, Version
from forecourt.pki import certificates
from forecourt.pki.certificates import InvalidCertificate
from forecourt.station.blocks.certificates.model import Identity, Use
from forecourt.station.blocks.certificates.store import IDENTITIES, ROOTS, endow, trust
from forecourt.station.config import NEWEST_FIRST, Build, EvseBuild
from forecourt.station.hardware.interface import Contract
from forecourt.station.http_transfers import HttpTransfers
from forecourt.station.online import OnlineLink
from forecourt.station.online_soap import SoapLink
from forecourt.station.running import preset
from forecourt.station.storage import Memory, Sqlite, Storage
from forecourt.station.timeline import RealTimeline
from forecourt.station.workbench.workbench import Workbench
from forecourt.transport import KeyPair, client_context

Line: TypeAlias = OnlineLink | SoapLink

_WEBSOCKET, _SOAP = ("ws", "wss"), ("http", "https")


class WrongSetup(ValueError):
    """A station cannot be set up so; says why, for people."""


class EvseSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """As `config.EvseBuild`."""

    kinds: tuple[str, ...] = ("sType2",)
    phases: int = 3
    voltage_v: int = 230
    current_a: int = 32
    direct: bool = False
    drops_phases: bool = True
    bidirectional: bool = False

    def build(self) -> EvseBuild:
        return EvseBuild(**msgspec.structs.asdict(self))


class Setup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """`url` is ws, wss, or, for 1.6 over SOAP, http, https. `versions` are offered in this order; none: all.

    `settings` are variables (`Component.Variable`) before the first start. Over SOAP the station listens at `soap-host` and
    `soap-port` and says that it can be reached at `soap-address`. `ca` is a PEM file with whom to trust, if not the system's; `certificate`
    (with its chain) and `key` are PEM files for security profile 3. The security profile is what follows from all this. `contracts` are
    PEM files, by a name, with the certificate and chain of a vehicle that is paid for by what it shows.
    """

    url: str = ""
    identity: str = "CS001"
    password: str | None = None
    versions: tuple[str, ...] = ()
    vendor: str = "Forecourt"
    model: str = "Station"
    serial_number: str | None = None
    firmware_version: str | None = "1.0"
    evses: tuple[EvseSetup, ...] = (EvseSetup(),)
    settings: dict[str, str] = {}
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    contracts: dict[str, str] = {}
    unsigned_firmware: bool = False
    additional_root_check: bool = False
    log_pages: int = 32
    menu: bool = False
    limits: tuple[Literal["maxCost", "maxEnergy", "maxSoC", "maxTime"], ...] = (
        "maxCost",
        "maxEnergy",
        "maxSoC",
        "maxTime",
    )
    resumes: bool = True
    summaries: bool = True
    resets_evses: bool = True
    grid_a: int | None = None
    grid_voltage_v: int = 230
    soap_host: str = "127.0.0.1"
    soap_port: int = 0
    soap_address: str | None = None
    seed: int | None = None

    @property
    def build(self) -> Build:
        """Raises WrongSetup."""
        if not self.evses:
            raise WrongSetup("a station has at least one EVSE")
        return Build(
            identity=self.identity,
            vendor=self.vendor,
            model=self.model,
            serial_number=self.serial_number,
            firmware_version=self.firmware_version,
            evses=tuple(evse.build() for evse in self.evses),
            versions=self._versions(),
            seed=self.seed,
            security_profile=self.security_profile,
            unsigned_firmware=self.unsigned_firmware,
            additional_root_check=self.additional_root_check,
            log_pages=self.log_pages,
            menu=self.menu,
            limits=self.limits,
            resumes=self.resumes,
            summaries=self.summaries,
            resets_evses=self.resets_evses,
            grid_a=self.grid_a,
            grid_voltage_v=self.grid_voltage_v,
        )

    @property
    def security_profile(self) -> int:
        """By what there is (A00): 1 with a password, 2 also over TLS, 3 with a certificate; else 0."""
        secure = urlsplit(self.url).scheme == "wss"
        if secure and self.certificate is not None:
            return 3
        if self.password is None or urlsplit(self.url).scheme in _SOAP:
            return 0
        return 2 if secure else 1

    def endow(self, storage: Storage) -> None:
        """Put into a new station's storage what it has from the start on. Raises WrongSetup, OSError."""
        try:
            preset(storage, self.settings)
            if self.ca is not None and not storage.items(ROOTS):
                for root in certificates.read(_text(self.ca)):
                    trust(storage, Use.CSMS, certificates.write([root]))
            if self.certificate is not None and self.key is not None and not storage.items(IDENTITIES):
                endow(storage, Identity(key=_text(self.key), chain=_text(self.certificate)))
        except ValueError as error:
            raise WrongSetup(str(error)) from error
        storage.commit()

    def shown(self) -> dict[str, Contract]:
        """The contracts, by name. Raises WrongSetup, OSError."""
        found: dict[str, Contract] = {}
        for name, file in self.contracts.items():
            chain = _text(file)
            try:
                found[name] = Contract(certificates.common_name(certificates.read(chain)[0]) or "", chain)
            except InvalidCertificate as error:
                raise WrongSetup(f"{file}: {error}") from error
        return found

    def line(self) -> Line:
        """Its connection. Raises WrongSetup, OSError for a file that is not there."""
        scheme = urlsplit(self.url).scheme
        if (self.certificate is None) is not (self.key is None):
            raise WrongSetup("certificate and key belong together")
        own = None if self.certificate is None or self.key is None else KeyPair(self.certificate, self.key)
        tls = None
        if scheme in ("wss", "https"):
            tls = client_context(roots=None if self.ca is None else _text(self.ca), key_pair=own)
        if scheme in _WEBSOCKET:
            return OnlineLink(self.url, password=self.password, tls=tls)
        if scheme in _SOAP:
            return SoapLink(
                self.url,
                password=self.password,
                host=self.soap_host,
                port=self.soap_port,
                from_address=self.soap_address,
                tls=tls,
            )
        if not self.url:
            raise WrongSetup("there is no URL to connect to, neither as an option nor in the file")
        raise WrongSetup(f"the URL {self.url!r} is none: ws://, wss://, or for 1.6 over SOAP http://, https://")

    def _versions(self) -> tuple[Version, ...]:
        if urlsplit(self.url).scheme in _SOAP:
            if self.versions not in ((), (V16.name,)):
                raise WrongSetup(f"over SOAP only {V16.name} is spoken")
            return (V16,)
        unknown = [name for name in self.versions if f"ocpp{name}" not in VERSIONS]
        if unknown:
            raise WrongSetup(f"{unknown[0]}: not one of {', '.join(version.name for version in NEWEST_FIRST)}")
        return tuple(VERSIONS[f"ocpp{name}"] for name in self.versions) or NEWEST_FIRST


def read_setup(path: Path) -> Setup:
    """The `[station]` table of a TOML file. Raises OSError, WrongSetup."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongSetup(f"{path}: {error}") from error
    return setup_of(found.get("station", {}), str(path))


def setup_of(table: Mapping[str, Any], where: str) -> Setup:
    """Raises WrongSetup."""
    try:
        return msgspec.convert(table, Setup)
    except msgspec.ValidationError as error:
        raise WrongSetup(f"{where}: {error}") from error


def _text(file: str) -> str:
    return Path(file).read_text(encoding="ascii")


DATABASE: Final = "station.db"


@asynccontextmanager
async def living(
    setup: Setup, *, folder: Path | None = None, clock: Clock = SYSTEM, powered: bool = True
) -> AsyncGenerator[Workbench, None]:
    """The station, in real time, until the block is left: then its power fails.

    What it must not forget is kept in `folder`, which is there; without one, in memory. Raises WrongSetup, OSError.
    """
    build, line = setup.build, setup.line()
    timeline = RealTimeline(clock)
    storage = Memory() if folder is None else Sqlite(folder / DATABASE)
    setup.endow(storage)
    transfers = HttpTransfers()
    bench = Workbench(build, timeline, line, storage, transfers=transfers, contracts=setup.shown())
    if powered:
        bench.powered.power_on()
    try:
        yield bench
    finally:
        bench.powered.cut_power()
        await line.aclose()
        await transfers.aclose()
        timeline.close()
        if isinstance(storage, Sqlite):
            storage.close()
