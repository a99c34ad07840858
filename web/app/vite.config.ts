import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

import { PAGES } from "./shell/pages.js";
import { addresses, pages } from "./shell/vite-plugins.js";

const SERVER = "http://127.0.0.1:8080";

/** The sources of the client library, so that its build isn't needed here. */
export const alias = { "holistic-rtc": fileURLToPath(new URL("../sdk/src/index.ts", import.meta.url)) };

export default defineConfig({
  root: import.meta.dirname,
  plugins: [pages, addresses],
  // Relative to the page's <base>, in which the server puts the path below which it is served.
  base: "./",
  resolve: { alias },
  build: {
    // Where the server looks for the pages: `server/holistic_rtc/http/pages.py`.
    outDir: fileURLToPath(new URL("../../server/holistic_rtc/http/static/", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" }, // of three.js and what else the pages carry
    chunkSizeWarningLimit: 800, // three.js, which only the page with the avatar loads
    rolldownOptions: { input: PAGES.map((page) => `${page}.html`) },
  },
  // `npm run dev` serves the pages with hot reload and leaves the rest to a running `holistic-rtc serve`.
  server: { proxy: { "/whip": SERVER, "/whep": SERVER, "/api": SERVER, "/sample.webm": SERVER } },
});
