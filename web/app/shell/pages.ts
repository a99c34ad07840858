/** What the pages have in common, put around what each has of its own. Runs in the build, and in `npm run dev`. */

import { readdirSync, readFileSync } from "node:fs";

/** What a page says of itself in JSON, at the top of its file. */
interface Page {
  description: string;
  /** Its place in the menu, if it is in it. */
  menu?: number;
  /** Of the connection, before anything has happened. */
  state: "idle" | "connecting";
  /** A part that goes into the header. */
  tabs?: string;
  /** Keys, the names of the texts that explain them, and for a key that isn't always there a class. */
  help: readonly (readonly [key: string, text: string, only?: "of-camera" | "of-session"])[];
}

const HEAD = /^<script type="application\/json">(.*?)<\/script>/s;

/** The names of the pages: NAME.html is served at `NAME`, and index.html at `./`, relative to the page's base. */
export const PAGES: readonly string[] = readdirSync(new URL("../", import.meta.url))
  .filter((file) => file.endsWith(".html"))
  .map((file) => file.replace(".html", ""));

export function addressOf(page: string): string {
  return page === "index" ? "./" : page;
}

/** The folder of a page's script and texts. */
function folderOf(page: string): string {
  return page === "index" ? "live" : page;
}

/**
 * The whole page. `<!-- include FOLDER/FILE.html -->` stands for a part in a file of the app.
 *
 * @param file - what the page's own file holds.
 */
export function renderPage(page: string, file: string): string {
  const { description, state, tabs, help } = readHead(file);
  const values: Record<string, string> = { description, state, page, folder: folderOf(page) };
  const slots: Record<string, string> = {
    tabs: tabs ? readPart(tabs) : "",
    menu: renderMenu(page),
    help: renderHelp([...help, ["?", "helpHelp"]]),
    content: file.replace(HEAD, ""),
  };
  return readPart("shell/shell.html")
    .replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key]!)
    .replaceAll(/<!-- (\w+) -->/g, (_, slot: string) => slots[slot]!)
    .replaceAll(/<!-- include (\S+) -->/g, (_, path: string) => readPart(path));
}

function readHead(file: string): Page {
  const [, head] = HEAD.exec(file) ?? [];
  if (head === undefined) {
    throw new Error("NAME.html must start with a JSON block that describes the page");
  }
  return JSON.parse(head) as Page;
}

function renderMenu(current: string): string {
  return PAGES.map((page) => ({ page, place: readHead(readPart(`${page}.html`)).menu }))
    .filter(({ place }) => place !== undefined)
    .sort((one, other) => one.place! - other.place!)
    .map(({ page }) => {
      const mark = page === current ? ' aria-current="page"' : "";
      return `<a id="menu-${page}" class="button quiet" href="${addressOf(page)}" data-keep-token data-i18n="${folderOf(page)}.menu"${mark}></a>`;
    })
    .join("\n");
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
