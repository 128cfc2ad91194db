/** Languages: one dictionary, typed by its English one. German comes when it is wanted. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { type Formats, formats, localeFor } from "@/shared/units/format.ts";
import { en, type Words } from "./en/index.ts";

export type Language = "en" | "de";
export const LANGUAGES: readonly { value: Language; label: string }[] = [
  { value: "en", label: "English" },
  { value: "de", label: "Deutsch" },
];

const KEPT = "forecourt.language";

type Speech = { language: Language; words: Words; format: Formats; speak: (language: Language) => void };

const SpeechContext = createContext<Speech | null>(null);

/** The language that was chosen, or the browser's. */
export function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "de") return kept;
  return navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

async function wordsOf(language: Language): Promise<Words> {
  return language === "de" ? (await import("./de/index.ts")).de : en;
}

export function Speaking({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(preferred);
  const [spoken, setSpoken] = useState<{ language: Language; words: Words } | null>(
    preferred() === "en" ? { language: "en", words: en } : null,
  );
  useEffect(() => {
    let wanted = true;
    void wordsOf(language).then((words) => {
      if (!wanted) return;
      document.documentElement.lang = language;
      setSpoken({ language, words });
    });
    return () => {
      wanted = false;
    };
  }, [language]);
  const speech = useMemo<Speech | null>(
    () =>
      spoken && {
        ...spoken,
        format: formats(localeFor(spoken.language, navigator.language)),
        speak: (chosen) => {
          localStorage.setItem(KEPT, chosen);
          setLanguage(chosen);
        },
      },
    [spoken],
  );
  return speech && <SpeechContext value={speech}>{children}</SpeechContext>;
}

function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (speech === null) throw new Error("no language is spoken here");
  return speech;
}

export const useWords = (): Words => useSpeech().words;
export const useFormat = (): Formats => useSpeech().format;
export const useLanguage = (): Pick<Speech, "language" | "speak"> => useSpeech();
