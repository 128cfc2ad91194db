/** What came of a request that was just made. */
import { Alert } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import type { Tried } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";

export function Outcome({ tried }: { tried: Tried }) {
  const words = useWords();
  const format = useFormat();
  const took = words.webhooks.took(format.number(tried.durationMs));
  return tried.delivered ? (
    <Alert color="teal" icon={<IconCircleCheck aria-hidden />} title={words.webhooks.arrived}>
      {words.webhooks.answered(tried.httpStatus ?? 0)} {took}
    </Alert>
  ) : (
    <Alert color="red" icon={<IconCircleX aria-hidden />} title={words.webhooks.notArrived}>
      {tried.error} {took}
    </Alert>
  );
}
