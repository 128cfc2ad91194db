"""The routes of certificates: of one station, of all, the roots to install, and issuing and revoking."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy import ColumnElement, Row, select

from forecourt.csms.blocks.certificates import actions, store
from forecourt.csms.blocks.certificates.model import SOON, CertificateRevoked, Certificates, InUse, Origin
from forecourt.csms.blocks.certificates.store import certificate as table
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.stations.visible import stands_at, visible
from forecourt.csms.web.instants import instant
from forecourt.csms.web.numbers import OrganisationNumber, SiteNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of
from forecourt.csms.web.requests import SHOWN_ONCE, ApiRequest
from forecourt.csms.web.routes import Key, create, read
from forecourt.csms.web.texts import END
from forecourt.errors import NotFound
from forecourt.pki import keys
from forecourt.pki.certificates import InvalidCertificate, fingerprint, write
from forecourt.pki.certificates import read as read_chain
from forecourt.pki.issuing import packed
from forecourt.transport.closure import POLICY_VIOLATION


class CertificateOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A certificate of a station, of this server (`server`), or of who signs those of stations (`authority`). It came to be known
    because it was `issued` here with its key, was `shown` at a handshake, or is a `file` of this server. `inUse` says that its holder proves itself with it now; `supersededAt` since when another one is in use instead."""

    id: int
    holder: Literal["station", "server", "authority"]
    organisation_id: int | None
    station_id: int | None
    station: str | None
    origin: Literal["issued", "shown", "file"]
    serial: str
    fingerprint: str
    subject: str
    issuer: str
    valid_from: datetime
    valid_to: datetime
    known_at: datetime
    shown_at: datetime | None
    superseded_at: datetime | None
    revoked_at: datetime | None
    in_use: bool


class CertificateBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """With a password there is a file (PKCS #12) besides, which it opens."""

    password: Annotated[str, Meta(min_length=8, max_length=100, pattern=r"^[\x20-\x7e]*" + END)] | None = None


