import { afterEach, expect, test } from "vitest";

import { csv } from "../src/format/csv";
import { percent, tagValue, yieldOf } from "../src/format/number";
import { moved, widened } from "../src/format/range";
import { fromPlantField, fullTime, plantMidnight, usePlantZone, utcTime } from "../src/format/time";

afterEach(() => usePlantZone("UTC"));

const HOUR = 3_600_000;

test("times are the plant's, and UTC can be had", () => {
  usePlantZone("Europe/Berlin");
  expect(fullTime("2026-01-02T23:30:00Z")).toBe("2026-01-03 00:30:00");
  expect(utcTime("2026-01-02T23:30:00Z")).toBe("2026-01-02 23:30:00.000 UTC");
});

test.each([
  ["2026-03-29T21:59:59Z", 23, "the clock goes forward"],
  ["2026-10-25T22:59:59Z", 25, "the clock goes back"],
  ["2026-06-01T21:59:59Z", 24, "an ordinary day"],
])("the plant's day that ends at %s has %i hours: %s", (lastSecond, hours) => {
  usePlantZone("Europe/Berlin");
  const end = Date.parse(lastSecond) + 1000;
  expect(end - plantMidnight(end - 1000)).toBe(hours * HOUR);
});

test("what a person types is plant time, on both sides of a clock change", () => {
  usePlantZone("Europe/Berlin");
  for (const text of ["2026-03-29T01:30:00", "2026-03-29T03:30:00", "2026-10-25T12:00:00"]) {
    expect(fullTime(fromPlantField(text) as number)).toBe(text.replace("T", " "));
  }
  expect(fromPlantField("")).toBeNull();
});

test("nothing of nothing is no yield, not 0 %", () => {
  expect(yieldOf({ pass: 0, fail: 0, held: 0 })).toBeNull();
  expect(percent(null)).toBe("–");
  expect(percent(yieldOf({ pass: 3, fail: 0, held: 1 }))).toBe("75.0\u00a0%");
});

test("tag values keep four figures and their kind", () => {
  const words = { yes: "yes", no: "no" };
  expect([72.12345, 7, true, "rev 3", 0.00001234, 12345678.9].map((value) => tagValue(value, words))).toEqual([
    "72.12", "7", "yes", "rev 3", "1.234e-5", "1.235e+7",
  ]);
});

test("spans move and widen around their middle", () => {
  expect(moved({ from: 0, to: 100 }, -0.5)).toEqual({ from: -50, to: 50 });
  expect(widened({ from: 1000, to: 3000 }, 2)).toEqual({ from: 0, to: 4000 });
  expect(widened({ from: 0, to: 10 }, 0.5)).toEqual({ from: -495, to: 505 });
});

test("a table as CSV survives commas, quotes and line ends, and holds no formula", () => {
  expect(csv([["a", "b"], ['say "hi"', "x,y"], ["=1+1", -2], [null, "two\nlines"]])).toBe(
    'a,b\r\n"say ""hi""","x,y"\r\n\'=1+1,-2\r\n,"two\nlines"\r\n',
  );
});
