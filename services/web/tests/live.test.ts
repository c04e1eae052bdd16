import { expect, test } from "vitest";

import { decodeFrame } from "../src/live/frame";
import { isSilent } from "../src/live/silent";
import { isStale, STALE_MS } from "../src/live/staleness";

function packed(header: string, image: readonly number[], length = header.length): ArrayBuffer {
  const text = new TextEncoder().encode(header);
  const message = new ArrayBuffer(4 + text.length + image.length);
  new DataView(message).setUint32(0, length);
  new Uint8Array(message, 4).set([...text, ...image]);
  return message;
}

test("a live image has its header and its bytes", async () => {
  const header = JSON.stringify({ type: "live", station: "AOI1", camera: "top", at: "2026-01-02T03:04:05Z", width: 4, height: 2 });
  const frame = decodeFrame(packed(header, [0xff, 0xd8, 0xff]), 7);
  expect(frame).toMatchObject({ station: "AOI1", camera: "top", width: 4, height: 2, received: 7 });
  expect([...new Uint8Array(await (frame as { image: Blob }).image.arrayBuffer())]).toEqual([0xff, 0xd8, 0xff]);
});

test.each([
  ["nothing", new ArrayBuffer(0)],
  ["a length beyond its end", packed("{}", [], 99)],
  ["a header that is not JSON", packed("{oops", [1])],
])("%s is no image", (_, message) => {
  expect(decodeFrame(message)).toBeNull();
});

test("a value is stale within 3 s, at once without a link, and later when it is seldom read", () => {
  expect(STALE_MS).toBeLessThan(3_000 - 500);
  expect(isStale({ received: 0, period: 100 }, STALE_MS + 1, true)).toBe(true);
  expect(isStale({ received: 0, period: 100 }, 1_000, true)).toBe(false);
  expect(isStale({ received: 0, period: 100 }, 1_000, false)).toBe(true);
  expect(isStale({ received: 0, period: 10_000 }, 20_000, true)).toBe(false);
  expect(isStale({ received: 0, period: 10_000 }, 26_000, true)).toBe(true);
});

test("of a device whose service is offline nobody knows anything", () => {
  const service = (online: boolean) => ({ "plc-gateway/g": { service: "plc-gateway", instance: "g", online, version: "1", at: "" } });
  expect(isSilent({ source: "g" }, service(false))).toBe(true);
  expect(isSilent({ source: "g" }, service(true))).toBe(false);
  expect(isSilent({ source: "other" }, service(false))).toBe(false);
});
