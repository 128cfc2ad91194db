/** Every address there is. Pages come when somebody goes there. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { pages as accounts } from "@/features/accounts/pages.ts";
import { pages as audit } from "@/features/audit/pages.ts";
import { pages as certificates } from "@/features/certificates/pages.ts";
import { pages as commands } from "@/features/commands/pages.ts";
import { pages as log } from "@/features/log/pages.ts";
import { pages as overview } from "@/features/overview/pages.ts";
import { pages as provisioning } from "@/features/provisioning/pages.ts";
import { pages as security } from "@/features/security/pages.ts";
import { pages as settings } from "@/features/settings/pages.ts";
import { pages as sites } from "@/features/sites/pages.ts";
import { pages as stations } from "@/features/stations/pages.ts";
import { pages as tokens } from "@/features/tokens/pages.ts";
import { pages as transactions } from "@/features/transactions/pages.ts";
import { pages as webhooks } from "@/features/webhooks/pages.ts";
import { Missing } from "./missing.tsx";
import { Shell } from "./shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: Missing });

const tree = root.addChildren(
  [
    overview, stations, provisioning, commands, log, security, certificates, transactions, tokens, sites, accounts, webhooks, audit,
    settings,
  ]
    .flat()
    .map(([path, load, name]) =>
      createRoute({
        getParentRoute: () => root,
        path,
        validateSearch: (search: Record<string, unknown>) => search,
        component: lazyRouteComponent(load as () => Promise<Record<string, never>>, name),
      }),
    ),
);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultNotFoundComponent: Missing,
});
