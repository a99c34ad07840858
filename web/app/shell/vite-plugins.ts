import { basename } from "node:path";

import type { Plugin } from "vite";

import { renderPage } from "./pages.js";

export const pages: Plugin = {
  name: "pages",
  transformIndexHtml: { order: "pre", handler: (content, { filename }) => renderPage(basename(filename), content) },
};

/** In `npm run dev`, what the server does for `/view/{session}` and `/avatar`. */
export const addresses: Plugin = {
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
