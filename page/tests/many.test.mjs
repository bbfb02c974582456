// A million packets, and the page's own size: what is held within bounds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { PACKETS, stand } from "./million.mjs";
import { base, open, seen, shows, withBrowser } from "./browser.mjs";

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
