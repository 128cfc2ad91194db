import { describe, expect, it } from "vitest";
import { begun, filled, isComplete, plain, type Schema } from "./schema.ts";

const reset: Schema = {
  type: "object",
  properties: {
    type: { $ref: "#/$defs/ResetKind", default: "OnIdle" },
    evseId: { anyOf: [{ type: "integer", minimum: 1, description: "the number" }, { type: "null" }], default: null },
    token: { $ref: "#/$defs/Token" },
  },
  required: ["token"],
  $defs: {
    ResetKind: { enum: ["Immediate", "OnIdle"], description: "When" },
    Token: { type: "object", properties: { value: { type: "string" }, kind: { type: "string" } }, required: ["value"] },
  },
};
const of = (name: string) => plain(reset.properties?.[name] ?? {}, reset.$defs ?? {});

describe("a form", () => {
  it("knows what a reference and a choice with nothing stand for", () => {
    expect(of("type")).toMatchObject({ nullable: false, schema: { enum: ["Immediate", "OnIdle"], default: "OnIdle" } });
    expect(of("evseId")).toMatchObject({ nullable: true, schema: { type: "integer", minimum: 1 } });
  });

  it("begins with the defaults there are", () => expect(begun(reset)).toEqual({ type: "OnIdle" }));

  it("leaves out what was left empty, also inside", () => {
    const values = { type: "OnIdle", evseId: null, token: { value: "04A1", kind: "" }, group: { value: "" }, list: [{ a: "" }] };
    expect(filled(values)).toEqual({ type: "OnIdle", token: { value: "04A1" }, list: [{}] });
  });

  it("keeps what is false or zero", () => expect(filled({ operative: false, slot: 0 })).toEqual({ operative: false, slot: 0 }));

  it.each([
    [{}, false],
    [{ token: { value: "" } }, false],
    [{ token: { kind: "eMAID" } }, false],
    [{ token: { value: "04A1" } }, true],
  ])("with %j is complete: %s", (values, complete) => expect(isComplete(reset, values)).toBe(complete));
});
