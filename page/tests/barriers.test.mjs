// Nothing bars anybody's way: axe in every view, theme and width; and every class of packet is told apart without colour.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { axeSource, base, open, runOf, unfold, withBrowser } from "./browser.mjs";
import { stand } from "./million.mjs";

const browser = withBrowser();

/** What stands in somebody's way in a part of the page, by all rules or by those that are named. */
const axe = (page, part = "body", rules = null) =>
  page.evaluate(async ([source, part, rules]) => {
    // The page's policy forbids scripts from elsewhere; the tool's is evaluated by the debugger instead.
    if (!window.axe) (0, eval)(source);
    // Rules of the document as a whole hold where the whole is looked at.
    const where = part === "body" ? document : part;
    const found = await window.axe.run(where, { resultTypes: ["violations"], selectors: false, preload: false, ...(rules ? { runOnly: rules } : {}) });
    return found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 140)).join(" || ")}`);
  }, [axeSource, part, rules]);

const button = (name) => (page) => page.getByRole("button", { name, exact: true }).click();
const escape = (page) => page.keyboard.press("Escape");

/**
 * Everything that can be seen, each from where the one before left off: what leads to it, what tells that it is there, what ends it, and the
 * part of the page that it changes. (The whole page is looked at when it opens; a dialog bars the rest.)
 */
const VIEWS = [
  ["what a narrow window folds away", unfold, ".tools", null, "body"],
  ["true time", button("true time"), ".ladder canvas", button("even rows"), "#ladder"],
  ["every hop", button("every hop"), ".hosts .host:nth-child(3)", button("every hop"), "#ladder"],
  ["everything at once", (page) => page.keyboard.press("f"), ".ladder canvas", (page) => page.keyboard.press("0"), "#ladder"],
  ["table", button("Table"), "[role=grid]", null, "#ladder"],
  ["filter", (page) => page.fill(".filter input", "GET"), ".filtered", (page) => page.fill(".filter input", ""), "#ladder"],
  ["what a record decrypts to", (page) => page.getByRole("group", { name: "Bytes to look at" }).getByRole("button").last().click(), "[role=tree]", button("Ladder"), ".inspect"],
  ["help", button("Help and keyboard"), "dialog[open] kbd", escape, "dialog[open]"],
  ["share", button("Share and export"), "dialog[open] a", escape, "dialog[open]"],
  ["where to go", async (page) => {
    await page.keyboard.press("g");
    await page.keyboard.type("nowhere");
    await page.keyboard.press("Enter");
  }, "dialog[open] .wrong", escape, "dialog[open]"],
  ["tour", button("Tour"), ".learn .text b", null, "main"],
  ["question", button("Ask me"), ".learn form, .learn .choices", button("Close the tour"), "main"],
  ["a problem", async (page) => {
    await page.fill(".source input[type=text]", "https://exa mple:99999/");
    await page.keyboard.press("Enter");
  }, "[role=alert]", button("Close the message"), "body"],
  ["graph as a table", async (page) => {
    await page.locator("#tab-graphs").click();
    await page.getByRole("button", { name: "as a table" }).first().click();
  }, "figure table", null, ".panel"],
  ["conditions", button("Conditions"), "#knob-rtt", null, ".knobs"],
  ["A and B", async (page) => {
    await page.getByRole("button", { name: "Keep as A" }).click();
    await page.fill("#knob-rtt", "20ms");
    await page.keyboard.press("Enter");
  }, ".compare .sentences li", null, "body"],
];

/** The request as a file: a capture, or a page of its own. */
async function made(page, format) {
  return Buffer.from(await (await fetch(`${base}api/run/${await runOf(page)}/export.${format}`)).arrayBuffer());
}

/** What is opened afresh: an address, what is done there, and what tells that it is there. */
const OPENED = [
  ["density", "#source=curl&k.size=3000k&packet=900", (page) => page.keyboard.press("f"), ".ladder [role=listbox][aria-label*=density]"],
  ["a damaged capture", "#source=https", async (page) => {
    const buffer = (await made(page, "pcapng")).subarray(0, 5000);
    await page.setInputFiles("input[type=file]", { name: "broken off.pcapng", mimeType: "application/octet-stream", buffer });
  }, ".problem[role=status]"],
  ["a capture", "#source=https&k.loss=3%25&k.size=40k&k.seed=7", async (page) => {
    await page.setInputFiles("input[type=file]", { name: "trace.pcapng", mimeType: "application/octet-stream", buffer: await made(page, "pcapng") });
  }, ".badge.captured"],
  ["an exported file", "#source=https&packet=9", async (page) => {
    const folder = await mkdtemp(join(tmpdir(), "wirescope-barriers-"));
    await writeFile(join(folder, "run.html"), await made(page, "html"));
    await page.goto(`${pathToFileURL(join(folder, "run.html"))}#packet=9&field=http.method`);
    await page.locator(".card .name").waitFor();
    await rm(folder, { recursive: true });
  }, ".card .name"],
];

