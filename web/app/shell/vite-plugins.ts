import { basename } from "node:path";

import type { Plugin } from "vite";

import { PAGES, renderPage } from "./pages.js";

export const pages: Plugin = {
  name: "pages",
  transformIndexHtml: { order: "pre", handler: (content, { filename }) => renderPage(basename(filename), content) },
};

/** In `npm run dev`, what the server does: each page at its address, and the viewer also at `/view/{session}`. */
export const addresses: Plugin = {
  name: "addresses",
  configureServer: ({ middlewares }) => {
    middlewares.use((request, _, next) => {
      const [path = "", query] = (request.url ?? "").split("?", 2);
      const address = path.replace(/^\/view\/[^/]*$/, "/view");
      const page = Object.keys(PAGES).find((name) => PAGES[name]!.address === address);
      if (page) {
        request.url = `/${page}${query === undefined ? "" : `?${query}`}`;
      }
      next();
    });
  },
};
