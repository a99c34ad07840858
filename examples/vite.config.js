import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

const web = fileURLToPath(new URL("../web/", import.meta.url));
const server = process.env.HOLISTIC_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  // The client library's sources; a project of your own installs the package instead.
  resolve: { alias: { "holistic-rtc": `${web}sdk/src/index.ts` } },
  server: {
    fs: { allow: [".", web] },
    // To the browser all is of one origin.
    proxy: { "/whip": server, "/whep": server, "/api": server },
  },
});
