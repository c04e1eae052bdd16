import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Collection, isLiveMessage } from "../src/live/collection";

interface Events {
  add: number;
  nothing: null;
}

let told: number[];
let sums: Collection<number, Events>;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  sums = new Collection<number, Events>(0, { add: (sum, by) => sum + by, nothing: (sum) => sum }, (sum) => told.push(sum), 100);
});
afterEach(() => vi.useRealTimers());

test("many events in one interval are told once", () => {
  for (let by = 1; by <= 10; by += 1) sums.receive({ type: "add", data: by });
  expect(told).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(told).toEqual([55]);
});

test("an event that changes nothing is not told", () => {
  sums.receive({ type: "nothing", data: null });
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([]);
});

test("an event that the table does not know changes nothing", () => {
  expect(sums.receive({ type: "toString", data: null })).toBe(false);
  expect(sums.receive({ type: "add", data: 2 })).toBe(true);
});

test("a message is an object with a type", () => {
  expect([{ type: "part", data: 1 }, { data: 1 }, null, "part", { type: 1 }].map(isLiveMessage)).toEqual([true, false, false, false, false]);
});

test("the first event of a quiet time is told at once, the next ones together", () => {
  vi.advanceTimersByTime(500);
  sums.receive({ type: "add", data: 1 });
  vi.advanceTimersByTime(0);
  expect(told).toEqual([1]);
  sums.receive({ type: "add", data: 2 });
  sums.receive({ type: "add", data: 3 });
  vi.advanceTimersByTime(99);
  expect(told).toEqual([1]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([1, 6]);
});
