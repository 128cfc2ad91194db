"""How the API describes itself: names of operations, words, and a page for people that needs no network."""

from __future__ import annotations

from typing import Any, Final

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler

DESCRIPTION: Final = """\
Everything an operator can see and do. Names carry their units; instants are in UTC.

**Who asks.** An API key as `Authorization: Bearer ...`, or a browser's session (`POST /api/v1/session`), whose requests that
change something carry `X-CSRF-Token`.

**Lists** come in pages: pass `next` of one page as `cursor` for the one after it. A parameter that does not exist is refused.

**Refusals** are `application/problem+json` with a stable `code` and the path of each field at fault.

**Twice is once.** A POST with an `Idempotency-Key` is done once, however often it is sent within a day. Single resources carry an
`ETag`; a change with `If-Match` is refused if somebody else was quicker.
"""


def operation_id(handler: HTTPRouteHandler, method: Any, path: Any) -> str:
    """The handler's own name, in camel case: what generated clients call the operation."""
    first, *others = handler.fn.__name__.split("_")
    return first + "".join(word.capitalize() for word in others)


@get(
    "/api/docs", media_type=MediaType.HTML, include_in_schema=False, opt={"permission": "public"}, sync_to_thread=False
)
def documentation() -> Response[str]:
    """The page for people."""
    headers = {"Content-Security-Policy": "default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"}
    return Response(_PAGE, media_type=MediaType.HTML, headers=headers)


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Forecourt API</title>
<style>
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a4150); --soft: light-dark(#f4f6f9, #1b2028); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; }
summary { padding: .5rem .8rem; cursor: pointer; } details[open] > summary { background: var(--soft); }
details > div { padding: .2rem 1rem 1rem; }
code, pre { font: 13px/1.45 ui-monospace, monospace; } pre { background: var(--soft); padding: .7rem; overflow: auto; }
.method { display: inline-block; width: 4.5rem; font-weight: 700; } .about { color: light-dark(#555, #aaa); }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top; }
</style></head><body>
<h1>Forecourt API</h1><p><a href="/api/v1/openapi.json">openapi.json</a></p><main id="main">Loading...</main>
<script>
const element = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((one) => one != null));
  return made;
};
const short = (schema) => {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const any = schema.oneOf || schema.anyOf;
  if (any) return any.map(short).join(" | ");
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return "[" + short(schema.items) + "]";
  if (schema.additionalProperties && schema.type === "object") return "{" + short(schema.additionalProperties) + "}";
  const limits = ["minimum", "maximum", "minLength", "maxLength", "pattern", "format"]
    .filter((name) => schema[name] !== undefined).map((name) => name + " " + schema[name]);
  return [].concat(schema.type || "any").join(" | ") + (limits.length ? " (" + limits.join(", ") + ")" : "");
};
const fields = (schema, schemas, seen = []) => {
  while (schema && schema.$ref) {
    const name = schema.$ref.split("/").pop();
    if (seen.includes(name)) return null;
    seen = seen.concat(name);
    schema = schemas[name];
  }
  if (schema && schema.type === "array") return fields(schema.items, schemas, seen);
  if (!schema || !schema.properties) return element("p", {}, element("code", {}, short(schema)));
  const rows = Object.entries(schema.properties).map(([name, one]) => element("tr", {},
    element("td", {}, element("code", {}, name + ((schema.required || []).includes(name) ? "" : "?"))),
    element("td", {}, element("code", {}, short(one)), " ", one.description || "",
      one.items && one.items.$ref ? fields(one.items, schemas, seen) : null)));
  return element("table", {}, ...rows);
};
const operation = (path, method, one, schemas) => {
  const inside = element("div", {});
  if (one.description) inside.append(element("p", {}, one.description));
  if ((one.parameters || []).length) inside.append(element("h4", {}, "Parameters"), element("table", {},
    ...one.parameters.map((given) => element("tr", {}, element("td", {}, element("code", {}, given.name)),
      element("td", {}, given.in), element("td", {}, element("code", {}, short(given.schema)), " ", given.description || "")))));
  const body = one.requestBody && one.requestBody.content["application/json"];
  if (body) inside.append(element("h4", {}, "Body"), fields(body.schema, schemas) || "");
  inside.append(element("h4", {}, "Answers"));
  for (const [status, said] of Object.entries(one.responses)) {
    const content = said.content && Object.entries(said.content)[0];
    inside.append(element("p", {}, element("b", {}, status), " ", said.description || "", " ",
      content ? element("code", {}, content[0]) : ""));
    if (status < 300 && content) inside.append(fields(content[1].schema, schemas) || "");
  }
  return element("details", { id: one.operationId }, element("summary", {},
    element("span", { class: "method" }, method.toUpperCase()), element("code", {}, path), " ",
    element("span", { class: "about" }, one.summary || "")), inside);
};
fetch("/api/v1/openapi.json").then((answer) => answer.json()).then((api) => {
  const main = document.getElementById("main");
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) for (const [method, one] of Object.entries(methods)) {
    const tag = (one.tags || ["Other"])[0];
    groups.set(tag, (groups.get(tag) || []).concat(operation(path, method, one, api.components.schemas)));
  }
  main.replaceChildren(...[...groups].sort().map(([tag, all]) =>
    element("section", {}, element("h2", {}, tag), ...all)));
  if (location.hash) document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
}).catch((error) => { document.getElementById("main").textContent = "The description could not be loaded: " + error; });
</script></body></html>
"""
