/** What is being written into a form. */
import { useState } from "react";

export type Draft<T> = {
  value: T;
  /** Change one field. */
  set: <K extends keyof T>(name: K, value: T[K]) => void;
  /** What an input tells when somebody types. */
  typed: (name: { [K in keyof T]: T[K] extends string ? K : never }[keyof T]) => Typed;
};

type Typed = { value: string; onChange: (event: { currentTarget: { value: string } }) => void };

export function useDraft<T extends object>(initial: T): Draft<T> {
  const [value, setValue] = useState(initial);
  const set: Draft<T>["set"] = (name, changed) => setValue((before) => ({ ...before, [name]: changed }));
  return {
    value,
    set,
    typed: (name) => ({
      value: value[name] as string,
      onChange: (event) => set(name, event.currentTarget.value as T[typeof name]),
    }),
  };
}

/** The fields of `after` that are not what they were: a change says nothing of the rest. */
export function changedFields<T extends object>(before: T, after: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => !same(value, (before as Record<string, unknown>)[name])),
  ) as Partial<T>;
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
