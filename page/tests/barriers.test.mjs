// Nothing bars anybody's way: axe in every view, theme and width; and every class of packet is told apart without colour.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axeSource, base, open, withBrowser } from "./browser.mjs";
import { stand } from "./million.mjs";

const browser = withBrowser();

const axe = (page) =>
  page.evaluate(async (source) => {
    // The page's policy forbids scripts from elsewhere; the tool's is evaluated by the debugger instead.
    if (!window.axe) (0, eval)(source);
    const found = await window.axe.run(document, { resultTypes: ["violations"], rules: { "color-contrast": { enabled: true } } });
    return found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 140)).join(" || ")}`);
  }, axeSource);

for (const scheme of ["light", "dark"]) {
  for (const width of [1440, 768, 320]) {
    test(`nothing bars the way, ${scheme}, ${width} pixels`, { timeout: 600_000 }, async () => {
      const context = await browser().newContext({ viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: "reduce", bypassCSP: true });
      const page = await context.newPage();
      page.setDefaultTimeout(180_000);
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
  const server = await stand(base, { packets: 8, change: (by) => {
    for (let i = 0; i < 8; i++) {
      by.class[i] = i;
      for (const column of ["from", "side", "flags", "payload", "marks"]) by[column][i] = 0;
      by.to[i] = 1;
      by.sent[i] = by.at[i] = i * 1e6;
      by.arrived[i] = by.at[i] + 2e5;
    }
  } });
  const page = await open(browser(), "#source=curl&packet=8", { url: server.url });
  // The far half of each arrow, its head included, as the canvas has it, without its colour.
  const grey = await page.evaluate(() => {
    const canvas = document.querySelector(".ladder canvas");
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.width / box.width;
    const right = document.querySelectorAll(".hosts .host")[1].getBoundingClientRect();
    const line = right.left + right.width / 2 - box.left;
    const g = canvas.getContext("2d");
    return [...document.querySelectorAll(".ladder .row")].slice(0, 7).map((row) => {
      const r = row.getBoundingClientRect();
      const [x, y, w, h] = [line - 110, r.top - box.top, 106, r.height].map((v) => Math.round(v * ratio));
      const { data } = g.getImageData(x, y, w, h);
      const out = [];
      for (let i = 0; i < data.length; i += 4) out.push(((0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2]) * data[i + 3]) / 255 + (255 - data[i + 3]));
      return out;
    });
  });
  assert.equal(grey.length, 7);
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
