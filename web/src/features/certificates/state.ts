/** What a certificate is at the moment. */
import type { CertificateOut } from "@/shared/api/schema.gen.ts";

export type State = "revoked" | "expired" | "expiring" | "inUse" | "superseded" | "unused" | "notYet";

/** As long before its end a certificate that is in use counts as expiring: what the overview counts too. */
export const SOON_MS = 21 * 24 * 60 * 60 * 1000;

type Known = Pick<CertificateOut, "validFrom" | "validTo" | "revokedAt" | "supersededAt" | "inUse">;

export function stateOf(certificate: Known, now: Date): State {
  if (certificate.revokedAt !== null) return "revoked";
  const left = new Date(certificate.validTo).getTime() - now.getTime();
  if (left <= 0) return "expired";
  if (certificate.inUse) return left < SOON_MS ? "expiring" : "inUse";
  if (certificate.supersededAt !== null) return "superseded";
  return new Date(certificate.validFrom) > now ? "notYet" : "unused";
}

/** Whether it could open the door to its holder, now or later. */
export const mayBeRevoked = (state: State): boolean => state !== "revoked" && state !== "expired";
