import type { components } from "./schema";
import { getJson } from "./http";

export type LineLayout = components["schemas"]["Line"];
export type Station = components["schemas"]["Station"];
export type Device = components["schemas"]["Device"];
export type Service = components["schemas"]["Service"];
export type Queue = components["schemas"]["Queue"];
export type Counts = Station["counts"];

export const fetchLine = () => getJson<LineLayout>("/line");
