import type { Words } from "../en/index.ts";
import { en } from "../en/index.ts";
export const de: Words = en;
