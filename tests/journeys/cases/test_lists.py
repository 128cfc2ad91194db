"""Certification cases of 1.6 and 2.0.1 about local lists: sent whole, in part, emptied, and asked about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization import list_jobs, list_policy, tokens
from forecourt.csms.blocks.authorization.list_model import ListMode
from forecourt.csms.blocks.authorization.model import GetLocalListVersion, ListUpdate, SendLocalList, TokenKey
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.ocpp.versions import V16, Version
from tests.journeys.cases.conftest import serving
from tests.journeys.cases.tool import ACCEPTED, REFUSED, Tool, connected, hand_out, shown
from tests.journeys.cases.tool2 import in_both_versions
from tests.journeys.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGREED = {"status": "Accepted"}
NEVER = timedelta(days=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A management system that sends lists when it is told to, and not by itself; with a token for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(list_jobs, "_SETTLING", NEVER)
        patch.setattr(list_jobs, "_LOOK_EVERY", NEVER)
        patch.setattr(list_policy, "begin", lambda work: None)
        async with serving(server, tmp_path_factory.mktemp("csms")) as running:
            await running.until("SELECT run_at > now() FROM job WHERE kind = 'local_list.look'", [(True,)])
            await hand_out(running)
            yield running


def entries(tool: Tool, question: dict[str, Any]) -> list[tuple[Any, str | None]]:
    """The tokens of a list as the station got them, each with its verdict; None removes it."""
    key, info = ("id_tag", "id_tag_info") if tool.version is V16 else ("id_token", "id_token_info")
    listed = question["local_authorization_list"]
    return [(one[key], one[info]["status"] if info in one else None) for one in listed]


def said(tool: Tool, token: Token) -> Any:
    """A token as the station's version names it."""
    return token.value if tool.version is V16 else shown(token)


def version_of(tool: Tool, question: dict[str, Any]) -> int:
    return int(question["list_version" if tool.version is V16 else "version_number"])


def holds(tool: Tool, version: int) -> None:
    """From now on the station says that it has that version."""
    name = "list_version" if tool.version is V16 else "version_number"
    tool.answers["GetLocalListVersion"] = {name: version}


async def whole(tool: Tool) -> int:
    """The whole list is sent and taken. Returns its version."""
    tool.answers["SendLocalList"] = AGREED
    asked = await tool.ordered(SendLocalList(ListUpdate.FULL), "SendLocalList")
    assert (asked.status, asked.word) == (ACCEPTED, "Accepted")
    assert asked.question["update_type"] == "Full"
    version = version_of(tool, asked.question)
    assert version > 0
    listed = entries(tool, asked.question)
    assert listed
    assert {verdict for _, verdict in listed} == {"Accepted"}
    return version


async def difference(tool: Tool, before: int) -> list[tuple[Any, str | None]]:
    """The station, which has version `before`, gets what has changed since."""
    holds(tool, before)
    asked = await tool.ordered(SendLocalList(ListUpdate.DIFFERENTIAL), "SendLocalList")
    assert (asked.status, asked.word) == (ACCEPTED, "Accepted")
    assert asked.question["update_type"] == "Differential"
    assert version_of(tool, asked.question) > before
    return entries(tool, asked.question)


async def version_asked(tool: Tool, version: int) -> None:
    """The operator asks for the version and is shown it."""
    holds(tool, version)
    assert await tool.ordered(GetLocalListVersion(), "GetLocalListVersion") == ({}, ACCEPTED, "Accepted")
    shown_to_operator = (
        "SELECT (result->>'version')::int FROM command WHERE station_id = :key AND kind = 'GetLocalListVersion'"
    )
    assert await tool.site.rows(shown_to_operator, key=tool.known.key) == [(version,)]


@pytest.mark.parametrize("version", [pytest.param(-1, id="TC_042_1_CSMS"), pytest.param(0, id="TC_042_2_CSMS")])
async def test_TC_042_1_CSMS_TC_042_2_CSMS_the_version_where_there_is_no_list_or_an_empty_one(
    site: Site, version: int
) -> None:
    async with connected(site, V16, {}) as tool:
        await version_asked(tool, version)


@pytest.mark.parametrize(
    "word", [pytest.param("NotSupported", id="TC_043_1_CSMS"), pytest.param("Failed", id="TC_043_3_CSMS")]
)
async def test_TC_043_1_CSMS_TC_043_3_CSMS_a_list_is_not_taken(site: Site, word: str) -> None:
    async with connected(site, V16, {"SendLocalList": {"status": word}}) as tool:
        asked = await tool.ordered(SendLocalList(ListUpdate.FULL), "SendLocalList")
        assert (asked.question["update_type"], asked.status, asked.word) == ("Full", REFUSED, word)


async def test_TC_043_4_CSMS_a_whole_list_is_sent(site: Site) -> None:
    async with connected(site, V16, {}) as tool:
        await whole(tool)


async def test_TC_043_5_CSMS_differences_are_sent(site: Site) -> None:
    async with connected(site, V16, {}) as tool:
        before = await whole(tool)
        added = await hand_out(site)
        assert await difference(tool, before) == [(added.value, "Accepted")]


@in_both_versions
async def test_TC_D_01_CSMS_a_whole_list_is_sent(site: Site, version: Version) -> None:
    async with connected(site, version, {}) as tool:
        await whole(tool)


@in_both_versions
async def test_TC_D_02_CSMS_entries_are_added(site: Site, version: Version) -> None:
    async with connected(site, version, {}) as tool:
        before = await whole(tool)
        added = await hand_out(site)
        assert await difference(tool, before) == [(said(tool, added), "Accepted")]


@in_both_versions
async def test_TC_D_03_CSMS_entries_are_removed(site: Site, version: Version) -> None:
    gone = await hand_out(site)
    async with connected(site, version, {}) as tool:
        before = await whole(tool)
        ((key,),) = await site.rows("SELECT id FROM token WHERE value = :value", value=gone.value)
        async with site.csms.store.work() as work:
            await tokens.remove(work, TokenKey(key))
        assert await difference(tool, before) == [(said(tool, gone), None)]


@in_both_versions
async def test_TC_D_04_CSMS_the_list_is_emptied(site: Site, version: Version) -> None:
    async with connected(site, version, {"SendLocalList": AGREED}) as tool:
        async with site.csms.store.work() as work:
            await list_policy.set_mode(work, tool.known, ListMode.EMPTY)
        asked = await tool.ordered(SendLocalList(ListUpdate.FULL), "SendLocalList")
        assert asked.question.pop("version_number") > 0
        # An empty list is left out.
        assert asked == ({"update_type": "Full"}, ACCEPTED, "Accepted")


@in_both_versions
async def test_TC_D_08_CSMS_the_version(site: Site, version: Version) -> None:
    async with connected(site, version, {}) as tool:
        await version_asked(tool, 7)


@in_both_versions
async def test_TC_D_09_CSMS_the_version_where_there_is_no_list(site: Site, version: Version) -> None:
    async with connected(site, version, {}) as tool:
        await version_asked(tool, 0)
