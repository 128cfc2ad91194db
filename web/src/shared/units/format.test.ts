import { describe, expect, it } from "vitest";
import { formats, localeFor, NONE } from "./format.ts";

const en = formats("en-GB", "UTC");
const de = formats("de-DE", "Europe/Berlin");
const plain = (words: string) => words.replaceAll("\u00a0", " ");

describe("units", () => {
  it.each([
    [0, "0 W"],
    [999, "999 W"],
    [1000, "1 kW"],
    [11_038, "11 kW"],
    [49_267, "49.3 kW"],
    [132_475, "132 kW"],
    [-7_360, "-7.36 kW"],
    [2_500_000, "2.5 MW"],
  ])("%d W is %s", (w, words) => expect(plain(en.power(w))).toBe(words));

  it("writes decimals as the language does", () => {
    expect(plain(de.energy(1_234))).toBe("1,23 kWh");
    expect(plain(de.current(15.66))).toBe("15,7 A");
    expect(plain(en.current(15.66))).toBe("15.7 A");
  });

  it("says that a value is not known instead of zero", () => {
    expect([en.power(null), en.energy(undefined), en.percent(null), en.money(null, "EUR")]).toEqual(Array(4).fill(NONE));
    expect([en.instant(null), en.since(undefined, new Date()), en.duration(null)]).toEqual(Array(3).fill(NONE));
  });
});

describe("money", () => {
  it("has the currency's own form", () => {
    expect(plain(en.money("12.5", "EUR"))).toBe("€12.50");
    expect(plain(de.money("1234.5", "EUR"))).toBe("1.234,50 €");
    expect(plain(en.money("1500", "JPY"))).toBe("JP¥1,500");
  });

  it("leaves a currency out that does not exist", () => expect(en.money("3.456", "")).toBe("3.46"));
});

describe("times", () => {
  it("are in the zone that was asked for", () => {
    expect(en.time("2026-01-02T10:00:00Z")).toBe("10:00:00");
    expect(de.time("2026-01-02T10:00:00Z")).toBe("11:00:00");
  });

  it.each([
    [59, "59 s"],
    [61, "1 min 1 s"],
    [3600, "1 h 0 min"],
    [90_061, "25 h 1 min"],
    [-5, "0 s"],
  ])("%d seconds last %s", (s, words) => expect(plain(en.duration(s))).toBe(words));

  it.each([
    [0.4, "now"],
    [5, "5 sec ago"],
    [59.9, "59 sec ago"],
    [60, "1 min ago"],
    [7200, "2 hr ago"],
    [86_400, "yesterday"],
    [-120, "in 2 min"],
  ])("%d seconds ago is %s", (s, words) => {
    const now = new Date("2026-06-01T12:00:00Z");
    expect(plain(en.since(new Date(now.getTime() - s * 1000), now))).toBe(words);
  });
});

it.each([
  ["en", "en-AU", "en-AU"],
  ["en", "de-CH", "en-GB"],
  ["de", "de-CH", "de-CH"],
  ["de", "fr", "de-DE"],
  ["en", "en-US@posix", "en-GB"],
  ["en", "", "en-GB"],
] as const)("%s in a browser that says %j is written as in %s", (language, own, locale) => {
  expect(localeFor(language, own)).toBe(locale);
});
