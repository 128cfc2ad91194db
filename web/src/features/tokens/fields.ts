/** A token as its form has it, and as the API takes it. */
import type { TokenBody, TokenOut } from "@/shared/api/schema.gen.ts";
import { instantOf, localOf } from "@/shared/ui/moments.ts";

export type Medium = TokenOut["medium"];
export const MEDIA: readonly Medium[] = ["rfid", "app", "contract", "code", "payment", "other"];

/** Kinds of OCPP 2.1; an idTag of 1.6 has none, and fits any. */
export const KINDS = [
  "ISO14443", "ISO15693", "eMAID", "Central", "KeyCode", "Local", "MacAddress", "EVCCID", "VIN", "DirectPayment",
] as const;

export type TokenFields = {
  value: string;
  kind: string;
  medium: Medium;
  groupId: string;
  visualNumber: string;
  /** As an input has them: in the time of the place. */
  validFrom: string;
  validUntil: string;
  language: string;
  secondLanguage: string;
  personalMessage: string;
  unlimited: boolean;
  maxConcurrent: number;
  concurrentPerGroup: boolean;
  chargingPriority: number;
  cacheLifeS: number | "";
  /** A station a line, `CP1` or `CP1: 1, 2`; none means everywhere. */
  places: string;
  evseKinds: ("ac" | "dc")[];
};

export const BLANK: TokenFields = {
  value: "",
  kind: "",
  medium: "rfid",
  groupId: "",
  visualNumber: "",
  validFrom: "",
  validUntil: "",
  language: "",
  secondLanguage: "",
  personalMessage: "",
  unlimited: false,
  maxConcurrent: 1,
  concurrentPerGroup: false,
  chargingPriority: 0,
  cacheLifeS: "",
  places: "",
  evseKinds: [],
};

export function fieldsOf(token: TokenOut): TokenFields {
  const { value, kind, medium, groupId, visualNumber, language, secondLanguage, personalMessage } = token;
  return {
    ...{ value, kind, medium, groupId, visualNumber, language, secondLanguage, personalMessage },
    validFrom: localOf(token.validFrom),
    validUntil: localOf(token.validUntil),
    unlimited: token.maxConcurrent === null,
    maxConcurrent: token.maxConcurrent ?? 1,
    concurrentPerGroup: token.concurrentPerGroup,
    chargingPriority: token.chargingPriority,
    cacheLifeS: token.cacheLifeS ?? "",
    places: placesText(token.places),
    evseKinds: token.evseKinds ?? [],
  };
}

export type TokenFieldsBody = Omit<Required<TokenBody>, "organisationId">;

export function bodyOf(fields: TokenFields): TokenFieldsBody {
  const { unlimited, maxConcurrent, cacheLifeS, evseKinds, ...same } = fields;
  return {
    ...same,
    validFrom: instantOf(fields.validFrom),
    validUntil: instantOf(fields.validUntil),
    maxConcurrent: unlimited ? null : maxConcurrent,
    cacheLifeS: cacheLifeS === "" ? null : cacheLifeS,
    places: placesOf(fields.places),
    evseKinds: evseKinds.length === 0 ? null : [...evseKinds].sort(),
  };
}

export function placesText(places: TokenOut["places"]): string {
  return Object.entries(places ?? {})
    .map(([station, evses]) => (evses === null ? station : `${station}: ${evses.join(", ")}`))
    .join("\n");
}

/** A station's identity has no colon, so the first one begins the EVSEs. What is no number stays for the server to refuse. */
export function placesOf(text: string): TokenOut["places"] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) return null;
  return Object.fromEntries(
    lines.map((line) => {
      const [station = "", evses] = line.split(":", 2);
      const numbers = evses?.split(/[\s,]+/).filter(Boolean).map(Number) ?? [];
      return [station.trim(), numbers.length === 0 ? null : numbers];
    }),
  );
}
