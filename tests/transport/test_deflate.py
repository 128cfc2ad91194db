from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.transport import deflate
from forecourt.transport.deflate import (
    Agreement,
    Compression,
    InflatedTooLarge,
    InflationError,
    NegotiationError,
    codec,
)
from tests.transport.raw import deflated

DEFAULT = Compression()
KEEPING = Compression(keep_context=True)
NONE = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


@pytest.mark.parametrize(
    ("offers", "answer"),
    [
        (["permessage-deflate"], NONE),
        (["permessage-deflate; client_max_window_bits"], NONE),
        (["permessage-deflate; client_max_window_bits=8"], NONE),
        (["Permessage-Deflate ; client_no_context_takeover"], NONE),
        (["permessage-deflate; server_max_window_bits=10"], f"{NONE}; server_max_window_bits=10"),
        (['permessage-deflate; server_max_window_bits="15"'], f"{NONE}; server_max_window_bits=15"),
        (["x-webkit-deflate-frame", "permessage-deflate"], NONE),
        # zlib cannot deflate with a window of 256 bytes; the second offer is one that it can.
        (["permessage-deflate; server_max_window_bits=8", "permessage-deflate"], NONE),
    ],
)
def test_an_acceptable_offer_is_answered_without_context_on_either_side(offers: list[str], answer: str) -> None:
    negotiated = deflate.answer(offers, DEFAULT)
    assert negotiated is not None
    assert negotiated[0] == answer
    assert not negotiated[1].we_keep_context
    assert not negotiated[1].peer_keeps_context


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "permessage-bzip2",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=",
        "permessage-deflate; client_max_window_bits=99",
        "permessage-deflate; invented",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate client_no_context_takeover",
    ],
)
def test_an_offer_that_cannot_be_honoured_is_declined(offer: str) -> None:
    assert deflate.answer([offer], DEFAULT) is None


@pytest.mark.parametrize(
    ("offer", "we_keep", "peer_keeps"),
    [
        ("permessage-deflate", True, True),
        ("permessage-deflate; server_no_context_takeover", False, True),
        ("permessage-deflate; client_no_context_takeover", True, False),
    ],
)
def test_context_is_kept_only_where_wanted_and_where_the_client_agrees(
    offer: str, we_keep: bool, peer_keeps: bool
) -> None:
    negotiated = deflate.answer([offer], KEEPING)
    assert negotiated is not None
    assert negotiated[1].we_keep_context is we_keep
    assert negotiated[1].peer_keeps_context is peer_keeps
    assert ("server_no_context_takeover" in negotiated[0]) is not we_keep
    assert ("client_no_context_takeover" in negotiated[0]) is not peer_keeps


def test_a_client_offers_to_keep_no_context_unless_told_otherwise() -> None:
    assert deflate.offer(DEFAULT) == (
        "permessage-deflate; client_max_window_bits; client_no_context_takeover; server_no_context_takeover"
    )
    assert deflate.offer(KEEPING) == "permessage-deflate; client_max_window_bits"


@pytest.mark.parametrize(
    ("answers", "agreement"),
    [
        ([], None),
        ([NONE], Agreement()),
        (["permessage-deflate; server_no_context_takeover; client_max_window_bits=10"], Agreement(window_bits=10)),
        # A server that ignores our wish has its context kept for it.
        (["permessage-deflate"], Agreement(peer_keeps_context=True)),
    ],
)
def test_a_client_honours_the_answer(answers: list[str], agreement: Agreement | None) -> None:
    assert deflate.accept(answers, DEFAULT) == agreement


@pytest.mark.parametrize(
    "answers",
    [
        ["permessage-deflate", "permessage-deflate"],
        ["permessage-bzip2"],
        ["permessage-deflate; invented"],
        ["permessage-deflate; client_max_window_bits"],
        ["permessage-deflate; client_max_window_bits=8"],
        ["permessage-deflate; server_max_window_bits=20"],
    ],
)
def test_a_client_fails_on_an_answer_that_it_cannot_honour(answers: list[str]) -> None:
    with pytest.raises(NegotiationError):
        deflate.accept(answers, DEFAULT)


