/** Numbers, units, money and instants as people of a language write them. The only place that knows how. */

export type Formats = {
  locale: string;
  number(value: number, digits?: number): string;
  power(w: number | null | undefined): string;
  energy(wh: number | null | undefined): string;
  current(a: number | null | undefined): string;
  voltage(v: number | null | undefined): string;
  percent(value: number | null | undefined): string;
  money(amount: string | number | null | undefined, currency: string): string;
  /** Hours and minutes. */
  duration(s: number | null | undefined): string;
  /** Date and time, to the second. */
  instant(at: string | Date | null | undefined): string;
  time(at: string | Date): string;
  date(at: string | Date): string;
  /** How long ago, or how soon. */
  since(at: string | Date | null | undefined, now: Date): string;
};

export const NONE = "–";

const SI = [
  { from: 1e9, over: 1e9, prefix: "G" },
  { from: 1e6, over: 1e6, prefix: "M" },
  { from: 1e3, over: 1e3, prefix: "k" },
  { from: 0, over: 1, prefix: "" },
] as const;

const STEPS = [
  { unit: "year", s: 31_536_000 },
  { unit: "month", s: 2_592_000 },
  { unit: "day", s: 86_400 },
  { unit: "hour", s: 3600 },
  { unit: "minute", s: 60 },
  { unit: "second", s: 1 },
] as const;

/** The browser's own way of a language (who reads English in Sydney has their own dates), or else the usual one. */
export function localeFor(language: "en" | "de", own: string): string {
  const usual = language === "de" ? "de-DE" : "en-GB";
  if (!own.toLowerCase().startsWith(language)) return usual;
  try {
    return Intl.getCanonicalLocales(own)[0] ?? usual;
  } catch {
    // Some systems have names for languages that are none, such as en-US@posix.
    return usual;
  }
}

/** What a language's people write; `timeZone` is the browser's unless a site's is given. */
export function formats(locale: string, timeZone?: string): Formats {
  const numbers = new Map<number, Intl.NumberFormat>();
  const number = (value: number, digits = 0): string => {
    let format = numbers.get(digits);
    if (format === undefined) {
      format = new Intl.NumberFormat(locale, { maximumFractionDigits: digits });
      numbers.set(digits, format);
    }
    return format.format(value);
  };
  const scaled = (value: number | null | undefined, unit: string): string => {
    if (value === null || value === undefined) return NONE;
    const size = Math.abs(value);
    const step = SI.find((one) => size >= one.from) ?? SI[3];
    const shown = value / step.over;
    const digits = step.over === 1 ? 0 : Math.abs(shown) >= 100 ? 0 : Math.abs(shown) >= 10 ? 1 : 2;
    return `${number(shown, digits)}\u00a0${step.prefix}${unit}`;
  };
  const plain = (unit: string, digits: number) => (value: number | null | undefined) =>
    value === null || value === undefined ? NONE : `${number(value, digits)}\u00a0${unit}`;
  const instants = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium", timeZone });
  const times = new Intl.DateTimeFormat(locale, { timeStyle: "medium", timeZone });
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  return {
    locale,
    number,
    power: (w) => scaled(w, "W"),
    energy: (wh) => scaled(wh, "Wh"),
    current: plain("A", 1),
    voltage: plain("V", 0),
    percent: plain("%", 0),
    money(amount, currency) {
      if (amount === null || amount === undefined || amount === "") return NONE;
      if (!/^[A-Z]{3}$/.test(currency)) return number(Number(amount), 2);
      return new Intl.NumberFormat(locale, { style: "currency", currency }).format(Number(amount));
    },
    duration(s) {
      if (s === null || s === undefined) return NONE;
      const whole = Math.max(0, Math.round(s));
      const hours = Math.floor(whole / 3600);
      const minutes = Math.floor((whole % 3600) / 60);
      if (hours > 0) return `${number(hours)}\u00a0h ${minutes}\u00a0min`;
      return minutes > 0 ? `${minutes}\u00a0min ${whole % 60}\u00a0s` : `${whole}\u00a0s`;
    },
    instant: (at) => (at ? instants.format(new Date(at)) : NONE),
    time: (at) => times.format(new Date(at)),
    date: (at) => dates.format(new Date(at)),
    since(at, now) {
      if (!at) return NONE;
      const s = (new Date(at).getTime() - now.getTime()) / 1000;
      // A server's clock that is a little ahead is no news from the future.
      if (Math.abs(s) < 1) return relative.format(0, "second");
      const step = STEPS.find((one) => Math.abs(s) >= one.s) ?? STEPS[5];
      return relative.format(Math.trunc(s / step.s), step.unit);
    },
  };
}
