import { expect, test } from "vitest";
import { de } from "@/shared/i18n/de/index.ts";
import { en } from "@/shared/i18n/en/index.ts";
import { meaningOf } from "./meaning.ts";

const kind = { kind: "TokenBlocked", meaning: "A token may not charge until it is unblocked. More of it.\n\nAnd more." };

test("a kind is told in the language, or in the server's first sentence", () => {
  expect(meaningOf(kind, en)).toBe("A token may not charge until it is unblocked.");
  expect(meaningOf(kind, de)).toContain("Token");
  expect(meaningOf({ kind: "SomethingNew", meaning: "It is new." }, de)).toBe("It is new.");
});
