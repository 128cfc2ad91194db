/** What is around the pages about one webhook: what it is, what can be done with it, deliveries and dead letters. */
import { Alert, Button, Paper, Stack } from "@mantine/core";
import { IconAlertTriangle, IconPencil, IconPower, IconSend, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import type { WebhookOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { ifStill, type Tagged } from "@/shared/api/tagged.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { Asked } from "@/shared/ui/asked.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { LinkTabs } from "@/shared/ui/tabs.tsx";
import { useAnew, useDeliveriesAnew, useWebhook } from "./known.ts";
import { Outcome } from "./outcome.tsx";
import { WebhookBadge } from "./state.tsx";

type Props = { tab: "" | "/dead-letters"; children: ReactNode };

export function WebhookFrame({ tab, children }: Props) {
  const words = useWords();
  const may = useMay();
  const id = useNumber("webhookId");
  const above = [{ title: words.nav.webhooks, to: "/webhooks" }];
  const anew = useAnew();
  useDeliveriesAnew();
  const pinging = useMutation({
    mutationFn: () =>
      told(
        api.POST("/api/v1/webhooks/{webhook_id}/ping", {
          params: { path: { webhook_id: id } },
          headers: once(),
          body: {},
        }),
      ),
    onSuccess: anew,
  });
  const tabs = [
    { to: `/webhooks/${id}`, name: words.webhooks.deliveries },
    { to: `/webhooks/${id}/dead-letters`, name: words.webhooks.letters },
  ];
  return (
    <Asked of={useWebhook(id)} title={words.nav.webhooks} under={above}>
      {(known) => (
        <Page
          title={known.value.name}
          under={above}
          badge={<WebhookBadge hook={known.value} />}
          actions={
            may("webhooks.write") && (
              <>
                <Button
                  leftSection={<IconSend size={16} aria-hidden />}
                  loading={pinging.isPending}
                  onClick={() => pinging.mutate()}
                >
                  {words.webhooks.ping}
                </Button>
                <Actions hook={known} />
              </>
            )
          }
        >
          <Stack>
            {pinging.error && <Refusal error={pinging.error} />}
            {pinging.data && <Outcome tried={pinging.data} />}
            <Trouble hook={known.value} />
            <Paper withBorder p="md">
              <Record hook={known.value} />
            </Paper>
            <LinkTabs label={known.value.name} here={`/webhooks/${id}${tab}`} tabs={tabs}>
              {children}
            </LinkTabs>
          </Stack>
        </Page>
      )}
    </Asked>
  );
}

function Trouble({ hook }: { hook: WebhookOut }) {
  const words = useWords();
  const format = useFormat();
  const said: string[] = [];
  if (hook.disabledBecause) said.push(words.webhooks.disabledBecause(hook.disabledBecause));
  if (hook.attempt > 0) {
    said.push(words.webhooks.failed(format.number(hook.attempt), hook.lastError));
    if (hook.nextAt !== null) said.push(words.webhooks.nextTry(format.instant(hook.nextAt)));
  }
  if (hook.missedAt !== null) said.push(words.webhooks.missed(format.instant(hook.missedAt)));
  if (said.length === 0) return null;
  return (
    <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} title={words.webhooks.trouble}>
      {said.map((one) => (
        <div key={one}>{one}</div>
      ))}
    </Alert>
  );
}

function Record({ hook }: { hook: WebhookOut }) {
  const words = useWords();
  const format = useFormat();
  return (
    <Facts
      of={[
        [words.webhooks.url, hook.url],
        [words.webhooks.kinds, hook.kinds === null ? words.webhooks.allKinds : hook.kinds.join(", ")],
        [
          words.webhooks.station,
          hook.stationId !== null && (
            <Link to={`/stations/${hook.stationId}`}>{words.webhooks.oneStation(hook.stationId)}</Link>
          ),
        ],
        [
          words.webhooks.site,
          hook.siteId !== null && <Link to={`/sites/${hook.siteId}`}>{words.webhooks.oneSite(hook.siteId)}</Link>,
        ],
        [words.webhooks.delivered, hook.deliveredAt ? format.instant(hook.deliveredAt) : words.webhooks.never],
        [words.webhooks.createdAt, format.instant(hook.createdAt)],
      ]}
    />
  );
}

function Actions({ hook }: { hook: Tagged<WebhookOut> }) {
  const words = useWords();
  const navigate = useNavigate();
  const anew = useAnew();
  const [asking, ask] = useState<"switch" | "remove" | null>(null);
  const { id, name, enabled } = hook.value;
  const params = { path: { webhook_id: id } };
  const close = () => ask(null);
  return (
    <>
      <Button component={Link} to={`/webhooks/${id}/edit`} variant="default" leftSection={<IconPencil size={16} aria-hidden />}>
        {words.everyday.edit}
      </Button>
      <Button variant="default" leftSection={<IconPower size={16} aria-hidden />} onClick={() => ask("switch")}>
        {enabled ? words.webhooks.disable : words.webhooks.enable}
      </Button>
      <Button variant="default" c="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => ask("remove")}>
        {words.everyday.remove}
      </Button>
      <Confirm
        opened={asking === "switch"}
        close={close}
        danger={enabled}
        title={name}
        act={enabled ? words.webhooks.disable : words.webhooks.enable}
        run={async () => {
          const body = { enabled: !enabled };
          await told(api.PATCH("/api/v1/webhooks/{webhook_id}", { params, headers: ifStill(hook), body }));
          tell(words.webhooks.saved);
          await anew();
        }}
      >
        {enabled ? words.webhooks.disableHelp : words.webhooks.enableHelp}
      </Confirm>
      <Confirm
        opened={asking === "remove"}
        close={close}
        title={words.webhooks.removeTitle(name)}
        act={words.everyday.remove}
        run={async () => {
          await told(api.DELETE("/api/v1/webhooks/{webhook_id}", { params, headers: ifStill(hook) }));
          await navigate({ to: "/webhooks" });
          tell(words.webhooks.removed(name));
          void anew();
        }}
      >
        {words.webhooks.removeHelp}
      </Confirm>
    </>
  );
}
