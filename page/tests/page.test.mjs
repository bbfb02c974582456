// What a reader can do on the page, in a real Chromium against a real server: `node --test page/tests/`.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, test } from "node:test";
import { PACKETS, stand } from "./million.mjs";
import { axeSource, base, launch, open, packet, seen, shows, tabTo } from "./browser.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Runs a test in a page of its own, and fails if the page reported an error. */
function journey(name, fragment, options, body) {
  test(name, { timeout: 120_000 }, async () => {
    const page = await open(browser, fragment, options);
    try {
      await body(page);
      assert.deepEqual(page.errors, []);
    } finally {
      await page.context().close();
    }
  });
}

journey("there is something to see at once, and it is paused", "", {}, async (page) => {
  assert.equal(await packet(page), 1);
  assert.ok((await page.locator("[role=option]").count()) > 3);
  await page.waitForTimeout(400);
  assert.equal(await packet(page), 1);
});

journey("from a URL to a field's meaning with the keyboard alone", "", {}, async (page) => {
  await page.keyboard.press("u");
  await page.keyboard.type("curl");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.title.startsWith("A TCP connection") || document.title.includes("curl"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.type("4");
  await page.keyboard.press("Enter");
  await shows(page, 4);
  await tabTo(page, "[role=treeitem]");
  for (let i = 0; i < 60; i++) {
    if (await page.evaluate(() => document.activeElement?.getAttribute("data-id") === "tcp.window")) break;
    const closed = await page.evaluate(() => document.activeElement?.getAttribute("aria-expanded") === "false");
    await page.keyboard.press(closed ? "ArrowRight" : "ArrowDown");
  }
  const card = await page.textContent(".card");
  assert.match(card, /Window/);
  assert.match(card, /RFC 9293/);
  assert.match(page.url(), /source=curl/);
});

journey("one selection in every view", "#source=curl", {}, async (page) => {
  for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
  await shows(page, 3);
  const ladder = await seen(page);
  assert.equal(ladder.ladder, "3");
  assert.match(ladder.transport, /packet 3 of 11/);
  assert.match(ladder.slider, /packet 3 of 11/);
  assert.equal(ladder.states, "ESTABLISHED | SYN-RECEIVED");
  await page.getByRole("button", { name: "Table", exact: true }).click();
  assert.equal(await page.getAttribute("[role=row][aria-selected=true]", "id"), "cell-3");
  await page.locator("#cell-6").click();
  await shows(page, 6);
  await page.getByRole("button", { name: "Ladder", exact: true }).click();
  assert.equal((await seen(page)).ladder, "6");
  await page.waitForFunction(() => location.hash.includes("packet=6"));
});

journey("a field pointed at lights its very bits and bytes", "#source=curl&packet=4", {}, async (page) => {
  const field = page.locator("[data-id='tcp.window']");
  await field.scrollIntoViewIfNeeded();
  await field.hover();
  // Ethernet is 14 bytes, IPv4 20, and the window stands at TCP's bytes 14 and 15.
  const lit = () => page.$$eval(".hex .byte.lit", (bytes) => bytes.map((b) => Number(b.dataset.byte)));
  assert.deepEqual(await lit(), [48, 49]);
  assert.deepEqual(await page.$$eval(".cell.lit .label", (cells) => cells.map((c) => c.textContent)), ["Window"]);
  await page.locator(".hex [data-byte='24']").first().hover();
  assert.deepEqual(await lit(), [24, 25], "IPv4's checksum");
  // IPv4 is closed in the tree: it is lit in the field's place.
  assert.equal(await page.getAttribute(".node.lit", "data-id"), "ipv4");
});

journey("scrubbing shows what stepping shows", "#source=curl", {}, async (page) => {
  const stepped = [];
  for (let n = 1; n <= 11; n++) {
    await shows(page, n);
    stepped.push(await seen(page));
    await page.keyboard.press("j");
  }
  const slider = page.locator("input[type=range][aria-label=Moment]");
  const scrubbed = new Map();
  for (let place = 0; place <= 1000; place += 4) {
    await slider.evaluate((input, place) => {
      input.value = String(place);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, place);
    const now = await seen(page);
    scrubbed.set(Number(/packet (\d+)/.exec(now.transport)[1]), now);
  }
  assert.ok(scrubbed.size >= 6, `${scrubbed.size} packets were reached by scrubbing`);
  for (const [n, now] of scrubbed) {
    assert.equal(now.ladder, stepped[n - 1].ladder);
    assert.equal(now.states, stepped[n - 1].states);
  }
});

journey("a wrong URL is refused in words, and nothing is lost", "#source=curl&packet=5", {}, async (page) => {
  await page.fill(".source input[type=text]", "https://exa mple:99999/");
  await page.keyboard.press("Enter");
  const alert = page.locator("[role=alert]");
  await alert.waitFor();
  assert.match(await alert.textContent(), /What was shown before is still here/);
  assert.equal(await packet(page), 5);
});

journey("a damaged capture is refused in words", "#source=curl&packet=5", {}, async (page) => {
  await page.setInputFiles("input[type=file]", { name: "broken.pcapng", mimeType: "application/octet-stream", buffer: Buffer.from("this is no capture at all") });
  await page.locator("[role=alert]").waitFor();
  assert.equal(await packet(page), 5);
});

journey("a server that is gone is said so, and what was seen stays", "#source=curl&packet=5", {}, async (page) => {
  await page.route("**/api/**", (route) => route.abort());
  await page.fill(".source input[type=text]", "https");
  await page.keyboard.press("Enter");
  const alert = page.locator("[role=alert]");
  await alert.waitFor();
  assert.match(await alert.textContent(), /does not answer/);
  assert.equal(await packet(page), 5);
});

journey("a knob runs it again, and the address holds it", "#source=curl", {}, async (page) => {
  await page.getByRole("button", { name: "Conditions" }).click();
  await page.fill("#knob-rtt", "100ms");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /1\d\d\.\d+ ms|100\.0|100 ms/.test(document.querySelector(".phases")?.textContent ?? ""));
  await page.waitForFunction(() => location.hash.includes("k.rtt=100ms"));
  await page.fill("#knob-rtt", "a while");
  await page.keyboard.press("Enter");
  await page.locator(".wrong").waitFor();
});

journey("A and B", "#source=curl", {}, async (page) => {
  await page.getByRole("button", { name: "Keep as A" }).click();
  await page.getByRole("button", { name: "Conditions" }).click();
  await page.fill("#knob-rtt", "100ms");
  await page.keyboard.press("Enter");
  const table = page.locator(".compare table").first();
  await table.waitFor();
  assert.match(await table.textContent(), /TCP.*\+80 ms/);
  const before = await page.textContent(".compare .runs");
  await page.keyboard.press("Escape");
  await page.keyboard.press("c");
  await page.waitForFunction((old) => document.querySelector(".compare .runs")?.textContent !== old, before);
  assert.match(await table.textContent(), /TCP.*−80 ms/);
});

journey("single keys can be switched off, all of them", "#source=curl", {}, async (page) => {
  await page.keyboard.press("?");
  await page.getByLabel("Single keys do this").uncheck();
  await page.keyboard.press("Escape");
  for (const key of ["j", "n", "p", "g", "/", "3"]) await page.keyboard.press(key);
  assert.equal(await packet(page), 1);
  assert.equal(await page.locator("dialog[open]").count(), 0);
});

test("a million packets: what stands in the document and what is touched stays bounded", { timeout: 120_000 }, async () => {
  const server = await stand(base);
  const page = await open(browser, "#source=curl", { url: server.url });
  const elements = () => page.evaluate(() => document.querySelectorAll("*").length);
  const touched = () => page.evaluate(() => Number(document.querySelector(".ladder canvas").dataset.touched));
  const few = await elements();
  assert.ok(few < 2500, `${few} elements`);
  await page.keyboard.press("g");
  await page.keyboard.type("654321");
  await page.keyboard.press("Enter");
  await shows(page, 654_321);
  assert.equal((await seen(page)).ladder, "654321");
  assert.ok((await touched()) < 200, `${await touched()} rows touched`);
  assert.ok((await elements()) < 2500);
  await page.keyboard.press("f");
  await page.waitForFunction(() => document.querySelectorAll(".ladder [role=option]").length === 0);
  assert.ok((await touched()) < 2000, `${await touched()} strips touched`);
  assert.match(await page.getAttribute(".ladder [role=listbox]", "aria-label"), /density/);
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await page.locator("#cell-654321").waitFor();
  assert.ok((await page.locator("[role=row]").count()) < 100);
  await page.locator(".scroller").focus();
  await page.keyboard.press("End");
  await shows(page, PACKETS);
  await page.locator(`#cell-${PACKETS}`).waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
  server.end();
});

const HOSTILE = '<img src=x onerror="document.title=\'broken into\'">\u202egnp\u0000';

journey("hostile text stays text", "#source=curl", {
  before: (page) =>
    page.route("**/texts?*", (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify({ from: 1, texts: Array(11).fill(HOSTILE) }) })),
}, async (page) => {
  await page.waitForFunction(() => document.querySelector(".row .text")?.textContent?.includes("<img"));
  assert.equal(await page.locator(".row img").count(), 0);
  const text = await page.textContent(".row .text");
  assert.ok(text.includes("⟨RLO⟩") && text.includes("␀"), text);
  assert.doesNotMatch(await page.title(), /broken into/);
});

