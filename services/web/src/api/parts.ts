import { getJson, type Query } from "./http";
import type { components } from "./schema";

export type Part = components["schemas"]["Part"];
export type Decision = components["schemas"]["Decision"];
export type Passport = components["schemas"]["Passport"];
export type ImageRef = components["schemas"]["ImageRef"];
export type Result = NonNullable<Part["result"]>;
export type PartPage = components["schemas"]["Page_Part_"];

export const RESULTS: readonly Result[] = ["pass", "fail", "held"];

export const fetchParts = (query: Query, signal?: AbortSignal) => getJson<PartPage>("/parts", query, signal);
export const fetchPassport = (id: string, signal?: AbortSignal) =>
  getJson<Passport>(`/parts/${encodeURIComponent(id)}`, {}, signal);
