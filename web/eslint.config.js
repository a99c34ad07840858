import { existsSync, readdirSync } from "node:fs";

import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The folders of the app, from the ground up: a file imports from its own folder and from those of the storeys below. */
const STOREYS = [
  ["base"],
  ["i18n"],
  ["camera"],
  ["connection"],
  ["shell"],
  ["inspector", "publish", "recording"],
  ["snapshot"],
  // The pages
  readdirSync(`${import.meta.dirname}/app`).filter((folder) =>
    existsSync(`${import.meta.dirname}/app/${folder}/main.ts`),
  ),
];

const zones = STOREYS.flatMap((folders, storey) =>
  folders.map((folder) => ({
    target: `app/${folder}`,
    from: STOREYS.slice(storey)
      .flat()
      .filter((other) => other !== folder)
      .map((other) => `app/${other}`),
    message: "See STOREYS in eslint.config.js.",
  })),
).filter(({ from }) => from.length > 0);

export default defineConfig(
  globalIgnores(["tests/generated/", "sdk/dist/"]),
  {
    files: ["**/*.ts"],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
  },
  {
    files: ["**/*.ts"],
    plugins: { "import-x": importX },
    settings: {
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
      "import-x/resolver-next": [createNodeResolver({ extensionAlias: { ".js": [".ts", ".js"] } })],
    },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/order": ["error", { alphabetize: { order: "asc" }, "newlines-between": "ignore" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-non-null-assertion": "off", // indices checked a line before
    },
  },
  {
    files: ["app/**/*.ts"],
    rules: {
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["**/sdk/**", "holistic-rtc/*"], message: 'Import from "holistic-rtc".' }] },
      ],
    },
  },
);
