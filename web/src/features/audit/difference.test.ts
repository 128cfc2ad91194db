import { expect, test } from "vitest";
import { differences, pageOf } from "./difference.ts";

test("only what differs is told", () => {
  const before = { name: "Depot", zone: "UTC", roles: ["cpo"], limits: { energyWh: 1, timeS: 5 } };
  const after = { name: "Yard", zone: "UTC", roles: ["cpo", "emsp"], limits: { energyWh: 2, timeS: 5 } };
  expect(differences(before, after)).toEqual([
    { path: "name", before: "Depot", after: "Yard" },
    { path: "roles", before: "cpo", after: "cpo, emsp" },
    { path: "limits.energyWh", before: "1", after: "2" },
  ]);
});

test("what was added or removed stands against nothing", () => {
  expect(differences(null, { name: "Depot", address: "", siteId: null })).toEqual([
    { path: "name", before: null, after: "Depot" },
  ]);
  expect(differences({ enabled: false }, null)).toEqual([{ path: "enabled", before: "false", after: null }]);
  expect(differences(null, null)).toEqual([]);
});

test("a subject leads to its page", () => {
  expect(pageOf("transactions/7")).toBe("/sessions/7");
  expect(pageOf("token-groups/7")).toBeNull();
  expect(pageOf("tokens/import")).toBeNull();
  expect(pageOf("")).toBeNull();
});
