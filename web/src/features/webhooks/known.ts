/** What the pages about webhooks ask for more than once. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { api, told } from "@/shared/api/client.ts";
import type { EventKind } from "@/shared/api/schema.gen.ts";
import { tagged } from "@/shared/api/tagged.ts";
import { useEvents } from "@/shared/live/live.tsx";

export function useWebhook(id: number) {
  return useQuery({
    queryKey: ["webhooks", "one", id],
    queryFn: () => tagged(api.GET("/api/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: id } } })),
  });
}

/** The kinds of events there are, with what they mean. */
export function useKinds(): readonly EventKind[] {
  const { data } = useQuery({ queryKey: ["event-kinds"], queryFn: () => told(api.GET("/api/v1/event-kinds")) });
  return data?.items ?? [];
}

/** Ask anew for everything about webhooks. */
export function useAnew(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(() => client.invalidateQueries({ queryKey: ["webhooks"] }), [client]);
}

/** For how long a delivery may take until it shows. */
const AFTER_MS = 2000;

/** Deliveries are no events themselves, but follow events: some time after one there is something new to see. */
export function useDeliveriesAnew(): void {
  const anew = useAnew();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const soon = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void anew();
    }, AFTER_MS);
  }, [anew]);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents(soon);
}
