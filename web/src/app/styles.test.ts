import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const SHEETS = "node_modules/@mantine/core/styles";

it("has the styles of every component that is used", () => {
  const imported = new Set(readFileSync("src/app/styles.ts", "utf8").match(/(?<=styles\/)\w+(?=\.css)/g));
  const used = globSync("src/**/*.tsx").flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)].flatMap(([, names = ""]) =>
      names.split(",").map((name) => name.trim().replace("type ", "")),
    ),
  );
  const naked = [...new Set(used)].filter((name) => existsSync(`${SHEETS}/${name}.css`) && !imported.has(name));
  expect(naked).toEqual([]);
});
