import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

/** Adds the client library to the pages that the app's build has written: one ES module that any page can import. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  build: {
    outDir: fileURLToPath(new URL("../../server/holistic_rtc/http/static/sdk/", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "holistic-rtc.js" },
  },
});
