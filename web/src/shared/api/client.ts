/** The API, typed by its own description. Whatever is not a success is thrown as `Refused`. */
import createClient, { type Middleware } from "openapi-fetch";
import type { Fault, paths, Problem } from "./schema.gen.ts";

/** What the server said instead of what was asked for; `away` when it said nothing at all. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly faults: readonly Fault[] = [],
  ) {
    super(detail);
    this.name = "Refused";
  }

  static of(status: number, problem: Partial<Problem> | undefined): Refused {
    return new Refused(status, problem?.code ?? "unclear", problem?.detail ?? "", problem?.errors ?? []);
  }

  /** What was wrong with one field of a form, if it was at fault. */
  fault(path: string): Fault | undefined {
    return this.faults.find((one) => one.path === path || one.path.startsWith(`${path}.`));
  }
}

export const AWAY = "away";

let csrfToken: string | null = null;
let whenSignedOut: () => void = () => undefined;

/** What a request that changes something carries besides the cookie. */
export function proveWith(token: string | null): void {
  csrfToken = token;
}

/** Called when the server no longer knows who we are. */
export function onSignedOut(tell: () => void): void {
  whenSignedOut = tell;
}

const manners: Middleware = {
  onRequest({ request }) {
    if (csrfToken !== null && request.method !== "GET") request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401 && !response.url.endsWith("/session")) whenSignedOut();
  },
};

export const api = createClient<paths>({ baseUrl: typeof location === "undefined" ? "" : location.origin });
api.use(manners);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of a success. Raises Refused. */
export async function told<T>(asked: Promise<Answer<T>>): Promise<NonNullable<T>> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(0, AWAY, "");
  }
  if (!answer.response.ok) throw Refused.of(answer.response.status, answer.error as Partial<Problem>);
  return answer.data as NonNullable<T>;
}

/** A key that makes the server do a POST once, however often it is sent. */
export function once(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}
