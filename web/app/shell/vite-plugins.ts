import { basename } from "node:path";

import type { Plugin } from "vite";

import { addressOf, PAGES, renderPage } from "./pages.js";

export const pages: Plugin = {
  name: "pages",
  transformIndexHtml: {
    order: "pre",
    handler: (content, { filename }) => renderPage(basename(filename, ".html"), content),
  },
};

/** In `npm run dev`, what the server does: each page at its address, and view.html also at `/view/{session}`. */
export const addresses: Plugin = {
  name: "addresses",
  configureServer: ({ middlewares }) => {
    middlewares.use((request, _, next) => {
      const [path = "", query] = (request.url ?? "").split("?", 2);
      const address = path.replace(/^\/view\/[^/]*$/, "/view").slice(1) || "./";
      const page = PAGES.find((name) => addressOf(name) === address);
      if (page) {
        request.url = `/${page}.html${query === undefined ? "" : `?${query}`}`;
      }
      next();
    });
  },
};
