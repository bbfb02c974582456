// Nothing bars anybody's way: axe in every view, theme and width; and every class of packet is told apart without colour.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { axeSource, base, open, program, runOf, serve, unfold, withBrowser } from "./browser.mjs";
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
  ["numbers as on the wire", button("counted from the first (derived)"), ".numbers button[aria-pressed=true]", button("as on the wire"), ".inspect"],
  ["why, down to the act that began it", (page) => page.locator(".inspect").getByRole("button", { name: /and what led to that/ }).click(), ".inspect li", null, ".inspect"],
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
  ["question", button("Ask me"), ".learn form, .learn .choices", null, "main"],
  ["an answer marked wrong", async (page) => {
    await page.fill(".learn form input", "7");
    await page.keyboard.press("Enter");
  }, ".learn .wrong", button("Next question"), "main"],
  ["a question with choices", () => {}, ".learn .choices button", null, "main"],
  ["an answer marked right", (page) => page.locator(".learn .choices button", { hasText: "ESTABLISHED" }).click(), ".learn .right", button("Close the tour"), "main"],
  ["a problem", async (page) => {
    await page.fill(".source input[type=text]", "https://exa mple:99999/");
    await page.keyboard.press("Enter");
  }, "[role=alert]", button("Close the message"), "body"],
  ["graph closer", async (page) => {
    await page.locator("#tab-graphs").click();
    await page.getByRole("button", { name: "Closer" }).click();
  }, ".graphs button:has-text('All of it'):enabled", button("All of it"), ".panel"],
  ["graph as a table, a series hidden", async (page) => {
    await page.getByRole("button", { name: "as a table" }).first().click();
    await page.locator("figure .legend button").first().click();
  }, "figure table", null, ".panel"],
  ["figures that are not known", async (page) => {
    await page.locator("#tab-states").click();
    await page.locator(".unsaid summary").first().click();
  }, ".unsaid[open]", null, ".panel"],
  ["a device's table", async (page) => {
    await page.locator("#tab-hops").click();
    await page.locator(".hops details summary").first().click();
  }, ".hops details[open] table", null, ".panel"],
  ["the log searched and grouped", async (page) => {
    await page.locator("#tab-log").click();
    await page.getByLabel("by machine").check();
    await page.getByPlaceholder("search the log").fill("sends");
  }, ".log h3", null, ".panel"],
  ["more room for the panel", (page) => page.evaluate(() => document.querySelector(".taller").click()), ".panel", (page) => page.evaluate(() => document.querySelector(".taller").click()), "body"],
  ["conditions", button("Conditions"), "#knob-rtt", null, ".knobs"],
  ["a condition that cannot be", async (page) => {
    await page.fill("#knob-rtt", "soon");
    await page.keyboard.press("Enter");
  }, ".knob .wrong", button("Close the message"), "body"],
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
  ["all that a flight carries, in its envelopes", "#source=https&packet=6", (page) => page.locator(".envelope.several").first().waitFor(), ".envelope.several"],
  ["requests beside each other", "#source=http2&packet=24&panel=waterfall", () => {}, ".requests .track"],
  ["a tree of questions, and a URL taken apart", "#source=lifecycle&packet=8&panel=dns", (page) => page.locator(".question").first().waitFor(), ".question"],
  ["caches, connections, what came of it", "#source=lifecycle&packet=8&panel=waterfall", () => {}, ".waterfall dl"],
  ["what NAT changed", "#source=browser&packet=9&panel=hops", () => {}, ".hops table"],
  ["a comparison's findings", "#source=simultaneous-open&panel=waterfall", () => {}, ".findings"],
  ["two runs that hardly compare", "#source=https", async (page) => {
    await unfold(page);
    await button("Keep as A")(page);
    await unfold(page);
    await page.fill(".source input[type=text]", "lifecycle");
    await page.keyboard.press("Enter");
  }, ".compare table"],
  ["what one lost packet would have cost", "#source=https&packet=9", (page) => page.getByRole("button", { name: /What if this packet were lost/ }).click(), ".compare .sentences li"],
  ["a scenario file with a mistake", "#source=curl", (page) => page.setInputFiles("input[type=file]", { name: "mine.toml", mimeType: "application/octet-stream", buffer: Buffer.from('title = "Mine"\ncolour = 3\n') }), "[role=alert]"],
  ["no capture at all", "#source=curl", (page) => page.setInputFiles("input[type=file]", { name: "holiday.pcap", mimeType: "application/octet-stream", buffer: Buffer.from("this is no capture at all") }), "[role=alert]"],
  ["hostile text", `#source=curl&packet=4&field=http.request&k.header=${encodeURIComponent("X-Bidi: <b>\u202egnol si siht\nX-Long: " + "unbroken".repeat(40))}`, () => {}, ".card .name"],
  ["a server that is gone", "#source=https&packet=9", async (page) => {
    await page.route("**/api/**", (route) => route.abort());
    await page.keyboard.press("j");
  }, ".inspector .quiet"],
  ["two ends, the others beside them", "#source=syn-flood&packet=10", async (page) => {
    await unfold(page);
    await button("two ends")(page);
  }, ".hosts .host:nth-child(3)"],
  ["files to be dropped", "#source=https", (page) => page.evaluate(() => {
    const files = new DataTransfer();
    files.items.add(new File(["x"], "x.pcap"));
    window.dispatchEvent(new DragEvent("dragover", { dataTransfer: files, cancelable: true }));
  }), ".drop"],
  ["sharing a part of many packets", "#source=curl&k.size=3000k", async (page) => {
    await unfold(page);
    await button("Share and export")(page);
  }, "dialog[open] label input"],
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

