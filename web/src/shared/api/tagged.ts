/** A thing with its entity tag, so that a change of it says for which state of it it was made. */
import { told } from "./client.ts";

export type Tagged<T> = { value: T; tag: string };

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of a success with its tag. Raises Refused. */
export async function tagged<T>(asked: Promise<Answer<T>>): Promise<Tagged<NonNullable<T>>> {
  const value = await told(asked);
  // Without a tag nothing is changed: the server refuses an empty one.
  return { value, tag: (await asked).response.headers.get("ETag") ?? "" };
}

/** What a change carries; it is refused if somebody else has changed the thing meanwhile. */
export function ifStill(thing: Tagged<unknown>): { "If-Match": string } {
  return { "If-Match": thing.tag };
}
