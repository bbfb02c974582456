// The scenarios' tours and questions, walked to their ends: what is pointed at is there, and true for the packet that is shown.
import assert from "node:assert/strict";
import { base, journey, runOf, shows, unfold, withBrowser } from "./browser.mjs";

withBrowser();

/** What the document behind each scenario says, at the step with that title: an element of the page, and what it has to say then. */
const TRUTHS = {
  https: {
    "Numbers are agreed on": [[".card", /Sequence number.*\b100\b/], [".end.client .state", /SYN-SENT/], [".learn", /from 100 here/]],
    "Both know both numbers": [[".card", /Acknowledgment number.*\b101\b/], [".end.client .state", /ESTABLISHED/], [".learn", /^\s*Both know both numbers 101 .* 300 /]],
    ClientHello: [[".card", /www\.example\.com/], [".inspector .meaning", /ClientHello/]],
    "The server's whole answer": [[".inspector .meaning", /ServerHello.*Certificate.*Finished/]],
    "The client is done as well": [[".card", /verify|Finished/i]],
    "A request in three envelopes": [[".envelopes", /IPv4.*TCP.*TLS record.*HTTP request/], [".card", /cookie/i]],
    "Tickets for the next time": [[".card", /ticket/i]],
    "The first byte of the page": [[".card", /200/], [".waterfall", /TCP.*1\.00.*TLS.*1\.00.*HTTP.*1\.00/]],
    "TLS says goodbye first": [[".card", /close_notify/]],
    "Then TCP closes": [[".card", /\bset\b/], [".end.client .history", /CLOSING/], [".end.server .history", /CLOSING/]],
  },
  browser: {
    "A machine without an address": [[".card", /02:00:5e/], [".inspector .where", /everyone/]],
    "An offer": [[".card", /192\.168\.1\.100/]],
    "The lease": [[".card", /192\.168\.1\.1\b/], [".learn", /86400 s/]],
    "Who is the gateway?": [[".card", /192\.168\.1\.1\b/]],
    "A name must become an address": [[".card", /google\.com/], ["#panel", /resolver.*root-dns/]],
    "The answer": [[".card", /203\.0\.113\.47/]],
    "The packet leaves home": [[".card", /192\.168\.1\.100/], [".hops", /home-router.*NAT table/]],
    "The way back": [[".hops", /NAT table/]],
    "GET, with Host and User-Agent": [[".card", /host/i], [".learn", /64 bytes in clear/]],
    "The response": [[".card", /status line/i], [".waterfall", /DHCP.*ARP.*DNS.*TCP.*HTTP/]],
    Goodbye: [[".card", /\bset\b/], [".end.client .state", /FIN-WAIT-1/]],
  },
  curl: {
    "The client asks": [[".card", /\b1000\b/], [".end.client .state", /SYN-SENT/], [".end.client .timer", /retransmission timer/], [".learn", /the number 1000 /]],
    "The server agrees and asks back": [[".card", /\b1001\b/], [".learn", /number 1001 .*: 4500/]],
    "The client is open first": [[".card", /\b4501\b/], [".end.client .state", /ESTABLISHED/], [".end.server .state", /SYN-RECEIVED/]],
    "The request does not wait": [[".card", /PSH.*set/], [".learn", /72 bytes/]],
    "Received is not yet answered": [[".card", /\b1073\b/], [".end.server .state", /ESTABLISHED/]],
    "The response": [[".card", /status line/i], [".learn", /200 bytes/]],
    "The client has nothing more to send": [[".card", /FIN.*set/], [".end.client .state", /FIN-WAIT-1/]],
    "The second FIN": [[".card", /FIN.*set/], [".end.server .state", /LAST-ACK/]],
    "The last packet": [[".card", /\b4702\b/], [".end.client .state", /TIME-WAIT/]],
    "The end that no packet shows": [[".end.client .state", /CLOSED/], [".end.server .state", /CLOSED/], [".learn", /eleven packets/]],
  },
  lifecycle: {
    "Nobody remembers the name": [["#panel", /www\.funter\.com/]],
    "First, the neighbour": [[".card", /192\.168\.1\.1\b/]],
    "The question": [[".card", /www\.funter\.com/], [".envelopes", /UDP.*DNS/]],
    "From the root down": [[".card", /203\.0\.113\.95/], ["#panel", /root-dns.*tld-dns.*auth-dns/]],
    "Routers choose the way": [[".card", /203\.0\.113\.95/], [".hops", /longest matching prefix/]],
    "The handshake is complete": [[".card", /Acknowledgment number/], [".end.client .state", /ESTABLISHED/]],
    "Request line, fields, an empty line": [[".inspector .meaning", /query=param&query2=param2/], [".inspector .hex", /./]],
    "Status line and body": [[".card", /status line/i]],
    FIN: [[".card", /FIN.*set/], [".end.client .state", /FIN-WAIT-1/]],
    "FIN from the other side": [[".card", /FIN.*set/], [".end.server .state", /LAST-ACK/]],
    "The timeout": [[".end.client .state", /CLOSED/]],
  },
  http2: {
    "One connection for everything": [[".card", /SYN.*\bset\b/], [".end.client .state", /SYN-SENT/]],
    "The client names what it speaks": [[".inspector .meaning", /ClientHello/], [".learn", /ALPN/]],
    "The server chooses one": [[".card", /h2/], [".inspector .meaning", /EncryptedExtensions/]],
    "A preface, settings, and a request at once": [[".card", /PRI \* HTTP\/2\.0/], [".inspector .meaning", /preface.*SETTINGS.*GET \/ HTTP\/2 on stream 1/]],
    "The answer, in frames": [[".card", /200/], [".learn", /120\.531 ms/], [".waterfall", /7 requests/]],
    "Six requests in one packet": [[".card", /\b3\b/], [".inspector .meaning", /file-1\.js.*stream 3.*file-6\.js.*stream 13/], [".learn", /176 bytes together/]],
    "The answers take turns": [[".waterfall", /file-1\.js.*file-6\.js/]],
    "TCP sees no streams": [[".card", /Acknowledgment number/], [".graphs", /Sequence numbers/]],
    "The first file is whole": [[".inspector .meaning", /20000 bytes of body on stream 3/], [".card", /bytes/]],
    "The last one": [[".inspector .meaning", /20000 bytes of body on stream 13/], [".learn", /283\.101 ms/]],
    GOAWAY: [[".card", /\b0\b/], [".inspector .meaning", /GOAWAY after stream 0/]],
    "One connection to close": [[".card", /FIN.*\bset\b/], [".end.client .state", /FIN-WAIT-1/]],
  },
};

