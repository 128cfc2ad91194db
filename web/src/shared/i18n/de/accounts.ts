import type { accounts as english } from "../en/accounts.ts";

export const accounts: typeof english = {
  signIn: "Anmelden",
  signOut: "Abmelden",
  login: "Name",
  password: "Passwort",
  welcome: "Bei Forecourt anmelden",
  firstTime:
    "Das Passwort des ersten Verwalters wird beim ersten Start des Servers angezeigt. Wer es verloren hat: forecourt user reset-password.",
  signedInAs: (name: string) => `Angemeldet als ${name}`,
  language: "Sprache",
  theme: "Farben",
  light: "Hell",
  dark: "Dunkel",
  auto: "Wie das System",
};
