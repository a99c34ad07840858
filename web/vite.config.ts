import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

/** Where the server looks for the page: `server/holistic_rtc/http/pages.py`. */
const STATIC = fileURLToPath(new URL("../server/holistic_rtc/http/static/", import.meta.url));

const SERVER = "http://127.0.0.1:8080";

export default defineConfig({
  root: "app",
  build: { outDir: STATIC, emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false } },
  // `npx vite` serves the page with hot reload and leaves the rest to a running `holistic-rtc serve`.
  server: { proxy: { "/whip": SERVER, "/api": SERVER, "/sample.jpg": SERVER } },
  test: { root: import.meta.dirname, include: ["{app,sdk,tests}/**/*.test.ts"] },
});
