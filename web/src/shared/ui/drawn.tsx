/** Which rows of a long list are drawn: those in sight and some around them. Of a short one all are. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useLayoutEffect, useState } from "react";

type Drawn = {
  rows: { index: number; measure: ((row: HTMLElement | null) => void) | undefined }[];
  /** How much room those take that are not drawn, in pixels. */
  before: number;
  after: number;
};

/** So many are no burden, and can be found by the browser's own search. */
const ALL = 100;
const USUAL_HEIGHT = 58;
const AROUND = 12;

/** `keyAt` tells rows apart where others may come before them. */
export function useDrawn(
  count: number,
  body: RefObject<HTMLElement | null>,
  keyAt: (index: number) => string | number = (index) => index,
): Drawn {
  const isLong = count > ALL;
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    if (isLong && body.current) setTop(body.current.getBoundingClientRect().top + window.scrollY);
  }, [isLong, body]);
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => USUAL_HEIGHT,
    getItemKey: keyAt,
    overscan: AROUND,
    scrollMargin: top,
    enabled: isLong,
  });
  if (!isLong) {
    return { rows: Array.from({ length: count }, (_, index) => ({ index, measure: undefined })), before: 0, after: 0 };
  }
  const shown = virtualizer.getVirtualItems();
  const first = shown[0];
  const last = shown.at(-1);
  return {
    rows: shown.map(({ index }) => ({ index, measure: virtualizer.measureElement })),
    before: first === undefined ? 0 : first.start - top,
    after: last === undefined ? 0 : virtualizer.getTotalSize() - (last.end - top),
  };
}

/** In place of rows that are not drawn. */
export function Spacer({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={columns} style={{ height, padding: 0 }} />
    </tr>
  );
}
