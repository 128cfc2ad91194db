import { expect, test } from "vitest";
import { de } from "@/shared/i18n/de/index.ts";
import { en } from "@/shared/i18n/en/index.ts";
import { meaningOfEvent, meaningOfRefusal } from "./meaning.ts";

test("what the specification knows has words, what a vendor made up stays its word", () => {
  expect(meaningOfEvent("TamperDetectionActivated", en).todo).not.toBe("");
  expect(meaningOfEvent("AcmeDoorOpen", en).what).toBe("AcmeDoorOpen");
  expect(meaningOfRefusal("wrong_password", de).todo).toContain("Passwort");
  expect(meaningOfRefusal("moon_phase", en)).toEqual({ what: "moon_phase", todo: "" });
});

test("every language has words for the same things", () => {
  expect(Object.keys(de.security.types)).toEqual(Object.keys(en.security.types));
  expect(Object.keys(de.security.reasons)).toEqual(Object.keys(en.security.reasons));
});
