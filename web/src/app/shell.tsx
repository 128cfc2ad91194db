/** What is around every page: where one can go, who one is, and whether what one sees is live. */
import {
  ActionIcon, Alert, AppShell, Box, Burger, Group, Menu, NavLink, ScrollArea, Select, Text, Tooltip, UnstyledButton,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCommand, IconLanguage, IconLogout, IconMoon, IconPlugConnectedX, IconUser } from "@tabler/icons-react";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { useMay, useMe } from "@/shared/api/session.ts";
import { useOrganisations, useScope, useSites } from "@/shared/api/scope.tsx";
import { LANGUAGES, useLanguage, useWords } from "@/shared/i18n/index.tsx";
import { useConnection } from "@/shared/live/live.tsx";
import { ADMINISTRATION, PLACES, type Place } from "./navigation.ts";
import { Palette } from "./palette.tsx";
import { useSignOut } from "./session.tsx";
import classes from "./shell.module.css";

export function Shell() {
  const words = useWords();
  const connection = useConnection();
  const { pathname } = useLocation();
  const [opened, navigation] = useDisclosure();
  const [searching, palette] = useDisclosure();
  const { close } = navigation;
  useEffect(close, [pathname, close]);
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !opened } }} padding="md">
      <a className="skip" href="#content">
        {words.common.skip}
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
            <Tooltip label={`${words.nav.palette} (Ctrl K)`}>
              <ActionIcon variant="default" size="lg" onClick={palette.open} aria-label={words.nav.palette}>
                <IconCommand size={18} aria-hidden />
              </ActionIcon>
            </Tooltip>
            <LiveMark />
            <Person />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={words.nav.main} component="nav">
        <AppShell.Section grow component={ScrollArea}>
          <Places places={PLACES} />
          <AdministrationPlaces />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {connection === "lost" && (
          <Alert color="orange" mb="md" icon={<IconPlugConnectedX aria-hidden />} role="status">
            {words.connection.lost}
          </Alert>
        )}
        <Outlet />
      </AppShell.Main>
      <Palette opened={searching} open={palette.open} close={palette.close} />
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
  const named = (id: number) => organisations.find((one) => one.id === id)?.name ?? "";
  const many = organisations.length > 1;
  const data = [
    ...(many ? organisations.map((one) => ({ value: `o${one.id}`, label: one.name })) : []),
    ...sites.map((one) => ({
      value: `s${one.id}`,
      label: many ? `${named(one.organisationId)} · ${one.name}` : one.name,
    })),
  ];
  const value = scope.siteId ? `s${scope.siteId}` : scope.organisationId ? `o${scope.organisationId}` : null;
  return (
    <Select
      aria-label={words.common.scope}
      placeholder={words.common.everything}
      data={data}
      value={value}
      searchable
      clearable
      visibleFrom="xs"
      w={190}
      onChange={(chosen) => {
        const id = Number(chosen?.slice(1));
        look(chosen === null ? {} : chosen.startsWith("s") ? { siteId: id } : { organisationId: id });
      }}
    />
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

function Person() {
  const words = useWords();
  const me = useMe();
  const signOut = useSignOut();
  const { language, speak } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = ["auto", "light", "dark"] as const;
  return (
    <Menu width={240} position="bottom-end">
      <Menu.Target>
        <UnstyledButton aria-label={words.accounts.signedInAs(me.name)} className={classes.person}>
          <IconUser size={20} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{words.accounts.signedInAs(me.name)}</Menu.Label>
        <Menu.Divider />
        <Menu.Label>{words.accounts.theme}</Menu.Label>
        {schemes.map((scheme) => (
          <Menu.Item
            key={scheme}
            leftSection={<IconMoon size={16} aria-hidden />}
            onClick={() => setColorScheme(scheme)}
            aria-current={colorScheme === scheme}
            fw={colorScheme === scheme ? 700 : 400}
          >
            {words.accounts[scheme]}
          </Menu.Item>
        ))}
        <Menu.Label>{words.accounts.language}</Menu.Label>
        {LANGUAGES.map((one) => (
          <Menu.Item
            key={one.value}
            leftSection={<IconLanguage size={16} aria-hidden />}
            onClick={() => speak(one.value)}
            aria-current={language === one.value}
            fw={language === one.value ? 700 : 400}
          >
            {one.label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut}>
          {words.accounts.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
