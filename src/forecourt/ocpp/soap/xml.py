"""From bytes to a bare tree of elements, or to a refusal that says in words what arrived instead.

Everything hostile stops here: what is no XML, what is XML of a kind that SOAP forbids (document types, processing
instructions: SOAP 1.2 part 1, section 5), and what is too large, too deep or too wide. What is left has no entities, no
comments, no references to elsewhere. Nothing here knows SOAP's names but those that tell one document from another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from lxml import etree

from forecourt.ocpp.errors import ErrorCode, RemoteProtocolError

if TYPE_CHECKING:
    from lxml.etree import ParserTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one document may cost. The size is checked before a byte is parsed, the others while parsing."""

    size_bytes: int = 1 << 20
    depth: int = 32
    elements: int = 50_000
    attributes_per_element: int = 32


LIMITS: Final = Limits()


@dataclass(slots=True, eq=False)
class Node:
    """One element: its name, its attributes by qualified name (`{namespace}name`, or `name`), its children and all its text."""

    namespace: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def child(self, namespace: str, name: str) -> Node | None:
        """Return the first child of that name."""
        for child in self.children:
            if child.name == name and child.namespace == namespace:
                return child
        return None

    def words(self) -> str:
        """All text in this element and below it, in order of the elements."""
        return " ".join((self.text, *(child.words() for child in self.children)))


def parse(body: bytes, limits: Limits = LIMITS) -> Node:
    """Read one document and return its root.

    Raises RemoteProtocolError (FormatViolation) and nothing else, whatever the bytes.
    """
    text = _text_of(body, limits)
    builder = _Builder(limits)
    # Options that say what the builder and `_text_of` enforce anyway stay: two locks on a door to other people's files.
    parser = etree.XMLParser(
        target=cast("ParserTarget[None]", builder),
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
    )
    try:
        etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise _refusal(f"not well-formed XML: {_words(error.msg)}") from None
    for entry in parser.error_log:
        # An undeclared prefix and its like do not stop the parser: it drops the prefix and goes on.
        if entry.type_name.startswith("NS_ERR"):
            raise _refusal(f"XML with an error in its namespaces: {_words(entry.message)}")
    return builder.root


def is_legal(text: str) -> bool:
    """Whether every character of `text` can stand in an XML document."""
    return _ILLEGAL.search(text) is None


def legal(text: str) -> str:
    """Return `text` with a replacement mark for every character that cannot stand in an XML document."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def _refusal(what_arrived: str) -> RemoteProtocolError:
    return RemoteProtocolError(ErrorCode.FORMAT_VIOLATION, f"{what_arrived} (a SOAP envelope was expected)")


def _words(message: str | None) -> str:
    return " ".join((message or "no details").split())[:200]


_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Every element and attribute of a namespace is handed to us with the whole of its name. One name of half a megabyte, used ten
# thousand times in as many bytes, would fill the memory before an event could be refused. Prefixes are bounded to bound the search.
_LONG_NAMESPACE: Final = re.compile(
    rb"""xmlns(?::[^\s=<>"']{100}|(?::[^\s=<>"']{0,99})?\s*=\s*(?:"[^"]{513}|'[^']{513}))"""
)
_XML_DECLARATION: Final = re.compile(r"""<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)["']""")
_UTF_8_NAMES: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00", b"\x00\x00")
_COMPRESSED_MARKS: Final = (b"\x1f\x8b", b"\x78\x9c", b"\x78\x01", b"\x78\xda")


def _text_of(body: bytes, limits: Limits) -> bytes:
    """Return the bytes that are worth parsing: UTF-8, in size, beginning like XML."""
    if len(body) > limits.size_bytes:
        raise _refusal(f"a document of {len(body)} bytes, more than the {limits.size_bytes} allowed")
    if body.startswith(_WIDE_MARKS):
        raise _refusal("text in UTF-16 or UTF-32, where UTF-8 is spoken")
    if body.startswith(_COMPRESSED_MARKS):
        raise _refusal("compressed data that says nothing of its compression")
    if b"\x00" in body:
        raise _refusal("text with a NUL character")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(f"bytes that are not UTF-8 (at byte {error.start})") from None
    if _LONG_NAMESPACE.search(body):
        raise _refusal("XML with a namespace of more than 512 bytes, or a prefix of more than 99")
    start = text.lstrip()[:256]
    if not start:
        raise _refusal("an empty body")
    if start.lower().startswith(("<!doctype html", "<html")):
        raise _refusal("an HTML page")
    if start.startswith(("--", "MIME-Version", "Content-")):
        raise _refusal("a multipart message")
    if start.startswith(("{", "[")):
        raise _refusal("JSON")
    if not start.startswith("<"):
        raise _refusal("plain text")
    declared = _XML_DECLARATION.match(start)
    if declared is not None and declared[1].lower() not in _UTF_8_NAMES:
        raise _refusal(f"XML that declares the encoding {_words(declared[1])!r}, where UTF-8 is spoken")
    return body


class _Builder:
    """Builds the tree from the parser's events and stops at the first event that may not be."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._document = Node("", "")
        self._open: list[tuple[Node, list[str]]] = [(self._document, [])]
        self._elements = 0
        self._namespaces: dict[str, str] = {}

    @property
    def root(self) -> Node:
        """The finished tree; the parser itself refuses a document without an element."""
        return self._document.children[0]

    def doctype(self, name: str | None, public_id: str | None, system: str | None) -> None:
        """Refuse the document type at its event, before the parser reads what it declares."""
        if name is not None and name.lower() == "html":
            raise _refusal("an HTML page")
        raise _refusal("XML with a document type declaration (DOCTYPE), which SOAP forbids")

    def pi(self, target: str, data: str | None = None) -> None:
        """Refuse processing instructions."""
        raise _refusal("XML with a processing instruction, which SOAP forbids")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        self._elements += 1
        if self._elements > self._limits.elements:
            raise _refusal(f"XML of more than {self._limits.elements} elements")
        if len(self._open) > self._limits.depth:
            raise _refusal(f"XML nested deeper than {self._limits.depth} elements")
        if len(attributes) > self._limits.attributes_per_element:
            raise _refusal(f"XML with more than {self._limits.attributes_per_element} attributes in one element")
        namespace, _, name = tag.rpartition("}")
        # One copy of each namespace, not one for every element.
        namespace = self._namespaces.setdefault(namespace[1:], namespace[1:])
        node = Node(namespace, name, dict(attributes))
        self._open[-1][0].children.append(node)
        self._open.append((node, []))

    def data(self, data: str) -> None:
        """Keep text. It comes in pieces, also where a comment stood in the middle of it."""
        self._open[-1][1].append(data)

    def end(self, tag: str) -> None:
        """Close an element."""
        node, pieces = self._open.pop()
        node.text = "".join(pieces)

    def close(self) -> None:
        """Called by the parser at the end, in success and in failure."""
