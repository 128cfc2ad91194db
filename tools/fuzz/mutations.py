"""What a broken, foreign or hostile peer makes of a valid message: bytes to bytes, all choices taken from a Random."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Final, TypeAlias

Mutation: TypeAlias = Callable[[bytes, Random], bytes]

LARGEST_SIZE: Final = 300_000

TOKEN: Final = re.compile(
    rb'"(?:[^"\\]|\\.)*"'  # text of JSON, an attribute's value
    rb"|-?[0-9][0-9.eE+-]*"
    rb"|true|false|null"
    rb"|</?[A-Za-z_][^<>]*>"  # a tag
    rb"|[\[\]{}:,]"
    rb"|(?<=>)[^<>]+(?=<)"  # text of XML
)
NUMBER: Final = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
TEXT: Final = re.compile(rb'(?<=")[^"\\]*(?=")|(?<=>)[^<>]+(?=<)')

NUMBERS: Final = (
    b"0", b"-0", b"-1", b"1.0", b"1e0", b"0.1", b"1E+2", b"01", b"+1", b"1.", b".5", b"0x10",
    b"2147483648", b"-2147483649", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809",
    b"18446744073709551616", b"99999999999999999999999999999999999999", b"1e308", b"1e309", b"-1e400", b"1e999999",
    b"1e-999999", b"1e99999999999999999999", b"NaN", b"Infinity", b"-Infinity", b"0." + b"0" * 400 + b"1", b"9" * 5000,
)  # fmt: skip

TEXTS: Final = (
    b"", b" ", b"null", b"0", b"\\u0000", b"\x00", b"\\ud800", b"\\udfff\\ud800", b"\\uD83D\\uDE00", b"\\x", b"\\", b"\\u12",
    b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80", "\u202e\u200f\ufeff".encode(),
    "\uff41\u0301\ufdfd\U0001d573\u2167\u00df".encode(), b"\r\n\t", b"%00%0d%0a", b"]]>", b"&amp;", b"&#0;", b"&lol;", b"<!--", b"a" * 256, b"a" * 70_000,
    b"2026-11-20T12:00:60Z", b"2026-02-30T00:00:00Z", b"0000-01-01T00:00:00Z", b"10000-01-01T00:00:00Z",
    b"2026-11-20T12:00:00", b"2026-11-20T24:00:00Z", b"2026-11-20 12:00:00.1234567891+99:99", b"2026-11-20T12Z",
    b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00",
)  # fmt: skip

TOKENS: Final = (
    b"null", b"true", b"false", b"{}", b"[]", b'""', b"0", b"-1", b"[[]]", b'{"":null}', b'{"customData":{"vendorId":1}}',
    b"2", b"3", b"4", b"5", b"6", b"{", b"}", b"[", b"]", b",", b":", b'"', b"<a/>", b"</a>", b"<", b"<!DOCTYPE a>",
    b'<!DOCTYPE a [<!ENTITY b "c">]>&b;', b"<?b c?>", b"<![CDATA[", b'xmlns=""', b"<a xmlns:b='c' b:d='e'>",
)  # fmt: skip

NESTS: Final = ((b"[", b"]"), (b'{"a":', b"}"), (b"[{},[", b"]]"), (b"<a>", b"</a>"), (b'{"customData":', b"}"))


def mutate(data: bytes, other: bytes, random: Random) -> bytes:
    """`data` after one to four mutations, one of which may be to go on as `other`, another seed."""
    if random.random() < 0.1:
        data = splice(data, other, random)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        data = random.choice(MUTATIONS)(data, random)
    return data[:LARGEST_SIZE]


def splice(data: bytes, other: bytes, random: Random) -> bytes:
    """The beginning of one and the end of another."""
    return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def flip_bits(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randint(1, 4) if data else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def insert_bytes(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.randbytes(random.choice((1, 1, 2, 8, 40))) + data[at:]


def delete_slice(data: bytes, random: Random) -> bytes:
    start, end = _slice(data, random)
    return data[:start] + data[end:]


def duplicate_slice(data: bytes, random: Random) -> bytes:
    start, end = _slice(data, random)
    return data[:end] + data[start:end] * random.choice((1, 1, 1, 2, 10)) + data[end:]


def truncate(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def swap_tokens(data: bytes, random: Random) -> bytes:
    tokens = list(TOKEN.finditer(data))
    if len(tokens) < 2:
        return data
    one, two = sorted(random.sample(tokens, 2), key=lambda token: token.start())
    return data[: one.start()] + two[0] + data[one.end() : two.start()] + one[0] + data[two.end() :]


def replace_token(data: bytes, random: Random) -> bytes:
    return _replace(data, TOKEN, random.choice(TOKENS), random)


def replace_number(data: bytes, random: Random) -> bytes:
    return _replace(data, NUMBER, random.choice(NUMBERS), random)


def replace_text(data: bytes, random: Random) -> bytes:
    return _replace(data, TEXT, random.choice(TEXTS), random)


def insert_into_text(data: bytes, random: Random) -> bytes:
    texts = list(TEXT.finditer(data))
    if not texts:
        return data
    text = random.choice(texts)
    at = random.randint(text.start(), text.end())
    return data[:at] + random.choice(TEXTS) + data[at:]


def nest(data: bytes, random: Random) -> bytes:
    opening, closing = random.choice(NESTS)
    depth = random.choice((2, 20, 63, 64, 65, 200, 1500, 30_000 if random.random() < 0.1 else 5))
    closed = depth if random.random() < 0.8 else random.randint(0, depth)
    tokens = list(TOKEN.finditer(data))
    token = random.choice(tokens) if tokens else None
    inside = token[0] if token and random.random() < 0.7 else b""
    start, end = token.span() if token else (0, 0)
    return data[:start] + opening * depth + inside + closing * closed + data[end:]


MUTATIONS: Final[tuple[Mutation, ...]] = (
    flip_bits,
    insert_bytes,
    delete_slice,
    duplicate_slice,
    truncate,
    swap_tokens,
    replace_token,
    replace_token,
    replace_number,
    replace_number,
    replace_text,
    replace_text,
    insert_into_text,
    nest,
)


def _slice(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((1, 2, 5, 20, 100)))


def _replace(data: bytes, pattern: re.Pattern[bytes], replacement: bytes, random: Random) -> bytes:
    found = list(pattern.finditer(data))
    if not found:
        return data
    start, end = random.choice(found).span()
    return data[:start] + replacement + data[end:]
