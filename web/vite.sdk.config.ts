import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

/** Adds the client library to what `vite.config.ts` has built: one ES module that any page can import. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: fileURLToPath(new URL("../server/holistic_rtc/http/static/sdk/", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: "sdk/src/index.ts", formats: ["es"], fileName: () => "holistic-rtc.js" },
  },
});
