// README's picture: `WIRESCOPE_URL=http://... node page/tests/screenshot.mjs docs/page.png`, with `wirescope serve` running.
import { launch, open } from "./browser.mjs";

const browser = await launch();
const page = await open(browser, "#source=https&packet=9&field=tls.record.length", { width: 1440, height: 900 });
await page.waitForTimeout(1500);
await page.screenshot({ path: process.argv[2] ?? "page.png" });
await browser.close();
