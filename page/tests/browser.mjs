// A browser, and what the tests of the page say of it. Not a test itself.
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
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
  const { width = 1440, height = 900, scheme = "light", url = base, before } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && /content security policy/i.test(message.text())) page.errors.push(message.text());
  });
  if (before) await before(page);
  await page.goto(url + fragment);
  await page.waitForSelector(".inspector header .where strong", { timeout: 60_000 });
  return page;
}

/** The number of the packet that the inspector shows. */
export async function packet(page) {
  const text = await page.textContent(".inspector header .where strong");
  return Number(text.replace("#", ""));
}

/** Waits until the inspector shows packet `n`. */
export async function shows(page, n) {
  await page.waitForFunction((n) => document.querySelector(".inspector header .where strong")?.textContent === `#${n}`, n, { timeout: 20_000 });
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
