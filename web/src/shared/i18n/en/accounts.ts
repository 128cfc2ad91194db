export const accounts = {
  signIn: "Sign in",
  signOut: "Sign out",
  login: "Name",
  password: "Password",
  welcome: "Sign in to Forecourt",
  firstTime:
    "The first administrator's password is printed when the server starts for the first time. Whoever lost it: forecourt user reset-password.",
  signedInAs: (name: string) => `Signed in as ${name}`,
  language: "Language",
  theme: "Theme",
  light: "Light",
  dark: "Dark",
  auto: "Like the system",
};