/** What tells that a component was among what was looked at; those that have no look of their own stand in another. */
const COMPONENTS = {
  Awaited: ".awaited", Bits: ".diagram", Compare: ".compare", Dialog: "dialog[open]", Dns: ".question", Fields: "[role=tree]", GoTo: "dialog[open] .wrong", Graph: "figure .plot",
  Graphs: ".graphs", Help: "dialog[open] .keys", Hex: ".hex", Hops: ".hops", Icon: ".icon-svg", Inspector: ".inspector", Knobs: ".knobs fieldset", Ladder: ".ladder canvas",
  Learn: ".learn", Log: ".log", Masthead: ".masthead", PacketTable: "[role=grid]", Packets: "#ladder", Panels: "[role=tablist]", Phases: ".phases", Problems: ".problem",
  Requests: ".requests", Share: "dialog[open] .share", SourceBox: ".source", StateDrawing: ".drawing svg", States: ".states", Top: "header h1", Transport: "[role=toolbar]",
  Waterfall: ".waterfall", Why: ".inspect li",
};

for (const width of [1440, 768, 320]) {
  test(`nothing bars the way in either theme, ${width} pixels`, { timeout: 900_000 }, async () => {
    const context = await browser().newContext({ viewport: { width, height: 900 }, colorScheme: "light", reducedMotion: "reduce", bypassCSP: true });
    const page = await context.newPage();
    page.setDefaultTimeout(180_000);
    const seen = new Set();
    const holds = async (what, part = "body") => {
      await page.waitForTimeout(100);
      for (const name of await page.evaluate((all) => Object.keys(all).filter((name) => document.querySelector(all[name])), COMPONENTS)) seen.add(name);
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
      await page.unrouteAll();
    }
    await page.goto("about:blank");
    await page.goto(`${base}#run=c0000000000000000&packet=9`);
    await page.getByText("This link shows a capture").waitFor();
    await holds("a capture that is asked for");
    // Whatever the page is made of was among it.
    const made = (await readdir(join(import.meta.dirname, "../src/views"))).filter((name) => name.endsWith(".svelte")).map((name) => name.replace(".svelte", ""));
    assert.deepEqual(made.filter((name) => !seen.has(name)), []);
    await context.close();
  });
}

test("nothing bars the way while a capture is read", { timeout: 900_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "wirescope-barriers-"));
  const [long, pipe] = [join(folder, "long.pcapng"), join(folder, "pipe.pcapng")];
  execFileSync(program, ["http://www.example.com/", "--size", "18M", "--mtu", "600", "--rate", "1Gbps", "-o", long], { stdio: "ignore" });
  execFileSync("mkfifo", [pipe]);
  const file = await readFile(long);
  const write = createWriteStream(pipe);
  const server = await serve(pipe);
  try {
    await new Promise((done) => write.write(file.subarray(0, 17 << 20), done));
    const context = await browser().newContext({ reducedMotion: "reduce", bypassCSP: true });
    const page = await context.newPage();
    page.setDefaultTimeout(180_000);
    await page.goto(server.url);
    await page.locator(".reading").waitFor({ state: "attached" });
    await page.locator("#tab-waterfall").click();
    for (const width of [1440, 768, 320]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(200);
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await axe(page), [], `${width} pixels, ${colorScheme}`);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)) <= 0, `${width} pixels`);
      }
    }
    assert.match(await page.textContent(".now .of"), /so far/);
    await context.close();
  } finally {
    write.destroy();
    await server.end();
    await rm(folder, { recursive: true });
  }
});

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

