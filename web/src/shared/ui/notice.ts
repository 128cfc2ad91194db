/** Short news of what was done, spoken by screen readers too. Their place on the page comes with the first of them. */

let isWanted = false;
let tellWanted: () => void = () => undefined;

/** Calls `tell` with the first news, which wait until then; at once if there are some already. */
export function whenWanted(tell: () => void): void {
  tellWanted = tell;
  if (isWanted) tell();
}

async function show(message: string, color: string, autoClose: number): Promise<void> {
  // Not before there is news: it would be a part of what a first visit loads.
  const { notifications } = await import("@mantine/notifications");
  // They go away by themselves, and hide nothing.
  notifications.show({ message, color, autoClose, withCloseButton: false });
  isWanted = true;
  tellWanted();
}

export function tell(message: string): void {
  void show(message, "teal", 4000);
}

export function warn(message: string): void {
  void show(message, "orange", 8000);
}
