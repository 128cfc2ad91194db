import { CommandMenu } from "@/shared/commanding/menu.tsx";
import { StationFrame } from "@/shared/station/frame.tsx";
import { History } from "./history.tsx";

export function StationCommands() {
  return (
    <StationFrame tab="commands" actions={(station) => <CommandMenu station={station} />}>
      {(station) => <History stationId={station.id} />}
    </StationFrame>
  );
}
