/** A site as its form has it, and as the API takes it. */
import type { SiteBody, SiteOut } from "@/shared/api/schema.gen.ts";

export type SiteFields = {
  name: string;
  address: string;
  latitude: number | "";
  longitude: number | "";
  timeZone: string;
};

export function blankSite(): SiteFields {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return { name: "", address: "", latitude: "", longitude: "", timeZone };
}

export function fieldsOf(site: SiteOut): SiteFields {
  const { name, address, timeZone } = site;
  return { name, address, timeZone, latitude: site.latitudeDegrees ?? "", longitude: site.longitudeDegrees ?? "" };
}

export function bodyOf(fields: SiteFields): Omit<Required<SiteBody>, "organisationId"> {
  const { name, address, timeZone, latitude, longitude } = fields;
  return {
    ...{ name, address, timeZone },
    latitudeDegrees: latitude === "" ? null : latitude,
    longitudeDegrees: longitude === "" ? null : longitude,
  };
}

/** The names of the time zone database that the browser knows. */
export function timeZones(): string[] {
  return [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];
}
