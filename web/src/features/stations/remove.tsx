/** Removes a station that has no history; others can only be put out of service. */
import { useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import type { StationDetail } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { tell } from "@/shared/ui/notice.ts";

export function RemoveStation({ station, close }: { station: StationDetail; close: () => void }) {
  const words = useWords();
  const navigate = useNavigate();
  return (
    <Confirm
      opened
      close={close}
      title={words.stations.removeTitle(station.stationId)}
      act={words.everyday.remove}
      run={async () => {
        await told(api.DELETE("/api/v1/stations/{station_id}", { params: { path: { station_id: station.id } } }));
        tell(words.stations.removed(station.stationId));
        await navigate({ to: "/stations" });
      }}
    >
      {words.stations.removeHelp}
    </Confirm>
  );
}
