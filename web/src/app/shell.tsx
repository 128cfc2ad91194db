/** What is around every page: where one can go, who one is, and whether what one sees is live. */
import {
  ActionIcon, Alert, AppShell, Box, Burger, Group, NativeSelect, NavLink, Text, UnstyledButton,
} from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconCommand, IconPlugConnectedX, IconUser } from "@tabler/icons-react";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useMay, useMe } from "@/shared/api/session.ts";
import { useOrganisations, useScope, useSites } from "@/shared/api/scope.tsx";
import { useWords } from "@/shared/i18n/index.tsx";
import { useConnection } from "@/shared/live/live.tsx";
import { ADMINISTRATION, PLACES, type Place } from "./navigation.ts";
import classes from "./shell.module.css";

// Neither is needed to see what is there: they come when somebody wants them.
const Palette = lazy(() => import("./palette.tsx"));
const PersonMenu = lazy(() => import("./person.tsx"));

export function Shell() {
  const words = useWords();
  const connection = useConnection();
  const { pathname } = useLocation();
  const [opened, navigation] = useDisclosure();
  const [searching, palette] = useDisclosure();
  const { close } = navigation;
  useHotkeys([["mod+K", palette.open]], []);
  useEffect(close, [pathname, close]);
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !opened } }} padding="md">
      <a className="skip" href="#content">
        {words.everyday.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={navigation.toggle} hiddenFrom="sm" size="sm" aria-label={words.nav.open} />
            <Text component={Link} to="/" fw={800} size="lg" className={classes.brand}>
              Forecourt
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ScopeChoice />
            <ActionIcon
              variant="default"
              size="lg"
              onClick={palette.open}
              aria-label={words.nav.palette}
              title={`${words.nav.palette} (Ctrl K)`}
            >
              <IconCommand size={18} aria-hidden />
            </ActionIcon>
            <LiveMark />
            <Person />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={words.nav.main} component="nav">
        <AppShell.Section grow className={classes.places}>
          <Places places={PLACES} />
          <AdministrationPlaces />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {connection === "lost" && (
          <Alert color="orange" mb="md" icon={<IconPlugConnectedX aria-hidden />}>
            {words.connection.lost}
          </Alert>
        )}
        <Outlet />
      </AppShell.Main>
      <Suspense>{searching && <Palette close={palette.close} />}</Suspense>
    </AppShell>
  );
}

function Places({ places }: { places: readonly Place[] }) {
  const words = useWords();
  const may = useMay();
  const { pathname } = useLocation();
  return places
    .filter((place) => place.permission === undefined || may(place.permission))
    .map((place) => {
      const here = place.to === "/" ? pathname === "/" : pathname.startsWith(place.to);
      return (
        <NavLink
          key={place.to}
          component={Link}
          to={place.to}
          label={words.nav[place.name]}
          leftSection={<place.icon size={18} aria-hidden />}
          active={here}
          aria-current={here ? "page" : undefined}
          className={classes.place}
        />
      );
    });
}

function AdministrationPlaces() {
  const words = useWords();
  return (
    <>
      <Text size="xs" c="dimmed" fw={600} px="sm" pt="md" pb={4}>
        {words.nav.administration}
      </Text>
      <Places places={ADMINISTRATION} />
    </>
  );
}

/** Which organisation or site is looked at; not offered where there is nothing to choose. */
function ScopeChoice() {
  const words = useWords();
  const { scope, look } = useScope();
  const sites = useSites();
  const organisations = useOrganisations();
  if (sites.length + organisations.length < 2) return null;
  const many = organisations.length > 1;
  const value = scope.siteId ? `s${scope.siteId}` : scope.organisationId ? `o${scope.organisationId}` : "";
  const choose = (chosen: string) => {
    const id = Number(chosen.slice(1));
    look(chosen === "" ? {} : chosen.startsWith("s") ? { siteId: id } : { organisationId: id });
  };
  const siteOptions = (organisationId: number) =>
    sites
      .filter((one) => one.organisationId === organisationId)
      .map((one) => (
        <option key={one.id} value={`s${one.id}`}>
          {one.name}
        </option>
      ));
  return (
    <NativeSelect
      aria-label={words.everyday.scope}
      value={value}
      visibleFrom="xs"
      w={190}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <option value="">{words.everyday.everything}</option>
      {organisations.map((one) =>
        many ? (
          <optgroup key={one.id} label={one.name}>
            <option value={`o${one.id}`}>{words.everyday.allOf(one.name)}</option>
            {siteOptions(one.id)}
          </optgroup>
        ) : (
          siteOptions(one.id)
        ),
      )}
    </NativeSelect>
  );
}

function LiveMark() {
  const words = useWords();
  const connection = useConnection();
  const says = connection === "lost" ? words.connection.lostShort : words.connection[connection];
  return (
    <Group gap={6} wrap="nowrap" role="status" className={classes.live} data-connection={connection}>
      <Box className={classes.dot} aria-hidden />
      <Text size="sm" visibleFrom="md">
        {says}
      </Text>
    </Group>
  );
}

/** Who is signed in; the menu comes with the first sign that it is wanted. */
function Person() {
  const words = useWords();
  const me = useMe();
  const [wanted, setWanted] = useState(false);
  const button = (
    <UnstyledButton
      aria-label={words.accounts.signedInAs(me.name)}
      aria-haspopup="menu"
      className={classes.person}
      onClick={() => setWanted(true)}
    >
      <IconUser size={20} aria-hidden />
    </UnstyledButton>
  );
  return wanted ? (
    <Suspense fallback={button}>
      <PersonMenu />
    </Suspense>
  ) : (
    button
  );
}
