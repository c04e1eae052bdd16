import { getJson, type Query } from "./http";
import type { components } from "./schema";

export type Kpis = components["schemas"]["Kpis"];
export type ParetoEntry = components["schemas"]["ParetoEntry"];

export const fetchKpis = (query: Query, signal?: AbortSignal) => getJson<Kpis>("/kpis", query, signal);