/** What of the page cannot be reached at this size: parts that stand out of the window, controls that are covered or cut off. */
const lost = (page) => page.evaluate(() => {
  const out = [];
  if (document.documentElement.scrollWidth > innerWidth) out.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const control of document.querySelectorAll("header button, header input[type=text], header select, [role=toolbar] button, [role=toolbar] select, .bar button, .bar select, .phases button, [role=tab], .tour")) {
    if (!control.checkVisibility()) continue;
    control.scrollIntoView({ block: "center", inline: "nearest" });
    const box = control.getBoundingClientRect();
    const name = control.getAttribute("aria-label") || control.textContent.trim() || control.title;
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (box.left < -1 || box.right > innerWidth + 1) out.push(`${name} stands out of the window`);
    else if (!top || !(control.contains(top) || top.contains(control))) out.push(`${name} is covered by ${top?.className}`);
    if (control.tagName === "BUTTON" && control.scrollWidth > control.clientWidth + 2) out.push(`${name} is cut off`);
  }
  return out;
});

test("at twice the size, of everything or of text alone, nothing is lost", { timeout: 900_000 }, async () => {
  for (const [width, height, ratio, text] of [[720, 450, 2, 16], [640, 400, 2, 16], [1440, 900, 1, 32], [1280, 800, 1, 32], [768, 900, 1, 32]]) {
    const context = await browser().newContext({ viewport: { width, height }, deviceScaleFactor: ratio, reducedMotion: "reduce" });
    const page = await context.newPage();
    page.setDefaultTimeout(180_000);
    // As a reader sets it in the browser: letters are larger, windows are not.
    await (await context.newCDPSession(page)).send("Page.setFontSizes", { fontSizes: { standard: text, fixed: text * 0.8125 } });
    await page.goto(`${base}#source=https&packet=9&field=tcp.window`);
    await page.waitForSelector(".card .name");
    assert.equal(await page.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize)), text);
    await unfold(page);
    assert.deepEqual(await lost(page), [], `${width} pixels, text of ${text}`);
    // Rows grow with what they say, in the ladder and in the table.
    for (const view of ["Ladder", "Table"]) {
      await page.getByRole("button", { name: view, exact: true }).click();
      const cut = await page.evaluate(() => [...document.querySelectorAll(".ladder .row, .line")].filter((row) => [...row.children].some((part) => !part.matches(".sr") && part.getBoundingClientRect().height > row.getBoundingClientRect().height + 1)).length);
      assert.equal(cut, 0, `${view}: ${cut} rows are too small at ${width} pixels, text of ${text}`);
    }
    await context.close();
  }
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

test("without colour, every series of a graph looks unlike any other of the same graph", { timeout: 600_000 }, async () => {
  let seen = 0;
  for (const address of ["#source=https&packet=40&k.size=300k&k.loss=3%25&k.seed=7&panel=graphs", "#source=https&packet=40&k.size=900k&k.queue=16k&k.congestion=bbr&panel=graphs"]) {
    const page = await open(browser(), address);
    await page.locator("figure .legend").first().waitFor();
    // What each is drawn with: strokes, dashes, widths, fillings; not what they are coloured.
    const graphs = await page.$$eval("figure", (figures) => figures.map((figure) => ({
      title: figure.querySelector("h4").textContent,
      looks: [...figure.querySelectorAll(".legend li")].filter((li) => li.querySelector("svg")).map((li) => [li.querySelector("button").textContent.trim(), li.querySelector("svg").innerHTML.replace(/<!--.*?-->/g, "")]),
    })));
    assert.ok(graphs.some(({ title }) => /queue/i.test(title)), graphs.map(({ title }) => title).join());
    for (const { title, looks } of graphs) {
      const by = new Map();
      for (const [name, look] of looks) {
        assert.equal(by.get(look), undefined, `${title}: ${name} looks like ${by.get(look)}`);
        by.set(look, name);
        seen++;
      }
    }
    await page.context().close();
  }
  assert.ok(seen >= 15, `${seen} series`);
});