class CertificateMade(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new certificate, its private key, which is not kept and not shown again, and the root it comes from; all PEM. `pkcs12` is
    all of it in one file, base64."""

    certificate: CertificateOut
    private_key: str
    chain: str
    root: str
    pkcs12: str | None


class AuthorityOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The root (PEM) of the certificates that are signed here, null as long as none was. `issues` is false where they are signed
    elsewhere."""

    issues: bool
    root: str | None
    fingerprint: str | None
    valid_to: datetime | None


class ServerChainOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A certificate of this server with what follows it in its file (PEM). A station has to trust its root, which may be the last
    one of the chain (`root`) or has to come from whoever has signed it (`issuer`)."""

    subject: str
    issuer: str
    fingerprint: str
    valid_to: datetime
    chain: str
    root: str | None


class ServerChains(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All certificates of this server."""

    items: list[ServerChainOut]


_TAGS: Final = ["Certificates"]
_COLUMNS: Final = {
    name: name
    for name in CertificateOut.__struct_fields__
    if name not in ("station", "valid_from", "valid_to", "in_use")
} | {"valid_from": "not_before", "valid_to": "not_after"}
_SORTING: Final = Sorting(table.c.id, {"validTo": table.c.not_after, "knownAt": table.c.known_at}, "validTo")
_STATION: Final = (
    select(station_table.c.wire_id).where(station_table.c.id == table.c.station_id).scalar_subquery().label("station")
)
_ROWS: Final = select(table, _STATION, store.IN_USE.label("in_use"))


def routes(block: Certificates, stations: Stations) -> list[HTTPRouteHandler]:
    """The routes of this block."""

    @read(
        "/certificates/ca",
        permission="certificates.read",
        tags=_TAGS,
        summary="Get the root of the certificates that are signed here",
    )
    async def get_station_authority(request: ApiRequest) -> AuthorityOut:
        found = block.authority.known
        if found is None:
            return AuthorityOut(issues=block.authority.enabled, root=None, fingerprint=None, valid_to=None)
        root = found.certificate
        return AuthorityOut(
            issues=True, root=write([root]), fingerprint=fingerprint(root), valid_to=root.not_valid_after_utc
        )

    @read(
        "/certificates/server",
        permission="certificates.read",
        tags=_TAGS,
        summary="Get what a station has to trust to connect",
    )
    async def list_server_chains(request: ApiRequest) -> ServerChains:
        return ServerChains(items=[one for text in block.own().chains if (one := _chain(text)) is not None])

    @create(
        "/stations/{station_id:int}/certificates",
        permission="certificates.write",
        tags=_TAGS,
        summary="Issue a certificate for a station",
    )
    async def issue_certificate(
        request: ApiRequest, station_id: Key, data: JSONBody[CertificateBody]
    ) -> Response[CertificateMade]:
        """For security profile 3. Its key is made here and shown once. Certificates it has already go on working until they are
        revoked."""
        async with request.change() as change:
            station = await visible(change.work, stations, station_id)
            authority = await block.authority.get()
            key = keys.new_key()
            made = actions.sign(block, authority, station, keys.loaded(key).public_key())
            row = await store.add(await change.work.sql(), station, made, Origin.ISSUED, change.work.now)
            actions.announce_issued(change.work, station, made)
            out = _out(row, station=station.wire_id, in_use=False)
            change.record("station.certificate_issued", f"stations/{station_id}", station.organisation, after=out)
        root = authority.certificate
        name, password = actions.common_name(station), data.password
        file = None if password is None else packed(key, made, root, name=name, password=password)
        answer = CertificateMade(
            certificate=out,
            private_key=key,
            chain=write([made, root]),
            root=write([root]),
            pkcs12=None if file is None else base64.b64encode(file).decode(),
        )
        return Response(answer, status_code=201, headers=SHOWN_ONCE)

    @read(
        "/stations/{station_id:int}/certificates",
        permission="certificates.read",
        tags=_TAGS,
        summary="List a station's certificates",
    )
    async def list_station_certificates(
        request: ApiRequest, station_id: Key, cursor: CursorText = None, limit: Limit = 50
    ) -> Page[CertificateOut]:
        """The latest first."""
        async with request.work() as work:
            await visible(work, stations, station_id)
            statement = _ROWS.where(table.c.station_id == station_id)
            order = _SORTING.order("-knownAt")
            return await page_of(await work.sql(), statement, order, cursor=cursor, limit=limit, build=_listed)

    @create(
        "/stations/{station_id:int}/certificates/{certificate_id:int}/revoke",
        permission="certificates.write",
        tags=_TAGS,
        summary="Revoke a certificate of a station",
        status_code=200,
    )
    async def revoke_certificate(request: ApiRequest, station_id: Key, certificate_id: Key) -> CertificateOut:
        """No handshake with it is let in any more, whoever has signed it, and a connection that was made with it ends."""
        async with request.change() as change:
            station = await visible(change.work, stations, station_id)
            by = request.caller.name
            row = await store.revoke(await change.work.sql(), station_id, certificate_id, change.work.now, by)
            if row is None:
                raise NotFound("certificate_unknown", f"the station has no certificate {certificate_id}")
            change.work.announce(
                CertificateRevoked(
                    organisation_id=station.organisation, station_id=station.key, serial=row.serial, revoked_by=by
                )
            )
            out = _out(row, station=station.wire_id, in_use=False)
            change.record("station.certificate_revoked", f"stations/{station_id}", station.organisation, after=out)
            change.work.on_commit(lambda: block.revoked.add(row.fingerprint))
        link = stations.link_if_any(station)
        if link is not None and station.recall(InUse).fingerprint == row.fingerprint:
            link.close(POLICY_VIOLATION, "the certificate of this station was revoked")
        return out

    return [
        list_certificates,
        get_station_authority,
        list_server_chains,
        issue_certificate,
        list_station_certificates,
        revoke_certificate,
    ]


@read("/certificates", permission="certificates.read", tags=_TAGS, summary="List certificates")
async def list_certificates(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    expires_before: Annotated[
        str | None, QueryParameter(name="expiresBefore", format="date-time", max_length=40, description="or have ended")
    ] = None,
    expiring: Annotated[
        bool | None, QueryParameter(description="that are in use and end within three weeks: what the overview counts")
    ] = None,
    in_use: Annotated[bool | None, QueryParameter(name="inUse")] = None,
    holder: Annotated[Literal["station", "server", "authority"] | None, QueryParameter()] = None,
    organisation_id: OrganisationNumber = None,
    site_id: SiteNumber = None,
) -> Page[CertificateOut]:
    """What ends first comes first. The server's own are for those who may see the whole platform."""
    wanted: list[ColumnElement[bool]] = []
    if expires_before is not None:
        wanted.append(table.c.not_after < instant("expiresBefore", expires_before))
    if in_use is not None:
        wanted.append(store.IN_USE if in_use else ~store.IN_USE)
    if holder is not None:
        wanted.append(table.c.holder == holder)
    if organisation_id is not None:
        wanted.append(table.c.organisation_id == organisation_id)
    if site_id is not None:
        wanted.append(stands_at(table.c.station_id, site_id))
    async with request.work() as work:
        if expiring is not None:
            soon = store.ends_before(work.now + SOON)
            wanted.append(soon if expiring else ~soon)
        order = _SORTING.order(sort)
        return await page_of(await work.sql(), _ROWS.where(*wanted), order, cursor=cursor, limit=limit, build=_listed)


def _listed(row: Row[Any]) -> CertificateOut:
    return _out(row, station=row._mapping["station"], in_use=row._mapping["in_use"])


def _out(row: Row[Any], *, station: str | None, in_use: bool) -> CertificateOut:
    values = {name: row._mapping[column] for name, column in _COLUMNS.items()}
    return CertificateOut(station=station, in_use=in_use, **values)


def _chain(text: str) -> ServerChainOut | None:
    """A chain as it is shown, None for a file that cannot be read at the moment."""
    try:
        leaf, *above = read_chain(text)
    except InvalidCertificate:
        return None
    last = above[-1] if above else leaf
    return ServerChainOut(
        subject=leaf.subject.rfc4514_string(),
        issuer=last.issuer.rfc4514_string(),
        fingerprint=fingerprint(leaf),
        valid_to=leaf.not_valid_after_utc,
        chain=write([leaf, *above]),
        root=write([last]) if last.issuer == last.subject else None,
    )