for (const width of [1440, 768, 320]) {
  test(`nothing bars the way in either theme, ${width} pixels`, { timeout: 900_000 }, async () => {
    const context = await browser().newContext({ viewport: { width, height: 900 }, colorScheme: "light", reducedMotion: "reduce", bypassCSP: true });
    const page = await context.newPage();
    page.setDefaultTimeout(180_000);
    const holds = async (what, part = "body") => {
      await page.waitForTimeout(100);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${what} is ${wide} pixels too wide`);
      assert.deepEqual(await axe(page, part), [], what);
      // A theme is other colours, and nothing else.
      await page.emulateMedia({ colorScheme: "dark" });
      assert.deepEqual(await axe(page, part, ["color-contrast"]), [], `${what}, dark`);
      await page.emulateMedia({ colorScheme: "light" });
    };
    await page.goto(`${base}#source=https&packet=9&field=tcp.window&k.loss=3%25&k.size=40k&k.seed=7`);
    await page.waitForSelector(".card .name");
    await holds("the page");
    for (const panel of await page.$$eval("[role=tab]", (tabs) => tabs.map((tab) => tab.id))) {
      await page.locator(`#${panel}`).click();
      await page.waitForFunction(() => (document.querySelector("#panel")?.textContent ?? "").length > 60);
      await holds(panel, ".panel");
    }
    for (const [what, go, there, back, part] of VIEWS) {
      await unfold(page);
      await go(page);
      await page.locator(there).first().waitFor();
      await holds(what, part);
      await back?.(page);
    }
    for (const [what, address, go, there] of OPENED) {
      await page.goto("about:blank");
      await page.goto(`${base}${address}`);
      await page.waitForSelector(".inspector header .where strong");
      await go(page);
      await page.locator(there).first().waitFor({ state: "attached" });
      await holds(what);
    }
    await page.goto("about:blank");
    await page.goto(`${base}#run=c0000000000000000&packet=9`);
    await page.getByText("This link shows a capture").waitFor();
    await holds("a capture that is asked for");
    await context.close();
  });
}

test("the tool that finds barriers finds one", { timeout: 600_000 }, async () => {
  const context = await browser().newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(base);
  await page.waitForSelector(".inspector");
  await page.evaluate(() => {
    const button = document.createElement("button");
    button.style.color = "#ddd";
    document.body.append(button);
  });
  assert.ok((await axe(page)).some((line) => line.startsWith("button-name")));
  await context.close();
});

test("in grey, every class of packet looks unlike any other", { timeout: 600_000 }, async () => {
  const server = await stand(base, { packets: 9, change: (by) => {
    for (let i = 0; i < 9; i++) {
      by.class[i] = i % 8; // the ninth is selected, and looks different for that
      for (const column of ["from", "side", "flags", "payload", "marks"]) by[column][i] = 0;
      by.to[i] = 1;
      by.sent[i] = by.at[i] = i * 1e6;
      by.arrived[i] = by.at[i] + 2e5;
    }
  } });
  const page = await open(browser(), "#source=curl&packet=9", { url: server.url });
  // The far half of each arrow, its head included, as the canvas has it, without its colour.
  const grey = await page.evaluate(() => {
    const canvas = document.querySelector(".ladder canvas");
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.width / box.width;
    const right = document.querySelectorAll(".hosts .host")[1].getBoundingClientRect();
    const line = right.left + right.width / 2 - box.left;
    const g = canvas.getContext("2d");
    return [...document.querySelectorAll(".ladder .row")].slice(0, 8).map((row) => {
      const r = row.getBoundingClientRect();
      const [x, y, w, h] = [line - 110, r.top - box.top, 106, r.height].map((v) => Math.round(v * ratio));
      const { data } = g.getImageData(x, y, w, h);
      const out = [];
      for (let i = 0; i < data.length; i += 4) out.push(((0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2]) * data[i + 3]) / 255 + (255 - data[i + 3]));
      return out;
    });
  });
  assert.equal(grey.length, 8);
  for (let a = 0; a < grey.length; a++) {
    assert.ok(grey[a].some((v) => v < 160), `class ${a} is drawn`);
    for (let b = a + 1; b < grey.length; b++) {
      const different = grey[a].filter((v, i) => Math.abs(v - grey[b][i]) > 60).length;
      assert.ok(different >= 12, `classes ${a} and ${b} differ in ${different} points only`);
    }
  }
  await page.context().close();
  server.end();
});
