// A browser, and what the tests of the page say of it. Not a test itself.
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { spawn } from "node:child_process";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";

// The packages stand beside the page, or where the program's build installed them.
const require = createRequire(join(process.env.WIRESCOPE_MODULES ?? join(import.meta.dirname, ".."), "package.json"));
const { chromium } = require("playwright-core");
export const axeSource = require("axe-core").source;

/** Where the server under test answers. */
export const base = process.env.WIRESCOPE_URL ?? "http://127.0.0.1:8765/";

const executablePath =
  process.env.WIRESCOPE_CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));

export function launch() {
  return chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** A page on the run of that fragment, once its first packet is shown. Fails on any error that the page reports. */
export async function open(browser, fragment = "", options = {}) {
  const { width = 1440, height = 900, scheme = "light", motion = "reduce", url = base, before } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: motion });
  const page = await context.newPage();
  // A machine that is busy with other tests is slow: no test says how long anything may take.
  page.setDefaultTimeout(Number(process.env.WIRESCOPE_PATIENCE ?? 180_000));
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && /content security policy/i.test(message.text())) page.errors.push(message.text());
  });
  if (before) await before(page);
  await page.goto(url + fragment);
  await page.waitForSelector(".inspector header .where strong");
  return page;
}

let browser;

/** A browser for the tests of a file, from the first to the last. */
export function withBrowser() {
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());
  return () => browser;
}

/** Runs a test in a page of its own, and fails if the page reported an error. */
export function journey(name, fragment, options, body) {
  test(name, { timeout: 600_000 }, async () => {
    const page = await open(browser, fragment, options);
    try {
      await body(page);
      assert.deepEqual(page.errors, []);
    } finally {
      await page.context().close();
    }
  });
}

/** The program under test. */
export const program = process.env.WIRESCOPE_PROGRAM ?? join(import.meta.dirname, "../../target/debug/wirescope");

/** A server of one's own, to be ended at will. */
export async function serve(...args) {
  const process = spawn(program, ["serve", ...args, "--port", "0"], { stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise((found, failed) => {
    let said = "";
    process.stdout.on("data", (data) => {
      said += data;
      if (said.includes("\n")) found(said.trim());
    });
    process.on("exit", () => failed(new Error("wirescope serve ended")));
  });
  const ended = new Promise((done) => process.on("exit", done));
  return { url, pid: process.pid, end: () => (process.kill("SIGKILL"), ended) };
}

/** Shows what a narrow window folds away: the menu, more ways to move, how packets are shown. Elsewhere there is nothing to unfold. */
export async function unfold(page) {
  for (const more of await page.locator("button.more").all()) {
    if ((await more.isVisible()) && (await more.getAttribute("aria-expanded")) === "false") await more.click();
  }
}

/** The run that the page shows, as its server calls it. */
export async function runOf(page) {
  return page.evaluate(async () => {
    const values = new URLSearchParams(location.hash.slice(1));
    const knobs = Object.fromEntries([...values].filter(([name]) => name.startsWith("k.")).map(([name, value]) => [name.slice(2), value]));
    const headers = { "Content-Type": "application/json", "X-Wirescope": "1" };
    const answer = await fetch("/api/run", { method: "POST", headers, body: JSON.stringify({ source: values.get("source"), knobs }) });
    return (await answer.json()).run;
  });
}

/** The number of the packet that the inspector shows. */
export async function packet(page) {
  const text = await page.textContent(".inspector header .where strong");
  return Number(text.replace("#", ""));
}

/** Waits until the inspector shows packet `n`. */
export async function shows(page, n) {
  await page.waitForFunction((n) => document.querySelector(".inspector header .where strong")?.textContent === `#${n}`, n);
}

/** What every view says of the present moment. */
export async function seen(page) {
  return page.evaluate(() => ({
    transport: document.querySelector(".now")?.textContent?.replace(/\s+/g, " ").trim(),
    inspector: document.querySelector(".inspector header .where strong")?.textContent,
    ladder: document.querySelector("[role=option][aria-selected=true]")?.getAttribute("aria-posinset"),
    states: [...document.querySelectorAll(".host .state")].map((e) => e.textContent).join(" | "),
    slider: document.querySelector("input[type=range][aria-label=Moment]")?.getAttribute("aria-valuetext"),
  }));
}

/** Tabs until what has the focus matches; fails if nothing does. */
export async function tabTo(page, selector, most = 120) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) return;
  }
  throw new Error(`${selector} is not reached with the Tab key`);
}
