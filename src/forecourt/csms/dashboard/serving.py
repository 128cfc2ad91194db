"""Serves the built pages of the dashboard from memory; everything that is not theirs goes on to the API.

Files whose names hold a digest of what is in them are kept by browsers for ever, everything else is asked for anew each time.
Every other address is a page of the dashboard, which finds out itself what it shows.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from forecourt import __version__
from forecourt.csms.config import Dashboard as Settings

PAGES: Final = Path(__file__).parent / "pages"
_INDEX: Final = "index.html"
_OTHERS: Final = ("/api", "/healthz", "/readyz", "/metrics")
_FOR_EVER: Final = b"public, max-age=31536000, immutable"
_ANEW: Final = b"no-cache"
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
_WORTH_PACKING: Final = 1000
_NOT_BUILT: Final = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Forecourt</title>
<p>The dashboard is not built here. In a clone of the sources, <code>make run</code> builds it;
the API is at <a href="/api/docs">/api/docs</a>.</p></html>"""

POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:{tiles};"
    " connect-src 'self'{tiles}; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
"""What pages may load: their own files, and the map's tiles if there is a server of them. Styles are written by the parts
of the pages themselves."""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    packed: bytes | None
    media_type: bytes
    caching: bytes
    tag: bytes


class Dashboard:
    """ASGI: the pages in front of an application. Without built pages, one that says so."""

    def __init__(self, app: ASGIApp, settings: Settings, folder: Path = PAGES) -> None:
        self._app = app
        self._files = dict(_read(folder))
        told = {"tilesUrl": settings.tiles_url, "tilesAttribution": settings.tiles_attribution, "version": __version__}
        self._files["/dashboard.json"] = _file(msgspec.json.encode(told), "application/json", kept=False)
        tiles = urlsplit(settings.tiles_url)
        # A star stands for the names of a server that has several.
        tiles_from = f" {tiles.scheme}://{tiles.netloc.replace('{s}', '*')}" if tiles.netloc else ""
        self._index = self._files.get(f"/{_INDEX}") or _file(_NOT_BUILT, "text/html", kept=False)
        self._policy = [
            (b"content-security-policy", POLICY.format(tiles=tiles_from).encode()),
            (b"referrer-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or _is_others(scope["path"]) or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        file = self._files.get(path)
        if file is None and path.startswith("/assets/"):
            # A page of a version before this one asks for a part that is no more; the page itself would be no answer.
            await _answer(send, 404, [_NOSNIFF], b"")
            return
        file = file or self._index
        headers = dict(scope["headers"])
        # A policy is for pages; what they load they are bound by.
        policy = self._policy if file.media_type.startswith(b"text/html") else []
        common = [
            *policy,
            _NOSNIFF,
            (b"cache-control", file.caching),
            (b"etag", file.tag),
            (b"vary", b"accept-encoding"),
        ]
        if headers.get(b"if-none-match") == file.tag:
            await _answer(send, 304, common, b"")
            return
        common.append((b"content-type", file.media_type))
        body = file.content
        if file.packed is not None and b"gzip" in headers.get(b"accept-encoding", b""):
            common.append((b"content-encoding", b"gzip"))
            body = file.packed
        common.append((b"content-length", str(len(body)).encode()))
        await _answer(send, 200, common, b"" if scope["method"] == "HEAD" else body)


def _is_others(path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in _OTHERS)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _read(folder: Path) -> Iterable[tuple[str, _File]]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith("."):
            media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            yield f"/{name}", _file(path.read_bytes(), media_type, kept=name.startswith("assets/"))


def _file(content: bytes, media_type: str, *, kept: bool) -> _File:
    packed = gzip.compress(content, 9, mtime=0) if len(content) >= _WORTH_PACKING else None
    is_text = media_type.startswith("text/") or media_type.endswith(("javascript", "json"))
    return _File(
        content=content,
        packed=packed if packed is not None and len(packed) < len(content) else None,
        media_type=f"{media_type}; charset=utf-8".encode() if is_text else media_type.encode(),
        caching=_FOR_EVER if kept else _ANEW,
        tag=b'"%b"' % hashlib.sha256(content).hexdigest()[:32].encode(),
    )
