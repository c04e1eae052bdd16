import { getJson, postJson, type Query } from "./http";
import type { components } from "./schema";

export type Part = components["schemas"]["Part"];
export type Decision = components["schemas"]["Decision"];
export type Passport = components["schemas"]["Passport"];
export type ImageRef = components["schemas"]["ImageRef"];
export type Result = NonNullable<Part["result"]>;
export type PartPage = components["schemas"]["Page_Part_"];

export type Serial = components["schemas"]["Serial"];
export type RecallPage = components["schemas"]["RecallList"];
export type RecalledPart = components["schemas"]["RecalledPart"];

export const RESULTS: readonly Result[] = ["pass", "fail", "held"];

export const fetchParts = (query: Query, signal?: AbortSignal) => getJson<PartPage>("/parts", query, signal);
export const fetchPassport = (id: string, signal?: AbortSignal) =>
  getJson<Passport>(`/parts/${encodeURIComponent(id)}`, {}, signal);
export const fetchSerials = (prefix: string, signal?: AbortSignal) =>
  getJson<Serial[]>("/serials", { prefix, limit: 12 }, signal);
export const fetchRecall = (query: Query, signal?: AbortSignal) => getJson<RecallPage>("/recall", query, signal);
export const keepPart = (id: string, comment: string | null, key: string) =>
  postJson<void>(`/parts/${encodeURIComponent(id)}/keep`, { comment }, key);
