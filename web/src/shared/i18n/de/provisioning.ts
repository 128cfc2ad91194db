import type { provisioning as english } from "../en/provisioning.ts";

export const provisioning: typeof english = {};
