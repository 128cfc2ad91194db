import "./styles.ts";
import "./main.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, StrictMode, Suspense, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { Refused } from "@/shared/api/client.ts";
import { Scoping } from "@/shared/api/scope.tsx";
import { Speaking } from "@/shared/i18n/index.tsx";
import { Living } from "@/shared/live/live.tsx";
import { whenWanted } from "@/shared/ui/notice.ts";
import { router } from "./router.tsx";
import { SignedIn } from "./session.tsx";
import { contrast, theme } from "./theme.ts";

const Notices = lazy(() => import("./notices.tsx"));

/** The place of news, once there are some. */
function News() {
  const [wanted, setWanted] = useState(false);
  useEffect(() => whenWanted(() => setWanted(true)), []);
  return <Suspense>{wanted && <Notices />}</Suspense>;
}

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // Events say when something is out of date; nothing is asked for by the clock.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: (failures, error) => error instanceof Refused && error.status === 503 && failures < 5,
    },
  },
});

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={contrast} defaultColorScheme="auto">
      <News />
      <QueryClientProvider client={client}>
        <Speaking>
          <SignedIn>
            <Scoping>
              <Living>
                <RouterProvider router={router} />
              </Living>
            </Scoping>
          </SignedIn>
        </Speaking>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
