/** German, in the words of the English dictionary. */
import type { Words } from "../en/index.ts";
import { accounts } from "./accounts.ts";
import { audit } from "./audit.ts";
import { certificates } from "./certificates.ts";
import { commands } from "./commands.ts";
import { everyday } from "./everyday.ts";
import { log } from "./log.ts";
import { overview } from "./overview.ts";
import { provisioning } from "./provisioning.ts";
import { security } from "./security.ts";
import { settings } from "./settings.ts";
import { sites } from "./sites.ts";
import { stations } from "./stations.ts";
import { tokens } from "./tokens.ts";
import { transactions } from "./transactions.ts";
import { webhooks } from "./webhooks.ts";

export const de: Words = {
  ...everyday,
  accounts,
  audit,
  certificates,
  commands,
  log,
  overview,
  provisioning,
  security,
  settings,
  sites,
  stations,
  tokens,
  transactions,
  webhooks,
};
