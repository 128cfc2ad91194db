import { expect, test } from "vitest";
import { changedFields } from "./draft.ts";

test("a change says only what is different", () => {
  const before = { name: "Depot", places: { CP1: [1] }, limit: 1 as number | null };
  expect(changedFields(before, { ...before, places: { CP1: [1] } })).toEqual({});
  expect(changedFields(before, { name: "Yard", places: { CP1: [1, 2] }, limit: null })).toEqual({
    name: "Yard",
    places: { CP1: [1, 2] },
    limit: null,
  });
});
