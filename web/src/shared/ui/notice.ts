/** Short news of what was done, spoken by screen readers too. */
import { notifications } from "@mantine/notifications";

export function tell(message: string): void {
  notifications.show({ message, color: "teal", autoClose: 4000 });
}

export function warn(message: string): void {
  notifications.show({ message, color: "orange", autoClose: 8000 });
}
