/** The certificates of one station: which it has, one anew, and which may not be used any more. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { CertificateOut, StationDetail } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { StationFrame } from "@/shared/station/frame.tsx";
import { Issuing } from "@/shared/station/issuing.tsx";
import { Trust } from "@/shared/station/trust.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { mayBeRevoked } from "./state.ts";
import { Certificates } from "./table.tsx";

export function StationCertificatesPage() {
  const may = useMay();
  return (
    <StationFrame tab="certificates" actions={(station) => may("certificates.write") && <Another station={station} />}>
      {(station) => <Known station={station} />}
    </StationFrame>
  );
}

function Another({ station }: { station: StationDetail }) {
  const words = useWords();
  const [opened, dialog] = useDisclosure();
  return (
    <>
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
        {words.certificates.issue}
      </Button>
      {opened && (
        <Modal
          opened
          onClose={dialog.close}
          title={words.certificates.issueFor(station.stationId)}
          closeButtonProps={{ "aria-label": words.everyday.close }}
          size="lg"
        >
          <Stack>
            <Issuing station={station} />
            <Trust />
          </Stack>
        </Modal>
      )}
    </>
  );
}

function Known({ station }: { station: StationDetail }) {
  const words = useWords();
  const own = words.certificates;
  const may = useMay();
  const [revoking, setRevoking] = useState<CertificateOut | null>(null);
  const list = useListed(["certificates", "list", { stationId: station.id }], (cursor, signal) =>
    told(
      api.GET("/api/v1/stations/{station_id}/certificates", {
        signal,
        params: { path: { station_id: station.id }, query: said({ cursor }) },
      }),
    ),
  );
  return (
    <Stack>
      {station.securityProfile < 3 && <Text size="sm">{own.notNeeded(station.securityProfile)}</Text>}
      <Certificates
        ofOne
        label={words.nav.certificates}
        list={list}
        empty={<Empty title={own.noneYet}>{own.noneYetHelp}</Empty>}
        {...(may("certificates.write")
          ? {
              act: (one, state) =>
                mayBeRevoked(state) && (
                  <Group justify="flex-end">
                    <Button variant="light" color="red" size="xs" onClick={() => setRevoking(one)}>
                      {own.revoke}
                    </Button>
                  </Group>
                ),
            }
          : {})}
      />
      <Confirm
        opened={revoking !== null}
        close={() => setRevoking(null)}
        title={own.revokeTitle}
        act={own.revoke}
        run={() =>
          told(
            api.POST("/api/v1/stations/{station_id}/certificates/{certificate_id}/revoke", {
              params: { path: { station_id: station.id, certificate_id: revoking?.id ?? 0 } },
            }),
          )
        }
      >
        {revoking?.inUse ? own.revokeInUse : own.revokeHelp}
      </Confirm>
    </Stack>
  );
}
