/** What the pages have in common, put around what each has of its own. Runs in the build, and in `npm run dev`. */

import { readFileSync } from "node:fs";

interface Page {
  /** Its entry in the menu. */
  address: string;
  script: string;
  description: string;
  /** The name of its text. */
  tagline: string;
  /** Of the connection, before anything has happened. */
  state: "idle" | "connecting";
  /** A part that goes into the header. */
  tabs?: string;
  /** Keys, the names of the texts that explain them, and for a key that isn't always there a class. */
  help: readonly (readonly [key: string, text: string, only?: "of-camera" | "of-session"])[];
}

export const PAGES: Readonly<Record<string, Page>> = {
  "index.html": {
    address: "/",
    script: "/live/main.ts",
    description: "Live body, face and hand tracking from your webcam",
    tagline: "tagline",
    state: "idle",
    tabs: "live/tabs.html",
    help: [
      ["Space", "helpStart"],
      ["M", "helpMirror"],
      ["D", "helpDraw"],
      ["S", "helpSmoothing"],
      ["L", "helpShare"],
      ["V", "helpView"],
    ],
  },
  "viewer.html": {
    address: "/view",
    script: "/viewer/main.ts",
    description: "Watch live body, face and hand tracking of a running session",
    tagline: "viewer.tagline",
    state: "connecting",
    help: [
      ["F", "viewer.helpFullScreen", "of-session"],
      ["C", "viewer.helpCopy", "of-session"],
    ],
  },
  "avatar.html": {
    address: "/avatar",
    script: "/avatar/main.ts",
    description: "An avatar that moves as you do in front of your webcam",
    tagline: "avatar.tagline",
    state: "idle",
    help: [
      ["Space", "helpStart", "of-camera"],
      ["M", "avatar.helpMirror"],
      ["U", "avatar.helpUpperBody"],
      ["P", "avatar.helpPreview", "of-camera"],
      ["C", "avatar.helpCalibrate"],
      ["O", "avatar.helpChoose"],
      ["F", "viewer.helpFullScreen"],
    ],
  },
};

const MENU = [
  { address: "/", id: "landmarks-link", text: "menu.landmarks" },
  { address: "/view", id: "watch", text: "menu.watch" },
  { address: "/avatar", id: "avatar-link", text: "menu.avatar" },
];

/**
 * The whole page. `<!-- include FOLDER/FILE.html -->` stands for a part in a file of the app.
 *
 * @param name - of the page, such as `index.html`.
 * @param content - what is below the header.
 */
export function renderPage(name: string, content: string): string {
  const page = PAGES[name];
  if (!page) {
    throw new Error(`there is no page ${name}`);
  }
  const { description, script, state, tagline, tabs } = page;
  const values: Record<string, string> = { description, script, state, tagline, page: name.replace(".html", "") };
  const slots: Record<string, string> = {
    tabs: tabs ? readPart(tabs) : "",
    menu: renderMenu(page.address),
    help: renderHelp([...page.help, ["?", "helpHelp"]]),
    content,
  };
  return readPart("shell/shell.html")
    .replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key]!)
    .replaceAll(/<!-- (\w+) -->/g, (_, slot: string) => slots[slot]!)
    .replaceAll(/<!-- include (\S+) -->/g, (_, path: string) => readPart(path));
}

function renderMenu(current: string): string {
  return MENU.map(({ address, id, text }) => {
    const mark = address === current ? ' aria-current="page"' : "";
    return `<a id="${id}" class="button quiet" href="${address}" data-keep-token data-testid="${id}" data-i18n="${text}"${mark}></a>`;
  }).join("\n");
}

function renderHelp(help: Page["help"]): string {
  return help
    .map(([key, text, only]) => {
      const name = key === "Space" ? '<kbd data-i18n="space"></kbd>' : `<kbd>${key}</kbd>`;
      return `<div${only ? ` class="${only}"` : ""}><dt>${name}</dt><dd data-i18n="${text}"></dd></div>`;
    })
    .join("\n");
}

function readPart(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}
