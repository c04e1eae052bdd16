import { getJson, type Query } from "./http";
import type { components } from "./schema";

export type Tag = components["schemas"]["Tag"];
export type TagHistory = components["schemas"]["TagHistory"];
/** What a chart draws of a point. */
export type TrendPoint = Pick<components["schemas"]["TrendPoint"], "at" | "samples" | "minimum" | "maximum" | "mean">;
export type Scalar = boolean | number | string;

/** One scan of one group, as the WebSocket tells it. */
export interface TagScan {
  plc: string;
  group: string;
  at: string;
  values: Record<string, Scalar>;
  bad: Record<string, string>;
  uncertain?: Record<string, string>;
}

export const fetchTags = (signal?: AbortSignal) => getJson<Tag[]>("/tags", {}, signal);
export const fetchTagHistory = (name: string, query: Query, signal?: AbortSignal) =>
  getJson<TagHistory>(`/tags/${encodeURIComponent(name)}/history`, query, signal);
