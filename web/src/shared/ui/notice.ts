/** Short news of what was done, spoken by screen readers too. */
import { notifications } from "@mantine/notifications";

// They go away by themselves, and hide nothing.
const withCloseButton = false;

export function tell(message: string): void {
  notifications.show({ message, color: "teal", autoClose: 4000, withCloseButton });
}

export function warn(message: string): void {
  notifications.show({ message, color: "orange", autoClose: 8000, withCloseButton });
}
