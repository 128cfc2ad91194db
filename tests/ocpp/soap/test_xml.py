from __future__ import annotations

import gzip

import pytest

from forecourt.ocpp.errors import ErrorCode, RemoteProtocolError
from forecourt.ocpp.soap.xml import Limits, legal, parse
from tests.ocpp.soap.envelopes import envelope

SMALL = Limits(size_bytes=2_000, depth=4, elements=10, attributes_per_element=3)

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<lolz>&c;</lolz>"""

HOSTILE = {
    "nothing": (b"", "an empty body"),
    "white space": (b" \r\n\t", "an empty body"),
    "a mark and nothing": (b"\xef\xbb\xbf", "an empty body"),
    "html": (b"\n<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'><html></html>", "an HTML page"),
    "html without a document type": (b"<html><body>Sign in</body></html>", "an HTML page"),
    "xhtml": (b"<?xml version='1.0'?><!DOCTYPE html SYSTEM 'about:legacy-compat'><html/>", "an HTML page"),
    "laughs": (LAUGHS, "DOCTYPE"),
    "an external document type": (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "DOCTYPE"),
    "an external entity": (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'http://192.0.2.1/'>]><a>&x;</a>", "DOCTYPE"),
    "a parameter entity": (b"<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://192.0.2.1/'>%x;]><a/>", "DOCTYPE"),
    "an entity nobody declared": (b"<a>&secret;</a>", "Entity 'secret' not defined"),
    "an instruction before": (b"<?xml-stylesheet href='x.xsl'?><a/>", "processing instruction"),
    "an instruction inside": (b"<a><?php ?></a>", "processing instruction"),
    "an unfinished document": (b"<a><b>", "not well-formed"),
    "two documents": (b"<a/><a/>", "not well-formed"),
    "only a comment": (b"<!-- -->", "not well-formed"),
    "a prefix nobody declared": (b"<soap:Envelope/>", "Namespace prefix soap on Envelope is not defined"),
    "an attribute's prefix nobody declared": (b"<a b:c=''/>", "error in its namespaces"),
    "an attribute twice by its namespace": (b"<a xmlns:b='u:' xmlns:c='u:' b:x='' c:x=''/>", "error in its namespaces"),
    "the future": (b"<?xml version='2.0'?><a/>", "Unsupported version"),
    "utf-16": ("<a/>".encode("utf-16"), "UTF-16"),
    "utf-16 without a mark": ("<a/>".encode("utf-16-be"), "UTF-16"),
    "utf-32": ("<a/>".encode("utf-32-be"), "UTF-16 or UTF-32"),
    "latin-1": ("<a>\xe9</a>".encode("latin-1"), "not UTF-8 (at byte 3)"),
    "latin-1 that says so": (b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "the encoding 'ISO-8859-1'"),
    "an encoding that is a lie": (b"<?xml version='1.0' encoding=\"UTF-16\" ?><a/>", "the encoding 'UTF-16'"),
    "a surrogate": (b"<a>\xed\xa0\x80</a>", "not UTF-8"),
    "NUL": (b"<a>\x00</a>", "NUL"),
    "NUL at the end": (b"<a/>\x00", "NUL"),
    "NUL by number": (b"<a>&#0;</a>", "not well-formed"),
    "a control character": (b"<a>\x08</a>", "not well-formed"),
    "gzip": (gzip.compress(b"<a/>"), "compressed"),
    "json": (b'[2,"1","Heartbeat",{}]', "JSON"),
    "a json object": (b' {"a":1}', "JSON"),
    "text": (b"502 Bad Gateway", "plain text"),
    "multipart": (b"--MIME_boundary\r\nContent-Type: text/xml\r\n\r\n<a/>", "a multipart message"),
    "multipart with headers": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", "a multipart message"),
    "depth": (b"<a>" * 5 + b"</a>" * 5, "deeper than 4"),
    "width": (b"<a>" + b"<b/>" * 10 + b"</a>", "more than 10 elements"),
    "attributes": (b"<a b='' c='' d='' e=''/>", "more than 3 attributes"),
    "a long namespace": (b"<a xmlns = '" + b"u:" + b"x" * 511 + b"'/>", "namespace of more than 512"),
    "a long namespace with a prefix": (b'<a xmlns:b="' + b"u:" + b"x" * 511 + b'"/>', "namespace of more than 512"),
    "a long prefix": (b"<a xmlns:" + b"b" * 100 + b"='u:'/>", "a prefix of more than 99"),
    "size": (b"<a>" + b" " * 2_000 + b"</a>", "2007 bytes, more than the 2000 allowed"),
}


@pytest.mark.parametrize(("body", "words"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_envelope_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse(body, SMALL)
    assert caught.value.code is ErrorCode.FORMAT_VIOLATION
    assert words in caught.value.reason
    assert caught.value.reason.endswith("(a SOAP envelope was expected)")


def test_a_document_type_is_refused_before_what_it_declares_is_read() -> None:
    declared = b"<!DOCTYPE a [" + b"<!ENTITY a 'x'>" * 50_000 + b"]><a/>"
    with pytest.raises(RemoteProtocolError, match="DOCTYPE"):
        parse(declared)


@pytest.mark.parametrize(
    "body",
    [
        b"<a/>",
        b"\xef\xbb\xbf<a/>",
        b"  <a/>\n",
        b"<?xml version='1.0' encoding='utf8'?><a/>",
        b"<?xml version='1.0' encoding=\"US-ASCII\" standalone='yes'?>\n<a/>",
        b"<!-- <!DOCTYPE a> --><a/>",
        b"<?xml version='1.1'?><a/>",
        b"<a xmlns:b='relative'/>",
    ],
)
def test_harmless_ways_to_begin_are_read(body: bytes) -> None:
    root = parse(body, SMALL)
    assert (root.namespace, root.name, root.children, root.text) == ("", "a", [], "")


def test_the_limits_are_reached_and_not_passed() -> None:
    assert parse(b"<a>" * 4 + b"</a>" * 4, SMALL).children
    assert len(parse(b"<a>" + b"<b/>" * 9 + b"</a>", SMALL).children) == 9
    assert parse(b"<a b='' c='' d=''/>", SMALL).attributes == {"b": "", "c": "", "d": ""}
    assert parse(b"<a>" + b" " * 1_993 + b"</a>", SMALL).text == " " * 1_993


def test_a_namespace_may_have_512_bytes_and_its_prefix_99() -> None:
    namespace, prefix = b"u:" + b"x" * 510, b"b" * 99
    body = b"<" + prefix + b":a xmlns:" + prefix + b"='" + namespace + b"'/>"
    assert parse(body, SMALL).namespace == namespace.decode()


def test_a_large_document_within_the_limits_is_read() -> None:
    assert len(parse(b"<a>" + b"<b>1</b>" * 40_000 + b"</a>").children) == 40_000


def test_text_is_whole_across_comments_sections_and_references() -> None:
    root = parse("<a>1&amp;<!-- 2 -->3<![CDATA[<4>]]>&#53;\r\né</a>".encode())
    assert root.text == "1&3<4>5\né"


def test_names_and_attributes_keep_their_namespaces() -> None:
    root = parse(b"<p:a xmlns:p='u:1' p:x='1' x='2'><b xmlns='u:2'/></p:a>")
    assert (root.namespace, root.name) == ("u:1", "a")
    assert root.attributes == {"{u:1}x": "1", "x": "2"}
    child = root.child("u:2", "b")
    assert child is root.children[0]
    assert root.child("u:1", "b") is None
    assert root.child("u:2", "c") is None


def test_a_long_complaint_of_the_parser_is_cut() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse(b"<a>&" + b"e" * 5_000 + b";</a>")
    assert len(caught.value.reason) < 300


def test_characters_that_xml_cannot_carry_are_replaced() -> None:
    assert legal("a\x00b\x1fc\ud800d\ufffee\tf\U0001f600") == "a\ufffdb\ufffdc\ufffdd\ufffde\tf\U0001f600"


def test_an_envelope_is_read_into_header_and_body() -> None:
    assert [child.name for child in parse(envelope()).children] == ["Header", "Body"]
