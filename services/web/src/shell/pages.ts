/** Each page is loaded when it is first opened: the wall view must not wait for the charts. */

import type { Component } from "svelte";

import LinePage from "../line/LinePage.svelte";
import { texts } from "../texts";

type Loaded = Promise<{ default: Component }>;

export interface Page {
  name: string;
  title: string;
  /** Whether the menu shows it. */
  listed: boolean;
  load: () => Loaded;
}

const page = (name: keyof typeof texts.pages, load: () => Loaded, listed = true): Page => ({
  name,
  title: texts.pages[name],
  listed,
  load,
});

export const PAGES: readonly Page[] = [
  page("line", async () => ({ default: LinePage })),
  page("station", () => import("../station/StationPage.svelte"), false),
  page("defects", () => import("../defects/DefectsPage.svelte")),
  page("parts", () => import("../parts/PartsPage.svelte")),
  page("trends", () => import("../trends/TrendsPage.svelte")),
  page("quality", () => import("../quality/QualityPage.svelte")),
  page("alarms", () => import("../alarms/AlarmsPage.svelte")),
  page("system", () => import("../system/SystemPage.svelte")),
];
