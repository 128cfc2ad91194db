import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/users", () => import("./users.tsx"), "UsersPage"],
  ["/users/new", () => import("./newUser.tsx"), "NewUserPage"],
  ["/users/roles", () => import("./roles.tsx"), "RolesPage"],
  ["/users/$userId", () => import("./user.tsx"), "UserPage"],
  ["/keys", () => import("./keys.tsx"), "KeysPage"],
  ["/keys/new", () => import("./newKey.tsx"), "NewKeyPage"],
];
