/** English: the dictionary that says which words there are. */
import { accounts } from "./accounts.ts";
import { commands } from "./commands.ts";
import { common } from "./common.ts";
import { overview } from "./overview.ts";
import { stations } from "./stations.ts";

export const en = { ...common, overview, stations, commands, accounts };

export type Words = typeof en;
