"""The dashboard's pages as a browser gets them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import httpx2
import pytest

from forecourt.csms.config import Dashboard as Settings
from forecourt.csms.dashboard.serving import Dashboard

SCRIPT = b"export const words = 'many';\n" * 100


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """What a build leaves."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Forecourt</title>")
    (tmp_path / "assets/index-AbCd.js").write_bytes(SCRIPT)
    (tmp_path / ".made-of").write_text("secret")
    return tmp_path


async def api(scope: Any, receive: Any, send: Any) -> None:
    """What is behind the pages."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def client(pages: Path, **settings: Any) -> httpx2.AsyncClient:
    pages_first: Any = Dashboard(api, Settings(**settings), pages)
    transport = httpx2.ASGITransport(pages_first)
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost")


@pytest.mark.parametrize("path", ["/", "/stations", "/stations/12/log", "/apiary", "/.made-of", "/../config.py"])
async def test_every_address_of_a_person_is_the_dashboard(pages: Path, path: str) -> None:
    async with client(pages) as browser:
        answer = await browser.get(path)
    assert (answer.status_code, answer.text) == (200, "<!doctype html><title>Forecourt</title>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    # A browser that kept it would go on asking for files of the version before.
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/api/v1/stations", "/api", "/healthz", "/readyz", "/metrics"])
async def test_what_is_for_programs_goes_on_to_the_api(pages: Path, path: str) -> None:
    async with client(pages) as browser:
        answer = await browser.get(path)
    assert (answer.status_code, answer.text) == (418, path)


async def test_a_change_is_never_answered_with_a_page(pages: Path) -> None:
    async with client(pages) as browser:
        assert (await browser.post("/stations")).status_code == 418


async def test_files_with_a_digest_in_their_name_are_kept_for_ever_and_sent_packed(pages: Path) -> None:
    async with client(pages) as browser:
        packed = await browser.get("/assets/index-AbCd.js", headers={"accept-encoding": "gzip"})
        plain = await browser.get("/assets/index-AbCd.js", headers={"accept-encoding": "identity"})
        head = await browser.head("/assets/index-AbCd.js", headers={"accept-encoding": "gzip"})
        again = await browser.get("/assets/index-AbCd.js", headers={"if-none-match": packed.headers["etag"]})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT, 9, mtime=0)) < len(SCRIPT) / 10
    assert packed.content == plain.content == SCRIPT
    assert "immutable" in packed.headers["cache-control"]
    assert (head.content, head.headers["content-length"]) == (b"", packed.headers["content-length"])
    assert (again.status_code, again.content) == (304, b"")


async def test_a_file_of_an_older_version_is_not_answered_with_a_page(pages: Path) -> None:
    async with client(pages) as browser:
        assert (await browser.get("/assets/index-Old1.js")).status_code == 404


async def test_pages_may_load_nothing_from_elsewhere(pages: Path) -> None:
    async with client(pages) as browser:
        policy = (await browser.get("/")).headers["content-security-policy"]
    assert "http" not in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy


async def test_tiles_of_the_map_may_come_from_where_the_settings_say(pages: Path) -> None:
    tiles = "https://{s}.tiles.example.org/{z}/{x}/{y}.png"
    async with client(pages, tiles_url=tiles, tiles_attribution="the surveyors") as browser:
        policy = (await browser.get("/")).headers["content-security-policy"]
        told = (await browser.get("/dashboard.json")).json()
    assert "img-src 'self' data: blob: https://*.tiles.example.org;" in policy
    assert (told["tilesUrl"], told["tilesAttribution"]) == (tiles, "the surveyors")


async def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    async with client(tmp_path / "pages") as browser:
        answer = await browser.get("/")
    assert "make run" in answer.text
    assert "/api/docs" in answer.text