const told = async (page, what) => (await fetch(`${base}api/run/${await runOf(page)}/${what}`)).json();
const says = (page, selector, pattern) =>
  page.waitForFunction(([selector, source, flags]) => new RegExp(source, flags).test((document.querySelector(selector)?.textContent ?? "").replace(/\s+/g, " ")), [selector, pattern.source, pattern.flags])
    .catch(async () => assert.match((await page.locator(selector).first().textContent().catch(() => "nothing")).replace(/\s+/g, " "), pattern, selector));
const button = (page, name) => page.locator(".learn").getByRole("button", { name, exact: true });
const begin = (page) => page.getByRole("button", { name: "Tour", exact: true }).click();

for (const [scenario, truths] of Object.entries(TRUTHS)) {
  journey(`the tour of ${scenario}, step by step to its end and back`, `#source=${scenario}`, {}, async (page) => {
    const { steps } = await told(page, "tour");
    assert.deepEqual(steps.map((step) => step.title), Object.keys(truths));
    await begin(page);
    for (const [at, step] of steps.entries()) {
      await page.locator(".learn .text b", { hasText: step.title }).first().waitFor();
      assert.equal((await page.textContent(".learn .text")).trim().replace(/\s+/g, " "), `${step.title} ${step.text}`);
      await page.locator(".learn", { hasText: `${at + 1} of ${steps.length}` }).waitFor();
      if (step.packet) await shows(page, step.packet);
      if (step.field) {
        // Lit in tree and bytes at once, named with its meaning, and held by the address.
        await says(page, ".card .source", new RegExp(`^${step.field.replaceAll(".", "\\.")} ·`));
        await page.locator(`[role=treeitem][data-id='${step.field}'][aria-selected=true]`).waitFor();
        assert.ok((await page.locator(".hex .byte.lit").count()) > 0, step.field);
      }
      if (step.view && step.view !== "ladder") await page.locator(`#tab-${step.view}[aria-selected=true]`).waitFor();
      for (const [selector, pattern] of truths[step.title]) await says(page, selector, pattern);
      const last = at + 1 === steps.length;
      assert.equal(await button(page, "Next").isDisabled(), last);
      assert.equal(await button(page, "Back").isDisabled(), at === 0);
      if (!last) await button(page, "Next").click();
    }
    await button(page, "Back").click();
    await shows(page, steps.at(-2).packet);
    await button(page, "Close the tour").click();
    assert.equal(await page.locator(".learn").count(), 0);
  });

  journey(`the questions of ${scenario}, answered right and wrong by turns`, `#source=${scenario}`, {}, async (page) => {
    const { questions } = await told(page, "questions");
    assert.ok(questions.length >= 8);
    await begin(page);
    await button(page, "Ask me").click();
    let right = 0;
    for (const [at, question] of questions.entries()) {
      await page.locator(".learn .text b", { hasText: question.ask }).waitFor();
      // What gives the answer is hidden: in the ladder, and from whoever goes there.
      await page.waitForFunction((n) => [...document.querySelectorAll(".ladder [role=option]")].every((row) => Number(row.getAttribute("aria-posinset")) < n), question.before_packet);
      await shows(page, question.before_packet - 1);
      const well = at % 2 === 0;
      if (question.kind === "choice") {
        assert.deepEqual(await page.locator(".learn .choices button").allTextContents(), question.choices);
        const said = well ? question.answer : question.choices.find((choice) => choice !== question.answer);
        await button(page, said).click();
      } else {
        // A number as people write it, or as it stands on the wire.
        const said = well ? (at % 4 === 0 ? ` ${question.answer} ` : (question.accepts[0] ?? question.answer)) : String(Number(question.answer) + 7);
        await page.fill(".learn form input", said);
        await page.keyboard.press("Enter");
      }
      if (well) right++;
      await says(page, ".learn .text", well ? /✓ Right\./ : /✗ It is /);
      if (!well) assert.ok((await page.textContent(".learn .text .wrong")).includes(question.answer));
      await page.locator(".learn .moves", { hasText: `question ${at + 1} of ${questions.length}, ${right} right` }).waitFor();
      // Then it is shown, with the field in which it stands.
      await shows(page, question.packet);
      if (question.field) await says(page, ".card .source", new RegExp(`^${question.field.replaceAll(".", "\\.")} ·`));
      const next = button(page, "Next question");
      if (at + 1 < questions.length) await next.click();
      else assert.equal(await next.count(), 0);
    }
    await button(page, "Back to the tour").click();
    await page.locator(".learn", { hasText: /1 of \d+/ }).waitFor();
  });
}

for (const width of [768, 320]) {
  journey(`in a window of ${width} pixels a tour brings what it speaks of into sight, beside its words`, "#source=curl", { width }, async (page) => {
    const { steps } = await told(page, "tour");
    await unfold(page);
    await begin(page);
    for (const step of steps) {
      await page.locator(".learn .text b", { hasText: step.title }).first().waitFor();
      if (step.packet) await shows(page, step.packet);
      const target = ["states", "waterfall", "hops", "dns"].includes(step.view) ? "#panel" : step.field ? ".card" : "#ladder";
      await page.waitForFunction((target) => {
        const card = document.querySelector(".learn").getBoundingClientRect();
        const box = document.querySelector(target).getBoundingClientRect();
        return card.bottom <= innerHeight + 1 && box.top >= 0 && box.top + 60 <= card.top;
      }, target);
      const next = button(page, "Next");
      if (await next.isEnabled()) await next.click();
    }
  });
}
