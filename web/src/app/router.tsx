/** Every address there is. Pages come when somebody goes there. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Missing } from "./missing.tsx";
import { Shell } from "./shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: Missing });

type Loader = () => Promise<Record<string, unknown>>;

function page<Path extends string>(path: Path, load: Loader, name: string) {
  return createRoute({
    getParentRoute: () => root,
    path,
    validateSearch: (search: Record<string, unknown>) => search,
    component: lazyRouteComponent(load as () => Promise<Record<string, never>>, name),
  });
}

const tree = root.addChildren([
  page("/", () => import("@/features/overview/overview.tsx"), "Overview"),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultNotFoundComponent: Missing,
});
