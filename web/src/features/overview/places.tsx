/** Sites on a map that needs nobody's server; tiles are laid under it where the settings name a server of them. */
import "maplibre-gl/dist/maplibre-gl.css";
import { Anchor, Card, Group, SimpleGrid, Stack, Text, useComputedColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { LngLatBounds, Map as Maplibre, Marker, NavigationControl, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { useEffect, useRef } from "react";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import land from "world-atlas/countries-50m.json?url";
import type { SiteCounts, SiteOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { apart } from "./apart.ts";
import classes from "./overview.module.css";

type Counted = { site: SiteOut; counts: SiteCounts | undefined };
type Settings = { tilesUrl: string; tilesAttribution: string };

setWorkerUrl(worker);

/** More sites than anybody would look at one by one are not shown one by one. */
const MOST = 30;

export default function Places({ sites, counts }: { sites: SiteOut[]; counts: readonly SiteCounts[] }) {
  const words = useWords();
  const shown = sites.slice(0, MOST);
  const counted = shown.map((site) => ({ site, counts: counts.find((one) => one.siteId === site.id) }));
  const placed = counted.filter(({ site }) => site.latitudeDegrees !== null && site.longitudeDegrees !== null);
  return (
    <Stack>
      {placed.length > 0 && <WorldMap places={placed} />}
      {sites.length === 0 && <Text c="dimmed">{words.overview.noSites}</Text>}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {counted.map(({ site, counts: here }) => (
          <Card withBorder key={site.id} padding="sm">
            <Group justify="space-between" wrap="nowrap">
              <Anchor component={Link} to={`/sites/${site.id}`} fw={600}>
                {site.name}
              </Anchor>
              <Text size="sm" c={colorOf(here).text}>
                {here && words.overview.siteState(here.connected, here.total)}
              </Text>
            </Group>
            <Text size="sm" c="dimmed">
              {here ? words.overview.siteSessions(here.activeSessions) : words.overview.siteEmpty}
              {here && here.faulted > 0 && ` · ${words.overview.siteFaulted(here.faulted)}`}
            </Text>
          </Card>
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function colorOf(counts: SiteCounts | undefined): { pin: string; text: string } {
  if (counts === undefined) return { pin: "var(--mantine-color-gray-6)", text: "dimmed" };
  if (counts.faulted > 0) return { pin: "var(--mantine-color-red-6)", text: "red" };
  if (counts.offline > 0) return { pin: "var(--mantine-color-orange-6)", text: "dimmed" };
  return { pin: "var(--mantine-color-teal-6)", text: "dimmed" };
}

function WorldMap({ places }: { places: Counted[] }) {
  const words = useWords();
  const navigate = useNavigate();
  const scheme = useComputedColorScheme("light");
  const place = useRef<HTMLDivElement>(null);
  const map = useRef<Maplibre | null>(null);
  const settings = useQuery({
    queryKey: ["dashboard-settings"],
    queryFn: async () => (await (await fetch("/dashboard.json")).json()) as Settings,
  });
  const countries = useQuery({
    queryKey: ["countries"],
    queryFn: async () => {
      const topology = (await (await fetch(land)).json()) as Topology<{ countries: GeometryCollection }>;
      return feature(topology, topology.objects.countries);
    },
  });
  const where = places.map(({ site }) => [site.longitudeDegrees ?? 0, site.latitudeDegrees ?? 0] as [number, number]);
  const key = JSON.stringify(where);
  useEffect(() => {
    if (place.current === null || !settings.data || !countries.data) return;
    const first = new LngLatBounds();
    for (const one of JSON.parse(key) as [number, number][]) first.extend(one);
    const made = new Maplibre({
      container: place.current,
      style: styleOf(settings.data, countries.data, scheme === "dark"),
      bounds: first,
      fitBoundsOptions: { padding: 60, maxZoom: settings.data.tilesUrl ? 13 : 7 },
      attributionControl: settings.data.tilesAttribution ? { customAttribution: settings.data.tilesAttribution } : false,
    });
    const shown = place.current;
    shown.dataset.drawn = "false";
    made.on("idle", () => {
      if (made.isSourceLoaded("countries")) shown.dataset.drawn = "true";
    });
    made.addControl(new NavigationControl({ showCompass: false }));
    map.current = made;
    return () => {
      map.current = null;
      made.remove();
    };
  }, [settings.data, countries.data, scheme, key]);
  useEffect(() => {
    const target = map.current;
    if (target === null) return;
    const markers = places.map(({ site, counts }) => {
      // For the mouse; for everybody all of them are in the list below.
      const pin = document.createElement("div");
      pin.className = classes.pin ?? "";
      pin.style.setProperty("--pin", colorOf(counts).pin);
      pin.textContent = counts ? `${site.name} · ${counts.activeSessions}` : site.name;
      pin.addEventListener("click", () => void navigate({ to: `/sites/${site.id}` }));
      pin.ariaHidden = "true";
      return new Marker({ element: pin }).setLngLat([site.longitudeDegrees ?? 0, site.latitudeDegrees ?? 0]).addTo(target);
    });
    const spread = () => {
      const labels = markers.map((marker) => {
        const { x, y } = target.project(marker.getLngLat());
        const { offsetWidth: width, offsetHeight: height } = marker.getElement();
        return { x, y, width, height };
      });
      for (const [index, down] of apart(labels).entries()) markers[index]?.setOffset([0, down]);
    };
    spread();
    target.on("zoom", spread);
    return () => {
      target.off("zoom", spread);
      for (const marker of markers) marker.remove();
    };
  });
  return <section ref={place} className={classes.map} aria-label={words.overview.map} />;
}

function styleOf(settings: Settings, countries: GeoJSON.GeoJSON, dark: boolean): StyleSpecification {
  const water = dark ? "#1b2530" : "#dfeaf2";
  const ground = dark ? "#2b3440" : "#f7f5ef";
  const line = dark ? "#4b5866" : "#c5c1b5";
  const style: StyleSpecification = {
    version: 8,
    sources: { countries: { type: "geojson", data: countries } },
    layers: [
      { id: "water", type: "background", paint: { "background-color": water } },
      { id: "land", type: "fill", source: "countries", paint: { "fill-color": ground } },
      { id: "borders", type: "line", source: "countries", paint: { "line-color": line, "line-width": 1 } },
    ],
  };
  if (settings.tilesUrl) {
    style.sources.tiles = { type: "raster", tiles: [settings.tilesUrl], tileSize: 256 };
    style.layers.push({ id: "tiles", type: "raster", source: "tiles" });
  }
  return style;
}
