"""What is on a list and in which messages it is said. The oracle is the list of a station, as `charging` keeps one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.ids import EvseId, StationId
from forecourt.charging.local_authorization import Entry, LocalList, TokenInfo, UpdateStatus
from forecourt.charging.tokens import Token, TokenKind, Verdict
from forecourt.csms.blocks.authorization.list_model import (
    Held,
    Listed,
    ListPolicy,
    Part,
    Room,
    belongs,
    content_hash,
    fitting,
    listed_of,
    next_change,
    parts,
)
from forecourt.csms.blocks.authorization.model import KnownToken, ListUpdate, Medium, TokenData, TokenKey
from tests.csms.blocks.authorization.world import NOW, US

HOUR = timedelta(hours=1)
HERE = StationId("CS1")
AS_NEEDED, FULL, DIFFERENTIAL = ListUpdate.AS_NEEDED, ListUpdate.FULL, ListUpdate.DIFFERENTIAL


def listed(key: int, value: str = "", verdict: Verdict = Verdict.ACCEPTED) -> Listed:
    return Listed(key=TokenKey(key), entry=Entry(Token(value or f"T{key}"), TokenInfo(verdict=verdict)))


def held_of(*entries: Listed) -> dict[TokenKey, Held]:
    return {one.key: Held(one.entry.token, one.digest) for one in entries}


def size_of(one: Listed) -> int:
    return 10


def planned(
    held: Mapping[TokenKey, Held] | None,
    wanted: list[Listed],
    *,
    update: ListUpdate = AS_NEEDED,
    above: int = 0,
    room: Room | None = None,
) -> tuple[Part, ...]:
    return parts(held, wanted, update=update, above=above, room=room or Room(), size_of=size_of)


def taken(present: LocalList, messages: tuple[Part, ...]) -> LocalList:
    """What a station has after these messages, each of which it must take."""
    for part in messages:
        change = present.replaced if part.full else present.changed
        present, status = change(part.version, [one.entry for one in part.changes])
        assert status is UpdateStatus.ACCEPTED
    return present


def entries_of(present: LocalList) -> dict[str, Verdict | None]:
    return {key: verdict_of(entries[0]) for key, entries in present.entries.items()}


def verdict_of(entry: Entry) -> Verdict | None:
    return None if entry.info is None else entry.info.verdict


ONE, TWO, THREE = listed(1), listed(2), listed(3)


def test_D01_FR_15_what_nobody_knows_is_replaced() -> None:
    assert planned(None, [ONE, TWO], above=57) == (Part(full=True, version=58, changes=(ONE, TWO)),)


def test_what_is_right_is_left_alone() -> None:
    assert planned(held_of(ONE, TWO), [ONE, TWO], above=57) == ()


def test_D01_FR_16_17_the_differences_are_removed_added_and_changed() -> None:
    changed = listed(2, verdict=Verdict.BLOCKED)
    (part,) = planned(held_of(ONE, TWO), [changed, THREE], above=57)
    assert (part.full, part.version) == (False, 58)
    assert [(one.key, verdict_of(one.entry)) for one in part.changes] == [
        (1, None),
        (2, Verdict.BLOCKED),
        (3, Verdict.ACCEPTED),
    ]


def test_D01_FR_04_a_list_that_becomes_empty_is_replaced_by_an_empty_one() -> None:
    assert planned(held_of(ONE, TWO), [], above=57) == (Part(full=True, version=58, changes=()),)
    assert planned(None, [], above=0) == (Part(full=True, version=1, changes=()),)
    assert planned({}, []) == ()


def test_a_token_that_takes_the_name_of_another_is_not_removed_again() -> None:
    heir = listed(9, value="t1")
    (part,) = planned(held_of(ONE), [heir], above=1)
    assert part.changes == (heir,)


def test_what_a_version_has_no_word_for_cannot_be_removed() -> None:
    assert planned({TokenKey(1): Held(None, 5), **held_of(TWO)}, [TWO], above=1) == ()


@pytest.mark.parametrize("version", [2**31 - 1, 2**31 - 50_000])
def test_version_numbers_start_over_before_they_leave_32_bits(version: int) -> None:
    assert planned(held_of(ONE), [ONE, TWO], above=version) == (Part(full=True, version=1, changes=(ONE, TWO)),)


def test_an_update_that_was_asked_for_is_sent_though_nothing_is_new() -> None:
    assert planned(held_of(ONE), [ONE], update=DIFFERENTIAL, above=4) == (Part(False, 5, (ONE,)),)
    assert planned(None, [ONE], update=DIFFERENTIAL, above=4) == (Part(False, 5, (ONE,)),)
    assert planned(None, [], update=DIFFERENTIAL, above=4) == (Part(False, 5, ()),)
    assert planned(held_of(ONE), [ONE], update=FULL, above=4) == (Part(True, 5, (ONE,)),)


def test_D01_FR_11_a_message_has_no_more_entries_than_the_station_takes() -> None:
    wanted = [listed(key) for key in range(1, 6)]
    messages = planned(None, wanted, room=Room(items_per_message=2))
    assert [(part.full, part.version, len(part.changes)) for part in messages] == [
        (True, 1, 2),
        (False, 2, 2),
        (False, 3, 1),
    ]


def test_D01_FR_11_a_message_has_no_more_bytes_than_the_station_takes() -> None:
    wanted = [listed(key) for key in range(1, 6)]
    messages = planned(None, wanted, room=Room(bytes_per_message=160 + 30))
    assert [len(part.changes) for part in messages] == [3, 2]


def test_a_station_that_said_nothing_is_not_given_everything_at_once() -> None:
    messages = planned(None, [listed(key) for key in range(1, 200)])
    assert [len(part.changes) for part in messages] == [50, 50, 50, 49]


lists = st.dictionaries(st.integers(1, 12), st.sampled_from([Verdict.ACCEPTED, Verdict.BLOCKED]), max_size=10)


@given(before=lists, after=lists, items=st.integers(1, 4), update=st.sampled_from(ListUpdate), known=st.booleans())
def test_whatever_a_station_has_the_messages_give_it_what_it_should_have(
    before: dict[int, Verdict], after: dict[int, Verdict], items: int, update: ListUpdate, known: bool
) -> None:
    # Keys 11 and 12 are two tokens with one value, as when one is removed and added again.
    was, wanted = (
        fitting(
            [listed(key, value="same" if key > 10 else "", verdict=one) for key, one in content.items()],
            Room(),
            size_of,
        )
        for content in (before, after)
    )
    present = taken(LocalList(), planned(None, was, above=3))
    room = Room(items_per_message=items)
    messages = planned(held_of(*was) if known else None, wanted, update=update, above=present.version, room=room)
    present = taken(present, messages)
    expected = {one.entry.token.key: verdict_of(one.entry) for one in wanted}
    if known or update is not DIFFERENTIAL:
        assert entries_of(present) == expected
    else:
        # Asked to send differences to what nobody knows, all is added; what should not be there stays.
        assert expected.items() <= entries_of(present).items()
    assert all(len(part.changes) <= items for part in messages)


def test_D01_FR_06_no_token_is_on_a_list_twice() -> None:
    assert fitting([ONE, listed(9, value="t1"), TWO], Room(), size_of) == [ONE, TWO]


def test_a_list_ends_where_the_station_has_no_room() -> None:
    assert fitting([ONE, TWO, THREE], Room(entries=2), size_of) == [ONE, TWO]
    assert fitting([ONE, TWO, THREE], Room(entries=0), size_of) == []
    assert fitting([ONE, ONE, TWO, THREE], Room(storage_bytes=2 * size_of(ONE)), size_of) == [ONE, TWO]
    assert fitting([ONE, TWO], Room(storage_bytes=size_of(ONE) - 1), size_of) == []


def test_an_entry_larger_than_a_message_is_left_out() -> None:
    def long_two(one: Listed) -> int:
        return 100 if one is TWO else 10

    assert fitting([ONE, TWO, THREE], Room(bytes_per_message=250), long_two) == [ONE, THREE]


def test_lists_that_say_the_same_have_one_hash() -> None:
    digests = {one.key: one.digest for one in (ONE, TWO)}
    assert content_hash(digests) == content_hash(dict(reversed(digests.items())))
    assert content_hash(digests) != content_hash({ONE.key: ONE.digest})
    assert content_hash(digests) != content_hash({ONE.key: TWO.digest, TWO.key: ONE.digest})


INFO = TokenInfo(verdict=Verdict.ACCEPTED)
ENTRY = Listed(key=TokenKey(1), entry=Entry(Token("A", "ISO14443"), INFO))


@pytest.mark.parametrize(
    "other",
    [
        replace(ENTRY, entry=Entry(Token("B", "ISO14443"), INFO)),
        replace(ENTRY, entry=Entry(Token("A", "ISO15693"), INFO)),
        replace(ENTRY, entry=Entry(Token("A", "ISO14443"), replace(INFO, verdict=Verdict.BLOCKED))),
        replace(ENTRY, entry=Entry(Token("A", "ISO14443"), replace(INFO, expires_at=NOW))),
        replace(ENTRY, entry=Entry(Token("A", "ISO14443"), replace(INFO, group=Token("G")))),
        replace(ENTRY, entry=Entry(Token("A", "ISO14443"), replace(INFO, evse_ids=frozenset({EvseId(1)})))),
        replace(ENTRY, entry=Entry(Token("A", "ISO14443"), replace(INFO, priority=1))),
        replace(ENTRY, language="en"),
        replace(ENTRY, second_language="en"),
        replace(ENTRY, personal_message="hello"),
    ],
    ids=repr,
)
def test_whatever_changes_in_an_entry_changes_its_digest(other: Listed) -> None:
    assert other.digest != ENTRY.digest
    assert replace(ENTRY, key=TokenKey(2)).digest == ENTRY.digest


def known(**changes: object) -> KnownToken:
    data = TokenData(token=Token("A", "ISO14443"), group="fleet", charging_priority=3)
    fields = {name: changes.pop(name) for name in list(changes) if name in TokenData.__slots__}
    return replace(
        KnownToken(key=TokenKey(1), provider=US, data=replace(data, **fields)),  # type: ignore[arg-type]
        **changes,  # type: ignore[arg-type]
    )


def said_of(token: KnownToken, *, says_evses: bool = True) -> Listed | None:
    evses = {EvseId(1): "ac", EvseId(2): "dc"}
    name = token.data.token
    return listed_of(token, name, says_evses=says_evses, station_id=HERE, evses=evses, now=NOW)


def test_a_list_says_of_a_token_what_its_station_would_be_told() -> None:
    said = said_of(known(valid_until=NOW + HOUR, language="en"))
    assert said is not None
    assert said.entry.info == TokenInfo(
        verdict=Verdict.ACCEPTED, expires_at=NOW + HOUR, group=Token("fleet", TokenKind.CENTRAL), priority=3
    )
    assert said.language == "en"


@pytest.mark.parametrize(
    ("token", "verdict"),
    [
        (known(blocked=True), Verdict.BLOCKED),
        (known(valid_until=NOW), Verdict.EXPIRED),
        (known(valid_from=NOW + HOUR), Verdict.NOT_AT_THIS_TIME),
        (known(places={"CS2": None}), Verdict.NOT_AT_THIS_LOCATION),
        (known(master_pass=True), Verdict.ACCEPTED),
    ],
    ids=["blocked", "expired", "too early", "elsewhere", "master pass"],
)
def test_a_list_gives_the_same_verdict_as_an_answer(token: KnownToken, verdict: Verdict) -> None:
    said = said_of(token)
    assert said is not None
    assert said.entry.info is not None
    assert (said.entry.info.verdict, said.entry.info.expires_at) == (verdict, None)


def test_a_token_for_some_EVSEs_is_on_a_list_only_where_that_can_be_said() -> None:
    token = known(evse_kinds=frozenset({"dc"}))
    said = said_of(token)
    assert said is not None
    assert said.entry.info is not None
    assert said.entry.info.evse_ids == {2}
    assert said_of(token, says_evses=False) is None


def test_a_policy_says_what_may_be_on_a_list_and_a_code_never_is() -> None:
    code = known(token=Token("4711", "KeyCode"), medium=Medium.CODE)
    app = known(token=Token("X", "Central"), medium=Medium.APP)
    everything = ListPolicy(media=frozenset(Medium))
    assert [belongs(token, ListPolicy()) for token in (known(), app, code)] == [True, False, False]
    assert [belongs(token, everything) for token in (known(), app, code)] == [True, True, False]


def test_the_next_change_is_the_first_that_is_still_to_come() -> None:
    tokens = [known(valid_from=NOW - HOUR, valid_until=NOW + 2 * HOUR), known(valid_from=NOW + HOUR), known()]
    assert next_change(tokens, NOW) == NOW + HOUR
    assert next_change([known(), known(valid_until=NOW)], NOW) is None
