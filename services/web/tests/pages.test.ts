import { expect, test } from "vitest";

import type { Alarm } from "../src/api/alarms";
import type { Defect } from "../src/api/defects";
import type { TrendPoint } from "../src/api/tags";
import { byUrgency, unseen } from "../src/alarms/order";
import { EVERYTHING, matches } from "../src/alarms/filter";
import { linesOf } from "../src/system/lines";
import { lively } from "../src/parts/around";
import type { TagHistory } from "../src/api/tags";
import { choiceOf, findingOn } from "../src/defects/review";
import { link, parsePlace } from "../src/place";
import { columns, extended } from "../src/trends/series";

const at = (second: number) => new Date(second * 1000).toISOString();
const point = (second: number, mean: number): TrendPoint => ({ at: at(second), samples: 1, minimum: mean - 1, maximum: mean + 1, mean });

test("an address holds page, rest and query, whatever characters they have", () => {
  const place = parsePlace(link("parts", ["a/b c"], { serial: "SN 1&2", empty: "" }));
  expect(place.page).toBe("parts");
  expect(place.rest).toEqual(["a/b c"]);
  expect([...place.query]).toEqual([["serial", "SN 1&2"]]);
  expect(parsePlace("").page).toBe("line");
  expect(parsePlace("#/parts/%E0%A4%A").rest).toEqual(["%E0%A4%A"]);
});

test("a pause in a history is a gap, not a line", () => {
  const made = columns([point(0, 1), point(10, 2), point(20, 3), point(100, 4)]);
  expect(made.at).toEqual([0, 10, 20, 30, 100]);
  expect(made.mean).toEqual([1, 2, 3, null, 4]);
});

test("live values fall into the last interval until it is full, and old ones leave", () => {
  let points: readonly TrendPoint[] = [point(0, 5), point(60, 5)];
  points = extended(points, at(61), 9, 10_000, 30_000);
  expect(points).toEqual([{ at: at(60), samples: 2, minimum: 4, maximum: 9, mean: 7 }]);
  points = extended(points, at(70), 1, 10_000, 30_000);
  expect(points.map(({ mean }) => mean)).toEqual([7, 1]);
  expect(extended(points, at(50), 99, 10_000, 30_000)).toEqual(points);
});

test("what needs a person comes first", () => {
  const alarm = (id: string, more: Partial<Alarm>) =>
    ({ id, severity: "low", active: true, acknowledged_at: null, status: "unacknowledged", created_at: at(0), ...more }) as Alarm;
  const alarms = [
    alarm("seen", { severity: "critical", acknowledged_at: at(1), status: "acknowledged" }),
    alarm("low", {}),
    alarm("gone", { severity: "critical", active: false, status: "returned" }),
    alarm("high", { severity: "high" }),
    alarm("newer", { severity: "high", created_at: at(9) }),
    alarm("shelved", { status: "shelved", acknowledged_at: at(2) }),
  ];
  expect(alarms.sort(byUrgency).map(({ id }) => id)).toEqual(["newer", "high", "low", "gone", "seen", "shelved"]);
  expect(unseen(alarms).map(({ id }) => id)).toEqual(["newer", "high", "low", "gone"]);
});

test("a false call is of one defect, scrap is of the part", () => {
  const defect = { id: "d1", part_id: "p1" } as Defect;
  expect(choiceOf("F")).toBe("false_call");
  expect(choiceOf("x")).toBeNull();
  expect(findingOn(defect, "false_call", " dust ")).toEqual({ part_id: "p1", defect_id: "d1", disposition: "false_call", comment: "dust" });
  expect(findingOn(defect, "scrap", "")).toEqual({ part_id: "p1", defect_id: null, disposition: "scrap", comment: null });
  expect(findingOn({ ...defect, part_id: null }, "scrap", "")).toBeNull();
});

test("an alarm is found by severity, station, state and any part of its text", () => {
  const one = { severity: "high", station: "AOI1", status: "unacknowledged", message: "Oven door open", code: "door-open", subject: "plc1" } as Alarm;
  expect(matches(one, EVERYTHING)).toBe(true);
  expect(matches(one, { ...EVERYTHING, severity: "high", station: "AOI1", status: "unacknowledged", text: " oven " })).toBe(true);
  for (const other of [{ severity: "low" }, { station: "AOI2" }, { status: "shelved" }, { text: "pressure" }]) {
    expect(matches(one, { ...EVERYTHING, ...other })).toBe(false);
  }
});

test("lines of a user are names between commas or spaces", () => {
  expect(linesOf(" a/b,c/d  e/f, ")).toEqual(["a/b", "c/d", "e/f"]);
});

test("around a part only tags that go up and down are drawn, the liveliest of them", () => {
  const history = (tag: string, ...means: (number | null)[]) =>
    ({ tag, points: means.map((mean, second) => ({ ...point(second, 0), mean })) }) as unknown as TagHistory;
  const all = [history("counter", 1, 2, 3), history("still", 5, 5), history("none", null, null), history("b", 10, 11, 10), history("a", 1, 9, 2)];
  expect(lively(all).map(({ tag }) => tag)).toEqual(["a", "b"]);
  expect(lively(["p", "q", "r", "s", "t"].map((tag, more) => history(tag, 10, 20 + more, 10))).map(({ tag }) => tag)).toEqual(["q", "r", "s", "t"]);
});
