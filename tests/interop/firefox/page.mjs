/**
 * One page in a headless Firefox, over WebDriver BiDi.
 *
 *     node page.mjs /usr/bin/firefox-esr http://127.0.0.1:8080/
 *
 * Reads one command per line and answers each with a line, all of them JSON. The first answer says that the page has
 * loaded.
 *
 *     {"evaluate": function, "argument"}   call a function in the page; answers {"result"}
 *     {"until": function, "argument"}      wait until it returns something truthy; answers {"result": null}
 *     {"click": selector}                  answers {"result": null}
 *
 * A command that fails is answered with {"error"}. Whatever the page does wrong is reported as it happens: an error in
 * the console, an exception, or a response of 400 and above, as {"complaint"}. Exits when standard input closes.
 */

import { once } from "node:events";
import { argv, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";

import puppeteer from "puppeteer-core";

/** Generous, for slow machines. */
const LAUNCH_MS = 120_000;
const CONDITION_MS = 60_000;

/** @param {Record<string, unknown>} line */
function tell(line) {
  stdout.write(`${JSON.stringify(line)}\n`);
}

/**
 * @param {import("puppeteer-core").Page} page
 * @param {{ evaluate?: string, until?: string, click?: string, argument?: unknown }} command
 * @returns {Promise<unknown>}
 */
async function run(page, { evaluate, until, click, argument = null }) {
  if (evaluate) {
    return page.evaluate(`(${evaluate})(${JSON.stringify(argument)})`);
  }
  if (until) {
    await page.waitForFunction(`(${until})(${JSON.stringify(argument)})`);
  }
  if (click) {
    await page.locator(click).click();
  }
}

const [, , executablePath, url] = argv;
if (!executablePath || !url) {
  throw new Error("usage: page.mjs FIREFOX URL");
}

// The profile is a new one, in a temporary folder; puppeteer's preferences keep it from calling home.
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  headless: true,
  defaultViewport: { width: 1280, height: 900 },
  timeout: LAUNCH_MS,
});
const page = await browser.newPage();
page.setDefaultTimeout(CONDITION_MS);
page.on("console", (message) => message.type() === "error" && tell({ complaint: message.text() }));
page.on("pageerror", (error) => tell({ complaint: String(error) }));
page.on("response", (response) => {
  if (response.status() >= 400) {
    tell({ complaint: `${response.status()} ${response.url()}` });
  }
});

const commands = createInterface({ input: stdin });
commands.on("line", async (line) => {
  try {
    tell({ result: (await run(page, JSON.parse(line))) ?? null });
  } catch (error) {
    const shown = await page.evaluate("document.body.innerText").catch(String);
    tell({ error: `${error}; the page shows:\n${shown}` });
  }
});
await page.goto(url);
tell({ result: null });
await once(commands, "close");
await browser.close();
