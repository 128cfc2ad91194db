/** A role and where it holds: on the platform, in an organisation, or at a site. */
import type { GrantBody, GrantOut, OrganisationOut, SiteOut } from "@/shared/api/schema.gen.ts";

export type Where = Pick<GrantOut, "organisationId" | "siteId">;

/** Roles of those who work here; drivers have an API of their own. */
export const ROLES = ["administrator", "operator", "technician", "viewer"] as const;
export type Role = (typeof ROLES)[number];
export type Named = { organisations: readonly OrganisationOut[]; sites: readonly SiteOut[]; platform: string };

const PLATFORM = "platform";

/** A place as the value of a choice. */
export function keyOf(where: Where): string {
  if (where.siteId) return `site ${where.siteId}`;
  return where.organisationId ? `organisation ${where.organisationId}` : PLATFORM;
}

/** The place of a choice; null when it is of a site that is not among `sites`. */
export function whereOf(key: string, sites: readonly SiteOut[]): Required<Where> | null {
  if (key === PLATFORM) return { organisationId: null, siteId: null };
  const [kind, number] = key.split(" ");
  const id = Number(number);
  if (kind === "organisation") return { organisationId: id, siteId: null };
  const site = sites.find((one) => one.id === id);
  return site === undefined ? null : { organisationId: site.organisationId, siteId: id };
}

/** What a place is called. */
export function placeName(where: Where, { organisations, sites, platform }: Named): string {
  const named = organisations.find((one) => one.id === where.organisationId)?.name;
  const organisation = named ?? String(where.organisationId);
  if (where.siteId) {
    const site = sites.find((one) => one.id === where.siteId)?.name ?? String(where.siteId);
    return organisations.length > 1 ? `${organisation} · ${site}` : site;
  }
  return where.organisationId ? organisation : platform;
}

/** Where somebody with these grants may give others a role. */
export function choicesFor(mine: readonly GrantOut[], named: Named): { value: string; label: string }[] {
  const administers = mine.filter((one) => one.role === "administrator" && !one.siteId);
  const everywhere = administers.some((one) => !one.organisationId);
  const ours = (id: number) => everywhere || administers.some((one) => one.organisationId === id);
  const places: Where[] = [
    ...(everywhere ? [{ organisationId: null, siteId: null }] : []),
    ...named.organisations.filter((one) => ours(one.id)).map((one) => ({ organisationId: one.id, siteId: null })),
    ...named.sites
      .filter((one) => ours(one.organisationId))
      .map((one) => ({ organisationId: one.organisationId, siteId: one.id })),
  ];
  return places.map((one) => ({ value: keyOf(one), label: placeName(one, named) }));
}

/** The least that can be given, where it is likeliest: not on the whole platform if there is another place. */
export function leastGrant(places: readonly { value: string }[], sites: readonly SiteOut[]): GrantOut | null {
  const place = places.find((one) => one.value !== PLATFORM) ?? places[0];
  const where = place === undefined ? null : whereOf(place.value, sites);
  return where && { role: "viewer", ...where };
}

/** What the API takes: a grant without what says nothing. */
export function bodyOf(grants: readonly GrantOut[]): GrantBody[] {
  return grants.map(({ role, organisationId, siteId }) => ({
    role,
    organisationId: organisationId ?? null,
    siteId: siteId ?? null,
  }));
}
