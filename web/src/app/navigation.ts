/** Where one can go, and what one must be permitted for it. */
import {
  IconActivity, IconBolt, IconBuilding, IconCertificate, IconCreditCard, IconHistory, IconKey, IconLayoutDashboard, IconListDetails,
  IconMapPin, IconSettings, IconShield, IconTerminal2, IconUsers, IconWebhook,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { Words } from "@/shared/i18n/en/index.ts";

export type Place = {
  to: string;
  name: keyof Words["nav"];
  icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
  permission?: string;
};

export const PLACES: readonly Place[] = [
  { to: "/", name: "overview", icon: IconLayoutDashboard },
  { to: "/stations", name: "stations", icon: IconBolt, permission: "stations.read" },
  { to: "/sessions", name: "sessions", icon: IconActivity, permission: "transactions.read" },
  { to: "/tokens", name: "tokens", icon: IconCreditCard, permission: "tokens.read" },
  { to: "/sites", name: "sites", icon: IconMapPin, permission: "sites.read" },
  { to: "/commands", name: "commands", icon: IconTerminal2, permission: "commands.read" },
  { to: "/log", name: "log", icon: IconListDetails, permission: "log.read" },
  { to: "/security", name: "security", icon: IconShield, permission: "log.read" },
  { to: "/certificates", name: "certificates", icon: IconCertificate, permission: "certificates.read" },
];

export const ADMINISTRATION: readonly Place[] = [
  { to: "/organisations", name: "organisations", icon: IconBuilding, permission: "organisations.write" },
  { to: "/users", name: "users", icon: IconUsers, permission: "users.read" },
  { to: "/keys", name: "keys", icon: IconKey, permission: "keys.read" },
  { to: "/webhooks", name: "webhooks", icon: IconWebhook, permission: "webhooks.read" },
  { to: "/audit", name: "audit", icon: IconHistory, permission: "audit.read" },
  { to: "/settings", name: "settings", icon: IconSettings },
];

