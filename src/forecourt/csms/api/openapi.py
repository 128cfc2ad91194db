"""The OpenAPI document: what Litestar derives from the routes, made true where that says too little or too much."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar.routes import HTTPRoute

from forecourt.csms.web.repeating import LONGEST_KEY

_PAGE: Final = re.compile(r"^Page_(?:.*\.)?(\w+?)(?:Out)?_$")
LARGEST_NUMBER: Final = 2**63 - 1
_REFERENCE: Final = "#/components/schemas/"
_HEADERS: Final = {
    "post": (
        "Idempotency-Key",
        "done once, however often it is sent within a day",
        {"minLength": 1, "maxLength": LONGEST_KEY},
    ),
    "put": ("If-Match", "the ETag of what is to be changed", {}),
    "patch": ("If-Match", "the ETag of what is to be changed", {}),
    "delete": ("If-Match", "the ETag of what is to be removed", {}),
}


class NoPages(Router):
    """In place of the pages Litestar makes of the description: among them is one that answers HTML for what is not there."""

    def register(self, value: Any) -> Any:
        """Leave it out."""
        return []


@get("/api/v1/openapi.json", include_in_schema=False, opt={"permission": "public"}, sync_to_thread=False)
def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The description for programs."""
    made: bytes | None = request.app.state.get("openapi")
    if made is None:
        bodies = [
            handler.parsed_data_field.raw
            for route in request.app.routes
            if isinstance(route, HTTPRoute)
            for handler in route.route_handlers
            if handler.parsed_data_field is not None
        ]
        made = msgspec.json.encode(corrected(request.app.openapi_schema.to_schema(), bodies))
        request.app.state["openapi"] = made
    return Response(made, media_type=MediaType.JSON)


def corrected(document: dict[str, Any], bodies: Iterable[Any]) -> dict[str, Any]:
    """The document with plain names of pages, no content where there is none, the headers that every route of a method takes,
    bounds to the last digit, and the types of `bodies` as msgspec says them, which also decides what they are."""
    names = {name: _PAGE.sub(r"\1Page", name) for name in document["components"]["schemas"]}
    text = msgspec.json.encode(document).decode()
    for old, new in names.items():
        if old != new:
            text = text.replace(f'"{_REFERENCE}{old}"', f'"{_REFERENCE}{new}"')
    made: dict[str, Any] = msgspec.json.decode(text)
    _, strict = msgspec.json.schema_components(bodies, ref_template=_REFERENCE + "{name}")
    made["components"]["schemas"] = {
        names[name]: strict.get(name, schema) for name, schema in made["components"]["schemas"].items()
    }
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            for status in ("204", "304"):
                operation["responses"].get(status, {}).pop("content", None)
            if method in _HEADERS and (method == "post" or "{" in path):
                operation.setdefault("parameters", []).append(_header(*_HEADERS[method]))
            for parameter in operation.get("parameters", ()):
                _sharpen(parameter["schema"])
    return made


def _sharpen(schema: dict[str, Any]) -> None:
    """Bounds of whole numbers as such: the largest a number can be is no float."""
    for bound in ("minimum", "maximum"):
        if isinstance(value := schema.get(bound), float) and value.is_integer():
            schema[bound] = min(int(value), LARGEST_NUMBER)


def _header(name: str, description: str, bounds: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "string", **bounds}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}
