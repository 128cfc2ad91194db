/** Everything by keyboard: pages, stations, tokens. */
import { Combobox, Group, Modal, Text, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { ADMINISTRATION, PLACES } from "./navigation.ts";

type Found = { to: string; label: string; kind: string };

export default function Palette({ close }: { close: () => void }) {
  const words = useWords();
  return (
    <Modal opened onClose={close} title={words.nav.palette} closeButtonProps={{ "aria-label": words.everyday.close }}>
      <Search close={close} />
    </Modal>
  );
}

function Search({ close }: { close: () => void }) {
  const words = useWords();
  const navigate = useNavigate();
  const [said, setSaid] = useState("");
  const found = useFound(said);
  const combobox = useCombobox({ opened: true });
  useEffect(() => {
    combobox.selectFirstOption();
  }, [found.length, said]);
  return (
    <Combobox
      store={combobox}
      onOptionSubmit={(to) => {
        close();
        void navigate({ to });
      }}
    >
      <Combobox.EventsTarget>
        <TextInput
          data-autofocus
          aria-label={words.nav.palette}
          placeholder={words.nav.paletteHint}
          value={said}
          onChange={(event) => setSaid(event.currentTarget.value)}
        />
      </Combobox.EventsTarget>
      <Combobox.Options mt="sm" mah={400} style={{ overflowY: "auto" }} aria-label={words.nav.palette}>
        {found.length === 0 && <Combobox.Empty>{words.nav.nothing}</Combobox.Empty>}
        {found.map((one) => (
          <Combobox.Option value={one.to} key={one.to}>
            <Group justify="space-between">
              {one.label}
              <Text size="xs" c="dimmed">
                {one.kind}
              </Text>
            </Group>
          </Combobox.Option>
        ))}
      </Combobox.Options>
    </Combobox>
  );
}

function useFound(said: string): Found[] {
  const words = useWords();
  const may = useMay();
  const [asked] = useDebouncedValue(said.trim(), 150);
  const stations = useQuery({
    queryKey: ["stations", "list", { search: asked, palette: true }],
    queryFn: () => told(api.GET("/api/v1/stations", { params: { query: { search: asked, limit: 8 } } })),
    enabled: asked !== "" && may("stations.read"),
  });
  const tokens = useQuery({
    queryKey: ["tokens", "list", { search: asked, palette: true }],
    queryFn: () => told(api.GET("/api/v1/tokens", { params: { query: { search: asked, limit: 5 } } })),
    enabled: asked !== "" && may("tokens.read"),
  });
  const places = [...PLACES, ...ADMINISTRATION]
    .filter((place) => place.permission === undefined || may(place.permission))
    .map((place) => ({ to: place.to, label: words.nav[place.name], kind: "" }))
    .filter((place) => place.label.toLowerCase().includes(said.trim().toLowerCase()));
  const station = (stations.data?.items ?? []).map((one) => ({
    to: `/stations/${one.id}`,
    label: one.name ? `${one.stationId} · ${one.name}` : one.stationId,
    kind: words.nav.stations,
  }));
  const token = (tokens.data?.items ?? []).map((one) => ({
    to: `/tokens/${one.id}`,
    label: one.visualNumber ? `${one.value} · ${one.visualNumber}` : one.value,
    kind: words.nav.tokens,
  }));
  return asked === "" || said.trim() === "" ? places : [...station, ...token, ...places];
}
