import { describe, expect, it } from "vitest";
import { apart, type Label } from "./apart.ts";

const label = (x: number, y: number, width = 100): Label => ({ x, y, width, height: 20 });

describe("labels on a map", () => {
  it("stay where they are when they have room", () => {
    expect(apart([label(0, 0), label(200, 5), label(0, 40)])).toEqual([0, 0, 0]);
  });

  it("move below the one they would cover, whichever order they come in", () => {
    expect(apart([label(0, 0), label(10, 4)])).toEqual([0, 19]);
    expect(apart([label(10, 4), label(0, 0)])).toEqual([19, 0]);
  });

  it("move on below what is there already", () => {
    const labels = [label(0, 0), label(0, 1), label(0, 2), label(60, 24)];
    const moved = apart(labels);
    const at = labels.map((one, index) => ({ ...one, y: one.y + (moved[index] ?? 0) }));
    for (const [index, one] of at.entries()) {
      for (const other of at.slice(index + 1)) {
        const beside = Math.abs(one.x - other.x) >= (one.width + other.width) / 2;
        expect(beside || Math.abs(one.y - other.y) >= 20).toBe(true);
      }
    }
  });

  it("of the same place are all seen", () => {
    expect(apart([label(5, 5), label(5, 5), label(5, 5)])).toEqual([0, 23, 46]);
  });
});
