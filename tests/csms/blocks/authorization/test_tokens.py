"""The life of tokens, and whose tokens an operator takes, against a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, inspect, text
from sqlalchemy.engine import Connection

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization import list_store, store, tokens
from forecourt.csms.blocks.authorization.model import KnownToken, Medium, TokenData, TokenKey
from forecourt.csms.blocks.authorization.tokens import Imported
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import API, connect
from forecourt.csms.store.scopes import SETTING
from forecourt.csms.store.work import Store
from forecourt.errors import Conflict, DomainError, Invalid, NotFound
from tests.csms.blocks.authorization.world import OPERATOR, PROVIDER, US, WAITING, happened, rows

CARD = TokenData(token=Token("04A1B2C3", "ISO14443"))
FULL_CARD = TokenData(
    token=Token("04A1B2C3", "ISO14443"),
    group="Fleet",
    visual_number="NL-AB1-0001",
    language="nl",
    second_language="en-GB",
    personal_message="Welkom",
    max_concurrent=None,
    concurrent_per_group=True,
    charging_priority=-3,
    cache_life_s=3600,
    places={"CS1": (1, 2), "CS2": None},
    evse_kinds=frozenset({"ac", "dc"}),
)


async def add(store: Store, data: TokenData = CARD, owner: OrganisationKey = US) -> KnownToken:
    async with store.work() as work:
        return await tokens.add(work, owner, data)


async def found(opened: Store, value: str = "04A1B2C3") -> list[KnownToken]:
    async with opened.database.engine.connect() as connection:
        return await store.find(connection, value.casefold(), US)


async def test_a_token_is_kept_as_it_was_given_and_announced(peopled: Store) -> None:
    now = peopled.clock.now()
    data = replace(FULL_CARD, valid_from=now, valid_until=now + timedelta(days=1))
    known = await add(peopled, data)
    assert await found(peopled) == [known]
    assert known.data == data
    (told,) = await happened(peopled, "TokenAdded")
    assert (told["organisationId"], told["tokenId"], told["facts"]["group"]) == (US, known.key, "Fleet")
    assert await rows(peopled, "SELECT organisation_id, revision FROM token_revision") == [(US, 1)]
    assert await rows(peopled, "SELECT kind FROM job") == [("local_list.look",)]


async def test_a_secret_value_is_in_no_event(peopled: Store) -> None:
    await add(peopled, TokenData(token=Token("471147", "KeyCode"), medium=Medium.CODE))
    (told,) = await happened(peopled, "TokenAdded")
    assert told["facts"]["value"] == "***"


@pytest.mark.parametrize(
    ("present", "new"),
    [
        (Token("A1", "ISO14443"), Token("a1", "iso14443")),
        (Token("A1"), Token("a1")),
        (Token("A1"), Token("A1", "ISO14443")),
        (Token("A1", "Local"), Token("A1")),
    ],
    ids=str,
)
@pytest.mark.parametrize("owner", [US, PROVIDER])
async def test_a_token_that_could_mean_another_one_is_refused(
    peopled: Store, present: Token, new: Token, owner: OrganisationKey
) -> None:
    await add(peopled, TokenData(token=present))
    with pytest.raises(Conflict) as refused:
        await add(peopled, TokenData(token=new), owner)
    assert refused.value.code == "token_exists"
    assert await rows(peopled, "SELECT count(*) FROM token") == [(1,)]
    assert len(await happened(peopled, "TokenAdded")) == 1


async def test_one_value_of_two_kinds_is_two_tokens(peopled: Store) -> None:
    for kind in ("ISO14443", "ISO15693"):
        await add(peopled, TokenData(token=Token("A1", kind)))
    assert len(await found(peopled, "a1")) == 2


async def test_of_two_that_add_the_same_name_at_once_one_is_refused(peopled: Store) -> None:
    outcomes: list[str] = []

    async def second() -> None:
        try:
            await add(peopled, TokenData(token=Token("A1", "ISO14443")), PROVIDER)
            outcomes.append("added")
        except Conflict:
            outcomes.append("refused")

    async with asyncio.TaskGroup() as group, peopled.work() as work:
        await tokens.add(work, US, TokenData(token=Token("A1")))
        group.create_task(second())
        while not outcomes and not await rows(peopled, WAITING):
            pass
    assert outcomes == ["refused"]


async def test_tokens_belong_to_an_organisation_that_provides_them(peopled: Store) -> None:
    with pytest.raises(Invalid, match="provides no tokens"):
        await add(peopled, CARD, OPERATOR)
    with pytest.raises(NotFound):
        await add(peopled, CARD, OrganisationKey(99))


async def test_a_group_belongs_to_one_provider(peopled: Store) -> None:
    await add(peopled, TokenData(token=Token("A1"), group="Fleet"))
    await add(peopled, TokenData(token=Token("A2"), group="fleet"))
    with pytest.raises(Conflict) as refused:
        await add(peopled, TokenData(token=Token("B1"), group="FLEET"), PROVIDER)
    assert refused.value.fields == {"groupId": "taken"}
    assert await rows(peopled, "SELECT value, organisation_id FROM token_group") == [("Fleet", US)]


async def test_the_database_keeps_a_token_out_of_somebody_elses_group(peopled: Store) -> None:
    await add(peopled, TokenData(token=Token("A1"), group="Fleet"))
    theirs = await add(peopled, TokenData(token=Token("B1")), PROVIDER)
    with pytest.raises(DomainError):
        async with peopled.work() as work:
            await tokens.change(work, theirs.key, TokenData(token=Token("B1"), group="Fleet"))
    with pytest.raises(Exception, match="token_group_id_fkey"):
        async with peopled.database.engine.begin() as connection:
            await connection.execute(text("UPDATE token SET group_id = 1 WHERE id = :id"), {"id": theirs.key})


async def test_a_token_is_changed_and_that_is_announced_once(peopled: Store) -> None:
    known = await add(peopled, FULL_CARD)
    data = replace(CARD, group="Other", max_concurrent=4)
    for _ in range(2):
        async with peopled.work() as work:
            assert (await tokens.change(work, known.key, data)).data == data
    assert (await found(peopled))[0].data == data
    (told,) = await happened(peopled, "TokenChanged")
    assert (told["facts"]["maxConcurrent"], told["facts"]["places"]) == (4, None)


@pytest.mark.parametrize("token", [Token("04A1B2C4", "ISO14443"), Token("04A1B2C3", "ISO15693"), Token("04A1B2C3")])
async def test_a_token_is_not_renamed(peopled: Store, token: Token) -> None:
    known = await add(peopled)
    with pytest.raises(Invalid) as refused:
        async with peopled.work() as work:
            await tokens.change(work, known.key, replace(CARD, token=token))
    assert refused.value.code == "token_renamed"


async def test_a_token_is_blocked_and_unblocked(peopled: Store) -> None:
    known = await add(peopled)
    for _ in range(2):
        async with peopled.work() as work:
            await tokens.block(work, known.key, "lost")
    assert [(one.blocked, one.block_reason) for one in await found(peopled)] == [(True, "lost")]
    for _ in range(2):
        async with peopled.work() as work:
            await tokens.unblock(work, known.key)
    assert [(one.blocked, one.block_reason) for one in await found(peopled)] == [(False, "")]
    assert [one["reason"] for one in await happened(peopled, "TokenBlocked")] == ["lost"]
    assert len(await happened(peopled, "TokenUnblocked")) == 1


async def test_a_removed_token_is_unknown_stays_on_record_and_frees_its_name(peopled: Store) -> None:
    known = await add(peopled)
    async with peopled.work() as work:
        await tokens.remove(work, known.key)
    assert await found(peopled) == []
    assert len(await happened(peopled, "TokenRemoved")) == 1
    again = await add(peopled)
    assert again.key != known.key
    assert await rows(peopled, "SELECT count(*), count(removed_at) FROM token") == [(2, 1)]


@pytest.mark.parametrize("verb", ["block", "unblock", "remove"])
async def test_what_is_not_there_is_not_found(peopled: Store, verb: str) -> None:
    act: Callable[..., Any] = getattr(tokens, verb)
    with pytest.raises(NotFound):
        async with peopled.work() as work:
            await act(work, TokenKey(99))


async def test_an_import_adds_changes_and_leaves_out_line_by_line(peopled: Store) -> None:
    await add(peopled, TokenData(token=Token("OLD", "ISO14443"), visual_number="1"))
    await add(peopled, TokenData(token=Token("SAME", "ISO14443"), group="Fleet"))
    await add(peopled, TokenData(token=Token("THEIRS", "ISO14443"), group="theirs"), PROVIDER)
    await add(peopled, TokenData(token=Token("LONE", "ISO14443")))
    blocked = await add(peopled, TokenData(token=Token("BAD", "ISO14443")))
    async with peopled.work() as work:
        await tokens.block(work, blocked.key)

    lines = [
        TokenData(token=Token("NEW", "ISO14443"), group="new group"),
        TokenData(token=Token("old", "iso14443"), visual_number="2"),
        TokenData(token=Token("same", "ISO14443"), group="fleet"),
        TokenData(token=Token("THEIRS", "ISO14443")),
        TokenData(token=Token("LONE")),
        TokenData(token=Token("")),
        TokenData(token=Token("new", "ISO14443")),
        TokenData(token=Token("NEW2", "ISO14443"), group="theirs"),
        TokenData(token=Token("NEW3", "ISO14443"), group="NEW GROUP"),
        TokenData(token=Token("BAD", "ISO14443"), visual_number="3"),
    ]
    async with peopled.work() as work:
        done = await tokens.import_many(work, US, lines)
    assert isinstance(done, Imported)
    assert (done.added, done.changed, done.unchanged) == (2, 2, 1)
    assert [(line.index, line.why.code) for line in done.refused] == [
        (3, "token_exists"),
        (4, "token_exists"),
        (5, "token_invalid"),
        (6, "token_twice"),
        (7, "token_group_taken"),
    ]
    assert [one["facts"]["value"] for one in (await happened(peopled, "TokenAdded"))[5:]] == ["NEW", "NEW3"]
    assert [one["facts"]["value"] for one in await happened(peopled, "TokenChanged")] == ["OLD", "BAD"]
    assert [one.blocked for one in await found(peopled, "bad")] == [True]
    assert [one.data.visual_number for one in await found(peopled, "old")] == ["2"]


async def test_an_import_of_thousands_is_one_unit(peopled: Store) -> None:
    lines = [TokenData(token=Token(f"{number:08X}", "ISO14443"), group="Fleet") for number in range(3000)]
    async with peopled.work() as work:
        assert (await tokens.import_many(work, US, lines)).added == 3000
    async with peopled.work() as work:
        assert (await tokens.import_many(work, US, lines)).unchanged == 3000
    assert await rows(peopled, "SELECT count(*), count(DISTINCT group_id) FROM token") == [(3000, 1)]
    assert (await found(peopled, "00000abc"))[0].data == lines[0xABC]


async def test_an_import_has_an_end(peopled: Store) -> None:
    with pytest.raises(Invalid, match="at most"):
        async with peopled.work() as work:
            await tokens.import_many(work, US, [CARD] * (tokens.MAX_IMPORT + 1))


async def test_an_operator_takes_the_tokens_of_a_provider_and_drops_them(peopled: Store) -> None:
    for listed in (True, False):
        async with peopled.work() as work:
            await tokens.accept_provider(work, OPERATOR, PROVIDER, listed=listed)
    assert await rows(peopled, "SELECT organisation_id, provider_id, listed FROM token_acceptance") == [
        (OPERATOR, PROVIDER, False)
    ]
    async with peopled.work() as work:
        await tokens.drop_provider(work, OPERATOR, PROVIDER)
    with pytest.raises(NotFound):
        async with peopled.work() as work:
            await tokens.drop_provider(work, OPERATOR, PROVIDER)
    assert [one["listed"] for one in await happened(peopled, "ProviderAccepted")] == [True, False]
    assert len(await happened(peopled, "ProviderDropped")) == 1
    for operator, provider in ((PROVIDER, US), (US, OPERATOR)):
        with pytest.raises(Invalid):
            async with peopled.work() as work:
                await tokens.accept_provider(work, operator, provider)


async def test_a_group_becomes_a_master_pass(peopled: Store) -> None:
    known = await add(peopled, TokenData(token=Token("A1"), group="Police"))
    async with peopled.work() as work:
        await tokens.set_master_pass(work, US, "police", True)
    assert [one.master_pass for one in await found(peopled, "a1")] == [True]
    assert [one.key for one in await found(peopled, "a1")] == [known.key]
    with pytest.raises(Conflict):
        async with peopled.work() as work:
            await tokens.set_master_pass(work, PROVIDER, "police", True)
    async with peopled.work() as work:
        await tokens.set_master_pass(work, US, "guards", True)
    assert len(await rows(peopled, "SELECT 1 FROM token_group WHERE master_pass")) == 2


TABLES = [
    "token",
    "token_group",
    "token_acceptance",
    "token_revision",
    "local_list_policy",
    "local_list",
    "local_list_entry",
]


async def test_the_API_sees_rows_of_its_scope_only(peopled: Store, server: EmbeddedPostgres) -> None:
    await add(peopled, TokenData(token=Token("A1"), group="Fleet"))
    await add(peopled, TokenData(token=Token("B1"), group="theirs"), PROVIDER)
    seen: dict[str, list[int]] = {}
    as_api = connect(server.url(API, "tests"))
    try:
        for scope in ("", "2", "1,2", "*"):
            async with as_api.engine.begin() as connection:
                setting = {"name": SETTING, "scope": scope}
                await connection.execute(text("SELECT set_config(:name, :scope, true)"), setting)
                counts = [await connection.execute(text(f"SELECT count(*) FROM {table}")) for table in TABLES]
                seen[scope] = [count.scalar_one() for count in counts][:2]
    finally:
        await as_api.close()
    assert seen == {"": [0, 0], "2": [1, 1], "1,2": [2, 2], "*": [2, 2]}


async def test_the_migration_builds_what_is_declared(peopled: Store) -> None:
    declared: list[Table] = [store.token, store.token_group, store.token_acceptance]
    declared += [
        list_store.token_revision,
        list_store.local_list_policy,
        list_store.local_list,
        list_store.local_list_entry,
    ]

    def compare(connection: Connection) -> None:
        built = inspect(connection)
        for table in declared:
            columns = {one["name"]: one for one in built.get_columns(table.name)}
            assert list(columns) == [column.name for column in table.columns]
            for column in table.columns:
                assert columns[column.name]["nullable"] is bool(column.nullable), column
                types = (columns[column.name]["type"], column.type)
                assert len({kind.compile(connection.dialect) for kind in types}) == 1, column
            names = {one["name"] for one in built.get_indexes(table.name) if "duplicates_constraint" not in one}
            assert names == {index.name for index in table.indexes}
            constraints = {one["name"] for one in built.get_check_constraints(table.name)}
            constraints |= {one["name"] for one in built.get_unique_constraints(table.name)}
            constraints |= {one["name"] for one in built.get_foreign_keys(table.name)}
            constraints.add(built.get_pk_constraint(table.name)["name"])
            compiled = {connection.dialect.identifier_preparer.format_constraint(one) for one in table.constraints}
            assert constraints == compiled

    async with peopled.database.engine.connect() as connection:
        await connection.run_sync(compare)
