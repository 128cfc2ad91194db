import type { transactions as english } from "../en/transactions.ts";

export const transactions: typeof english = {};
