import { expect, test } from "vitest";
import type { Run } from "./data";
import { Texts } from "./texts.svelte";

test("texts are asked for in pages, once, and again when they were forgotten", async () => {
  const asked: number[] = [];
  const run = { texts: async (first: number, count: number) => (asked.push(first), Array.from({ length: count }, (_, i) => `packet ${first + i}`)) } as unknown as Run;
  const texts = new Texts(run);
  expect(texts.of(7)).toBeNull();
  expect(texts.of(8)).toBeNull();
  await Promise.resolve();
  await Promise.resolve();
  expect(texts.of(7)).toBe("packet 7");
  expect(texts.of(200)).toBe("packet 200");
  expect(asked).toEqual([1]);
  // Much later the first ones are no longer kept.
  for (let page = 1; page <= 150; page++) {
    texts.of(page * 200 + 1);
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(texts.of(7)).toBeNull();
  await Promise.resolve();
  await Promise.resolve();
  expect(texts.of(7)).toBe("packet 7");
});

test("what did not come is asked for again", async () => {
  let fail = true;
  const run = { texts: () => (fail ? Promise.reject(new Error("gone")) : Promise.resolve(["here"])) } as unknown as Run;
  const texts = new Texts(run);
  expect(texts.of(1)).toBeNull();
  await new Promise((done) => setTimeout(done));
  fail = false;
  expect(texts.of(1)).toBeNull();
  await new Promise((done) => setTimeout(done));
  expect(texts.of(1)).toBe("here");
});
