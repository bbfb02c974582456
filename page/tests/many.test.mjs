// A million packets, and the page's own size: what is held within bounds.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { PACKETS, stand } from "./million.mjs";
import { base, open, program, seen, serve, shows, withBrowser } from "./browser.mjs";

const browser = withBrowser();

test("the page has at most 150 kB, packed", async () => {
  const page = Buffer.from(await (await fetch(base)).arrayBuffer());
  const packed = gzipSync(page, { level: 9 }).length;
  assert.ok(packed <= 150_000, `${packed} bytes`);
  assert.ok(packed > 20_000, "that is no page");
});

test("a million packets: what stands in the document and what is touched stays bounded", { timeout: 600_000 }, async () => {
  const server = await stand(base);
  const page = await open(browser(), "#source=curl", { url: server.url });
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
  // Every match can be reached, however many there are.
  await page.fill(".filter input", "seventh");
  await page.getByText(/^142.857 of 1.000.000 packets match “seventh”$/).waitFor();
  await page.locator(".scroller").focus();
  await page.keyboard.press("End");
  await shows(page, 999_999);
  await page.locator("#cell-999999").waitFor();
  await page.keyboard.press("ArrowUp");
  await shows(page, 999_992);
  assert.equal(await page.getAttribute(".scroller", "aria-rowcount"), "142858");
  assert.ok((await page.locator("[role=row]").count()) < 100);
  assert.deepEqual(page.errors, []);
  await page.context().close();
  server.end();
});

/** A capture that takes longer to read than to look at its first packets. */
let folder;
let long;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "wirescope-long-"));
  long = join(folder, "long.pcapng");
  execFileSync(program, ["http://www.example.com/", "--size", "18M", "--mtu", "600", "--rate", "1Gbps", "-o", long], { stdio: "ignore" });
});
after(() => rm(folder, { recursive: true }));

/** A server that reads that capture, and gets its first 17 MiB; `rest` gives it the rest. */
async function slowly() {
  const pipe = join(folder, `pipe-${Math.random()}.pcapng`);
  execFileSync("mkfifo", [pipe]);
  const file = await readFile(long);
  const write = createWriteStream(pipe);
  const server = await serve(pipe);
  // In pieces: the server stops reading where it has seen enough, and goes on by itself.
  await new Promise((done) => write.write(file.subarray(0, 17 << 20), done));
  const rest = () => new Promise((done) => write.end(file.subarray(17 << 20), done));
  const end = async () => {
    write.on("error", () => undefined).destroy();
    await server.end();
  };
  return { server, rest, end };
}

test("the first packets of a long capture are shown while it is read, and whoever looks at one stays there", { timeout: 600_000 }, async () => {
  const { server, rest, end } = await slowly();
  try {
    const page = await open(browser(), "", { url: server.url });
    const count = () => page.textContent(".now .of");
    assert.match(await count(), /1 of 20\D000 so far/);
    await page.locator(".reading", { hasText: /reading the capture/ }).waitFor();
    assert.ok((await page.locator("[role=option]").count()) > 3);
    await page.locator("#tab-waterfall").click();
    await page.getByText("Where the time went is known when all of the capture is read.").waitFor();
    assert.equal(await page.locator("#tab-graphs").count(), 0);
    // Another packet, closer, and a field of it.
    await page.keyboard.press("g");
    await page.keyboard.type("15000");
    await page.keyboard.press("Enter");
    await shows(page, 15_000);
    await page.keyboard.press("+");
    await page.locator("[data-id='tcp.ack']").first().click();
    await page.mouse.move(0, 0);
    const now = () => page.evaluate(() => {
      const row = document.querySelector("[role=option][aria-selected=true]").getBoundingClientRect();
      const list = document.querySelector(".ladder [role=listbox]").getBoundingClientRect();
      return { top: Math.round(row.top - list.top), height: Math.round(row.height), field: document.querySelector(".card .name").textContent };
    });
    const where = async () => ({ ...(await now()), packet: (await seen(page)).inspector, row: (await seen(page)).ladder });
    await page.locator(".card .name", { hasText: "Acknowledgment" }).waitFor();
    const before = await where();
    assert.doesNotMatch(page.url(), /run=/, "a link could not be kept yet");
    await rest();
    await page.waitForFunction(() => !/so far/.test(document.querySelector(".now .of").textContent));
    const rows = Number((await count()).replace(/^.* of/, "").replace(/\D/g, ""));
    assert.ok(rows > 40_000, `${rows} packets`);
    await page.locator(".waterfall table").first().waitFor();
    await page.locator("#tab-graphs").waitFor();
    assert.equal(await page.locator(".reading").count(), 0);
    await page.waitForFunction(() => /run=c/.test(location.hash) && /packet=15000/.test(location.hash));
    assert.deepEqual(await where(), before);
    await page.keyboard.press("g");
    await page.keyboard.type(String(rows));
    await page.keyboard.press("Enter");
    await shows(page, rows);
    assert.deepEqual(page.errors, []);
    await page.context().close();
  } finally {
    await end();
  }
});

test("a link to a capture that is being read opens on its first packets; one to another is told so", { timeout: 600_000 }, async () => {
  const whole = await serve(long);
  const reading = await slowly();
  try {
    const first = await open(browser(), "", { url: whole.url });
    await first.waitForFunction(() => /run=c/.test(location.hash));
    const id = new URLSearchParams(new URL(first.url()).hash.slice(1)).get("run");
    await first.context().close();
    const { url } = reading.server;
    const page = await open(browser(), `#run=${id}&packet=15000&field=tcp.ack`, { url });
    await shows(page, 15_000);
    assert.match(await page.textContent(".now .of"), /so far/);
    await page.locator(".card .name", { hasText: "Acknowledgment" }).waitFor();
    // It begins like the one that is read: only its end tells that it is another.
    const like = id.slice(0, 9) + id.slice(9).replace(/[0-9a-f]/g, (digit) => (digit === "0" ? "1" : "0"));
    const mistaken = await open(browser(), `#run=${like}&packet=7`, { url });
    await shows(mistaken, 7);
    // It begins otherwise: that is known at once.
    const context = await browser().newContext();
    const other = await context.newPage();
    await other.goto(`${url}#run=c${"0".repeat(40)}&packet=9`);
    await other.getByRole("heading", { name: "This link shows a capture" }).waitFor();
    await context.close();
    await reading.rest();
    await page.waitForFunction(() => !/so far/.test(document.querySelector(".now .of").textContent));
    await page.waitForFunction((id) => new URLSearchParams(location.hash.slice(1)).get("run") === id, id);
    await shows(page, 15_000);
    assert.deepEqual(page.errors, []);
    await mistaken.waitForFunction(() => !/so far/.test(document.querySelector(".now .of").textContent));
    await mistaken.getByText(`the run ${like} is not here (any more)`).waitFor();
    await mistaken.waitForFunction((id) => new URLSearchParams(location.hash.slice(1)).get("run") === id, id);
    await shows(mistaken, 7);
    assert.deepEqual(mistaken.errors, []);
    await Promise.all([page.context().close(), mistaken.context().close()]);
  } finally {
    await Promise.all([whole.end(), reading.end()]);
  }
});
