import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Where the server looks for the pages: `server/holistic_rtc/http/pages.py`. */
const STATIC = fileURLToPath(new URL("../server/holistic_rtc/http/static/", import.meta.url));

const SERVER = "http://127.0.0.1:8080";

/** Puts `app/parts/NAME.html`, which several pages have, in the place of `<!-- NAME -->`. */
const parts: Plugin = {
  name: "parts",
  transformIndexHtml: {
    order: "pre",
    handler: (html) =>
      html.replaceAll(/<!-- (\w+) -->/g, (_, name: string) =>
        readFileSync(new URL(`app/parts/${name}.html`, import.meta.url), "utf8"),
      ),
  },
};

/** In `npx vite`, what the server does for `/view/{session}` and `/avatar`. */
const addresses: Plugin = {
  name: "addresses",
  configureServer: ({ middlewares }) => {
    middlewares.use((request, _, next) => {
      request.url = request.url
        ?.replace(/^\/view(\/[^/]*)?$/, "/viewer.html")
        .replace(/^\/avatar(?=$|\?)/, "/avatar.html");
      next();
    });
  },
};

export default defineConfig({
  root: "app",
  plugins: [parts, addresses],
  build: {
    outDir: STATIC,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" }, // of three.js and what else the pages carry
    chunkSizeWarningLimit: 800, // three.js, which only the page with the avatar loads
    rolldownOptions: { input: ["app/index.html", "app/viewer.html", "app/avatar.html"] },
  },
  // `npx vite` serves the pages with hot reload and leaves the rest to a running `holistic-rtc serve`.
  server: { proxy: { "/whip": SERVER, "/whep": SERVER, "/api": SERVER, "/sample.jpg": SERVER } },
  test: { root: import.meta.dirname, include: ["{app,sdk,tests}/**/*.test.ts"] },
});