test("an exported file needs no one", { timeout: 120_000 }, async () => {
  const first = await open(browser, "#source=curl");
  const run = await first.evaluate(async () => {
    const answer = await fetch("/api/run", { method: "POST", headers: { "Content-Type": "application/json", "X-Wirescope": "1" }, body: JSON.stringify({ source: "curl", knobs: {} }) });
    return (await answer.json()).run;
  });
  await first.context().close();
  const exported = await fetch(`${base}api/run/${run}/export.html`);
  assert.equal(exported.status, 200);
  const folder = await mkdtemp(join(tmpdir(), "wirescope-page-"));
  try {
    const file = join(folder, "run.html");
    await writeFile(file, Buffer.from(await exported.arrayBuffer()));
    const requests = [];
    const page = await open(browser, "#packet=6", { url: pathToFileURL(file).href, before: (page) => page.on("request", (r) => requests.push(r.url())) });
    assert.equal(await packet(page), 6);
    assert.match(await page.textContent(".inspector .meaning"), /200 OK/);
    for (const key of ["k", "k", "j", "2", "3", "1"]) await page.keyboard.press(key);
    await shows(page, 5);
    await page.waitForTimeout(300);
    const asked = requests.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"));
    assert.deepEqual(asked, []);
    assert.equal(requests.filter((url) => url.startsWith("file:")).length, 1);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

const axe = (page) =>
  page.evaluate(async (source) => {
    // The page's policy forbids scripts from elsewhere; the tool's is evaluated by the debugger instead.
    if (!window.axe) (0, eval)(source);
    const found = await window.axe.run(document, { resultTypes: ["violations"], rules: { "color-contrast": { enabled: true } } });
    return found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 140)).join(" || ")}`);
  }, axeSource);

for (const scheme of ["light", "dark"]) {
  for (const width of [1440, 768, 320]) {
    test(`nothing bars the way, ${scheme}, ${width} pixels`, { timeout: 180_000 }, async () => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: "reduce", bypassCSP: true });
      const page = await context.newPage();
      await page.goto(`${base}#source=https&packet=12&field=tcp.window`);
      await page.waitForSelector(".card .name");
      const panels = await page.$$eval("[role=tab]", (tabs) => tabs.map((tab) => tab.id));
      for (const panel of panels) {
        await page.locator(`#${panel}`).click();
        await page.waitForTimeout(500);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wide <= 0, `${panel} is ${wide} pixels too wide`);
        assert.deepEqual(await axe(page), [], panel);
      }
      await page.getByRole("button", { name: "Table", exact: true }).click();
      assert.deepEqual(await axe(page), [], "table");
      await page.getByRole("button", { name: "Help and keyboard" }).click();
      assert.deepEqual(await axe(page), [], "help");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Conditions" }).click();
      assert.deepEqual(await axe(page), [], "conditions");
      await context.close();
    });
  }
}

test("the tool that finds barriers finds one", { timeout: 60_000 }, async () => {
  const context = await browser.newContext({ bypassCSP: true });
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
