// Folds events into a snapshot as the dashboard does: JSON in, JSON out.
import { stationAfter, transactionAfter } from "../../web/src/shared/live/fold.ts";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { stations, transactions, events } = JSON.parse(Buffer.concat(chunks).toString());
const after = (things, fold) => things.map((thing) => events.reduce(fold, thing));
process.stdout.write(
  JSON.stringify({ stations: after(stations, stationAfter), transactions: after(transactions, transactionAfter) }),
);
