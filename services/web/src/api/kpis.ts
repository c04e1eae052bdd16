import { getJson, type Query } from "./http";
import type { components } from "./schema";

export type Kpis = components["schemas"]["Kpis"];
export type KpiSeries = components["schemas"]["KpiSeries"];
export type KpiStep = components["schemas"]["KpiStep"];
export type Unit = KpiSeries["unit"];
export type ParetoEntry = components["schemas"]["ParetoEntry"];

export const fetchKpis = (query: Query, signal?: AbortSignal) => getJson<Kpis>("/kpis", query, signal);
export const fetchKpiSeries = (query: Query, signal?: AbortSignal) => getJson<KpiSeries>("/kpis/series", query, signal);
