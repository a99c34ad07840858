import { defineConfig } from "vite";

/** Adds the client library to what `vite.config.ts` has built: one ES module that any page can import. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: new URL("../server/holistic_rtc/http/static/sdk/", import.meta.url).pathname,
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: "sdk/src/index.ts", formats: ["es"], fileName: () => "holistic-rtc.js" },
  },
});
