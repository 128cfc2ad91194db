import { describe, expect, it } from "vitest";
import type { VariableOut } from "@/shared/api/schema.gen.ts";
import { compared, fits, grouped, isWritable, keyOf, kindOf, wholeNameOf } from "./variables.ts";

const variable = (name: string, value: string | null, more: Partial<VariableOut> = {}): VariableOut =>
  ({
    component: "OCPPCommCtrlr",
    componentInstance: "",
    evseId: null,
    connectorId: null,
    variable: name,
    variableInstance: "",
    attribute: "Actual",
    value,
    mutability: "ReadWrite",
    dataType: "",
    valuesList: "",
    ...more,
  }) as VariableOut;

describe("a variable", () => {
  it("is the same however it is spelt, and another one elsewhere", () => {
    expect(keyOf(variable("HeartbeatInterval", "1"))).toBe(keyOf(variable("heartbeatinterval", "2")));
    const places = [{}, { evseId: 1 }, { evseId: 1, connectorId: 1 }, { variableInstance: "x" }, { attribute: "MaxSet" }];
    expect(new Set(places.map((more) => keyOf(variable("A", "1", more as Partial<VariableOut>)))).size).toBe(5);
  });

  it("is found by words of its names and its value, in any order", () => {
    const one = variable("HeartbeatInterval", "300", { evseId: 2, variableInstance: "slow" });
    for (const search of ["heart", "300 ocpp", "SLOW beat"]) expect(fits(one, search)).toBe(true);
    expect(fits(one, "heart 301")).toBe(false);
    expect(wholeNameOf(one)).toBe("OCPPCommCtrlr 2 · HeartbeatInterval [slow]");
  });

  it("can be changed unless it is read only or a secret", () => {
    expect(isWritable(variable("A", "1"))).toBe(true);
    expect(isWritable(variable("A", null, { mutability: "WriteOnly" }))).toBe(true);
    expect(isWritable(variable("A", "1", { mutability: "ReadOnly" }))).toBe(false);
    expect(isWritable(variable("A", "***"))).toBe(false);
  });

  it("is chosen from a list only where there is one", () => {
    expect(kindOf({ dataType: "OptionList", valuesList: "a,b" })).toBe("option");
    expect(kindOf({ dataType: "MemberList", valuesList: "a,b" })).toBe("members");
    expect(kindOf({ dataType: "SequenceList", valuesList: "" })).toBe("text");
    expect(kindOf({ dataType: "decimal", valuesList: "" })).toBe("number");
    expect(kindOf({ dataType: "", valuesList: "" })).toBe("text");
  });
});

describe("groups", () => {
  it("are the station's own components first, then those of its outlets in order", () => {
    const groups = grouped([
      variable("A", "1", { component: "EVSE", evseId: 2 }),
      variable("A", "1", { component: "EVSE", evseId: 1 }),
      variable("A", "1", { component: "Connector", evseId: 1, connectorId: 1 }),
      variable("B", "1", { component: "txctrlr" }),
      variable("A", "1", { component: "TxCtrlr" }),
      variable("A", "1", { component: "Clock" }),
    ]);
    expect(groups.map((group) => [group.component, group.evseId, group.variables.length])).toEqual([
      ["Clock", null, 1],
      ["txctrlr", null, 2],
      ["EVSE", 1, 1],
      ["Connector", 1, 1],
      ["EVSE", 2, 1],
    ]);
  });
});

describe("two stations", () => {
  const differs = (a: VariableOut[], b: VariableOut[]) =>
    compared(a, b).filter((pair) => pair.differs).map((pair) => pair.name.variable);

  it("differ where one lacks a variable or has another value", () => {
    expect(differs([variable("A", "1"), variable("B", "1")], [variable("a", "1"), variable("C", "1")])).toEqual(["B", "C"]);
    expect(differs([variable("A", "1")], [variable("A", null)])).toEqual(["A"]);
  });

  it("do not differ where the same is written otherwise", () => {
    const pairs: [string, string, string][] = [
      ["boolean", "TRUE", "true"],
      ["decimal", "1.0", "1"],
      ["MemberList", "a, b", "b,a"],
    ];
    for (const [dataType, a, b] of pairs) expect(differs([variable("A", a, { dataType })], [variable("A", b)])).toEqual([]);
    expect(differs([variable("A", "a,b", { dataType: "SequenceList" })], [variable("A", "b,a")])).toEqual(["A"]);
  });

  it("are not compared by their secrets", () => {
    expect(compared([variable("Password", "***")], [variable("Password", "***")])).toEqual([]);
  });
});
