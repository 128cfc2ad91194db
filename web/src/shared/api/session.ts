/** Who is signed in, and what they may do. */
import { createContext, useContext } from "react";
import type { CallerOut } from "./schema.gen.ts";

export type Me = CallerOut;

export const MeContext = createContext<Me | null>(null);

/** Who is signed in; only below the sign-in. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error("nobody is signed in here");
  return me;
}

/** Whether something is permitted anywhere; what is not is not offered. */
export function useMay(): (permission: string) => boolean {
  const me = useMe();
  return (permission) => me.permissions.includes(permission);
}
