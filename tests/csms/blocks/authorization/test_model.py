"""Which record a token means, how long a station may rely on a verdict, what kind of current an EVSE gives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.charging.ids import ConnectorId, EvseId, StationId
from forecourt.charging.judging import Because, Concurrency, Judgement
from forecourt.charging.tokens import Token, TokenKind, Verdict
from forecourt.charging.topology import Connector, Evse, Topology
from forecourt.csms.blocks.authorization.model import (
    Judged,
    KnownToken,
    Reason,
    TokenData,
    TokenKey,
    best_match,
    kinds_of_evses,
    relied_on_until,
)
from tests.csms.blocks.authorization.world import NOW, PROVIDER, US

HOUR = timedelta(hours=1)
ACCEPTED = Judgement(verdict=Verdict.ACCEPTED, because=Because.NOTHING_AGAINST_IT)


def known(kind: str = "", key: int = 1, *, value: str = "ABC", accepted_here: bool = True) -> KnownToken:
    data = TokenData(token=Token(value, kind))
    provider = US if accepted_here else PROVIDER
    return KnownToken(key=TokenKey(key), provider=provider, data=data, accepted_here=accepted_here)


UNTYPED, CARD, VICINITY = known("", 1), known("ISO14443", 2), known("ISO15693", 3)
CONTRACT, FOREIGN = known("eMAID", 4), known("ISO14443", 5, accepted_here=False)


@pytest.mark.parametrize(
    ("presented", "candidates", "meant"),
    [
        (Token("abc"), [CONTRACT, CARD, UNTYPED], UNTYPED),
        (Token("abc"), [CONTRACT, VICINITY, CARD], CARD),
        (Token("abc"), [CONTRACT, VICINITY], VICINITY),
        (Token("abc"), [CONTRACT], CONTRACT),
        (Token("abc"), [FOREIGN, CONTRACT], CONTRACT),
        (Token("abc"), [FOREIGN], FOREIGN),
        (Token("abc", "iso14443"), [UNTYPED, CARD], CARD),
        (Token("abc", "ISO14443"), [UNTYPED, VICINITY], UNTYPED),
        (Token("abc", "ISO14443"), [VICINITY, CONTRACT], None),
        (Token("abcd"), [UNTYPED, CARD], None),
        (Token("abc"), [], None),
    ],
    ids=str,
)
def test_C01_FR_25_a_token_means_one_of_the_same_value_and_kind(
    presented: Token, candidates: list[KnownToken], meant: KnownToken | None
) -> None:
    assert best_match(presented, candidates) is meant
    assert best_match(presented, reversed(candidates)) is meant


def test_every_reason_of_the_rule_has_a_word() -> None:
    assert [Reason.of(because).value for because in Because] == [because.name.lower() for because in Because]


def test_a_record_asks_the_rule_for_what_was_written_down() -> None:
    data = TokenData(
        token=Token("ABC", "ISO14443"),
        group="fleet",
        max_concurrent=2,
        concurrent_per_group=True,
        places={"CS1": (1, 2), "CS2": None},
        evse_kinds=frozenset({"dc"}),
        valid_until=NOW,
    )
    record = KnownToken(key=TokenKey(7), provider=US, data=data, blocked=True).record
    assert record.group == Token("fleet", TokenKind.CENTRAL)  # C09.FR.13
    assert record.concurrency is Concurrency.ONE_PER_GROUP
    assert record.stations == {StationId("CS1"): {EvseId(1), EvseId(2)}, StationId("CS2"): None}
    assert (record.blocked, record.valid_to, record.evse_kinds) == (True, NOW, frozenset({"dc"}))


@pytest.mark.parametrize(
    ("most", "per_group", "concurrency"),
    [
        (None, False, Concurrency.UNLIMITED),
        (None, True, Concurrency.UNLIMITED),
        (1, False, Concurrency.ONE_PER_TOKEN),
        (3, False, Concurrency.ONE_PER_TOKEN),
        (1, True, Concurrency.ONE_PER_GROUP),
    ],
)
def test_how_many_at_once_is_counted_per_token_or_per_group(
    most: int | None, per_group: bool, concurrency: Concurrency
) -> None:
    data = TokenData(token=Token("A"), max_concurrent=most, concurrent_per_group=per_group)
    assert KnownToken(key=TokenKey(1), provider=US, data=data).record.concurrency is concurrency


def living(cache_life_s: int | None, until: timedelta | None) -> KnownToken:
    valid_until = None if until is None else NOW + until
    data = TokenData(token=Token("A"), cache_life_s=cache_life_s, valid_until=valid_until)
    return KnownToken(key=TokenKey(1), provider=US, data=data)


REFUSED = Judgement(verdict=Verdict.BLOCKED, because=Because.BLOCKED)
EARLY = Judgement(verdict=Verdict.NOT_AT_THIS_TIME, because=Because.NOT_YET_VALID, moment=NOW + HOUR)
PREPAID = Judgement(verdict=Verdict.ACCEPTED, because=Because.NOTHING_AGAINST_IT, keep_out_of_cache=True)


@pytest.mark.parametrize(
    ("judgement", "token", "until"),
    [
        (ACCEPTED, living(None, None), None),
        (ACCEPTED, living(None, HOUR), HOUR),
        (ACCEPTED, living(60, HOUR), timedelta(seconds=60)),
        (ACCEPTED, living(7200, HOUR), HOUR),
        (ACCEPTED, living(60, None), timedelta(seconds=60)),
        (ACCEPTED, None, None),
        (REFUSED, living(60, HOUR), None),
        (EARLY, living(60, HOUR), HOUR),
        (PREPAID, living(None, HOUR), timedelta()),
    ],
)
def test_C17_a_station_relies_on_a_verdict_no_longer_than_it_holds(
    judgement: Judgement, token: KnownToken | None, until: timedelta | None
) -> None:
    assert relied_on_until(judgement, token, NOW) == (None if until is None else NOW + until)


def test_C01_FR_22_a_refusal_names_no_EVSEs() -> None:
    refused = Judgement(
        verdict=Verdict.NOT_AT_THIS_LOCATION, because=Because.NOT_AT_THIS_EVSE, evse_ids=frozenset({EvseId(1)})
    )
    assert Judged(token=Token("A"), judgement=refused, reason=Reason.NOT_AT_THIS_EVSE).evse_ids == ()


@pytest.mark.parametrize(
    ("connectors", "kind"),
    [
        (("cCCS2",), "dc"),
        (("cCCS2", "cG105"), "dc"),
        (("sType2",), "ac"),
        (("cType2", "s309-3P-32A"), "ac"),
        (("cCCS2", "cType2"), ""),
        ((None,), ""),
        (("cCCS2", None), ""),
        (("cNACS",), ""),
    ],
)
def test_the_connectors_of_an_EVSE_tell_its_current(connectors: tuple[str | None, ...], kind: str) -> None:
    numbered = tuple(Connector(ConnectorId(number), one) for number, one in enumerate(connectors, 1))
    assert kinds_of_evses(Topology((Evse(EvseId(1), numbered),))) == {1: kind}


def test_without_a_topology_there_are_no_kinds() -> None:
    assert kinds_of_evses(None) == {}
