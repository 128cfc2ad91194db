import { expect, test } from "vitest";
import type { GrantOut, OrganisationOut, SiteOut } from "@/shared/api/schema.gen.ts";
import { bodyOf, choicesFor, keyOf, leastGrant, placeName, whereOf } from "./grants.ts";

const organisations = [
  { id: 1, name: "Us" },
  { id: 2, name: "Them" },
] as OrganisationOut[];
const sites = [
  { id: 7, organisationId: 1, name: "Depot" },
  { id: 8, organisationId: 2, name: "Mall" },
] as SiteOut[];
const named = { organisations, sites, platform: "Platform" };
const labels = (grants: GrantOut[]) => choicesFor(grants, named).map((one) => one.label);

test("a place comes back from its choice", () => {
  for (const where of [
    { organisationId: null, siteId: null },
    { organisationId: 2, siteId: null },
    { organisationId: 1, siteId: 7 },
  ]) {
    expect(whereOf(keyOf(where), sites)).toEqual(where);
  }
  expect(whereOf("site 99", sites)).toBeNull();
});

test("a place is called by its site, and by its organisation where there are several", () => {
  expect(placeName({ organisationId: 1, siteId: 7 }, named)).toBe("Us · Depot");
  const alone = { ...named, organisations: organisations.slice(0, 1) };
  expect(placeName({ organisationId: 1, siteId: 7 }, alone)).toBe("Depot");
  expect(placeName({}, named)).toBe("Platform");
});

test("roles are given only where one administers", () => {
  expect(labels([{ role: "administrator" }])).toEqual(["Platform", "Us", "Them", "Us · Depot", "Them · Mall"]);
  expect(labels([{ role: "administrator", organisationId: 1 }])).toEqual(["Us", "Us · Depot"]);
  expect(labels([{ role: "administrator", organisationId: 1, siteId: 7 }])).toEqual([]);
  expect(labels([{ role: "operator", organisationId: 1 }])).toEqual([]);
});

test("a grant on the platform says so", () => {
  expect(bodyOf([{ role: "viewer" }])).toEqual([{ role: "viewer", organisationId: null, siteId: null }]);
});

test("what is offered first is the least", () => {
  const places = choicesFor([{ role: "administrator" }], named);
  expect(leastGrant(places, sites)).toEqual({ role: "viewer", organisationId: 1, siteId: null });
  expect(leastGrant(places.slice(0, 1), sites)).toEqual({ role: "viewer", organisationId: null, siteId: null });
  expect(leastGrant([], sites)).toBeNull();
});
