// README's picture, made afresh: `WIRESCOPE_URL=http://... node page/tests/screenshot.mjs docs/page.png`, with `wirescope serve` running.
import { launch, open } from "./browser.mjs";

const browser = await launch();
const page = await open(browser, "#source=https&packet=9&field=http.method", { width: 1280, height: 820 });
await page.locator(".card .name").waitFor();
await page.mouse.move(0, 0);
await page.waitForTimeout(800);
await page.screenshot({ path: process.argv[2] ?? "page.png" });
await browser.close();