@given(
    messages=st.lists(st.binary(max_size=2000), max_size=5),
    window_bits=st.integers(9, 15),
    keep=st.booleans(),
)
def test_what_is_compressed_inflates_to_itself(messages: list[bytes], window_bits: int, keep: bool) -> None:
    ours = codec(Agreement(window_bits=window_bits, we_keep_context=keep))
    theirs = codec(Agreement(peer_keeps_context=keep))
    for message in messages:
        assert theirs.inflate(ours.compress(message), 2000) == message


def test_connections_without_context_share_one_codec_and_never_refer_to_each_others_messages() -> None:
    agreement = Agreement()
    shared = codec(agreement)
    assert codec(agreement) is shared
    secret = b"the quick brown fox " * 20
    shared.compress(secret)
    second = shared.compress(secret)
    # A reader without any memory can read it, so it refers to nothing that came before.
    assert zlib.decompressobj(-15).decompress(second + b"\x00\x00\xff\xff") == secret


def test_threads_do_not_share_a_compressor() -> None:
    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(codec, Agreement()).result() is not codec(Agreement())


def test_a_kept_context_makes_a_repeated_message_smaller() -> None:
    kept = codec(Agreement(we_keep_context=True))
    message = bytes(range(256)) * 2
    assert len(kept.compress(message)) > 10 * len(kept.compress(message))


def test_a_zip_bomb_stops_at_the_limit() -> None:
    bomb = deflated(b"0" * 50_000_000)
    assert len(bomb) < 50_000
    with pytest.raises(InflatedTooLarge):
        codec(Agreement()).inflate(bomb, 100_000)


def test_a_message_of_exactly_the_limit_passes() -> None:
    assert codec(Agreement()).inflate(deflated(b"x" * 1000), 1000) == b"x" * 1000


@pytest.mark.parametrize(
    "payload", [b"\xff\xff\xff", b"not deflated at all", deflated(b"x" * 500)[:-3] + b"\xff\xff\xff"]
)
def test_what_is_no_deflated_data_is_refused(payload: bytes) -> None:
    with pytest.raises(InflationError):
        codec(Agreement()).inflate(payload, 1000)


# The examples of RFC 7692, 7.2.3.


@pytest.mark.parametrize(
    "payload",
    [
        "f248cdc9c90700",  # one block
        "f2480500" + "0000ffff" + "cac9c90700",  # two blocks
        "00050" + "0faff" + "48656c6c6f" + "00",  # not compressed
        "f348cdc9c9070000",  # the final bit is set
    ],
)
@pytest.mark.parametrize("keep", [False, True])
def test_the_examples_of_the_specification_say_hello(payload: str, keep: bool) -> None:
    reader = codec(Agreement(peer_keeps_context=keep))
    assert reader.inflate(bytes.fromhex(payload), 100) == b"Hello"
    assert reader.inflate(bytes.fromhex("f248cdc9c90700"), 100) == b"Hello"


def test_the_second_hello_of_the_specification_needs_the_first() -> None:
    keeping = codec(Agreement(peer_keeps_context=True))
    assert keeping.inflate(bytes.fromhex("f248cdc9c90700"), 100) == b"Hello"
    assert keeping.inflate(bytes.fromhex("f200110000"), 100) == b"Hello"
    with pytest.raises(InflationError):
        codec(Agreement()).inflate(bytes.fromhex("f200110000"), 100)


def test_data_behind_a_final_block_is_refused() -> None:
    with pytest.raises(InflationError):
        codec(Agreement()).inflate(bytes.fromhex("f348cdc9c90700") + b"more", 100)


def test_an_empty_message_is_one_byte() -> None:
    ours = codec(Agreement())
    assert ours.compress(b"") == b"\x00"
    assert ours.inflate(b"\x00", 10) == b""
