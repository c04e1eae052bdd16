import { ask, getJson, type Query } from "./http";
import type { components } from "./schema";

export type Health = components["schemas"]["Health"];
export type Model = components["schemas"]["Model"];
export type AuditEntry = components["schemas"]["AuditEntry"];
export type AuditPage = components["schemas"]["Page_AuditEntry_"];

/** Stands beside `/api/v1`, because probes ask for it too. */
export const fetchHealth = async (signal?: AbortSignal) =>
  (await (await ask("/api/health", { signal: signal ?? null })).json()) as Health;
export const fetchModels = (signal?: AbortSignal) => getJson<Model[]>("/models", {}, signal);
export const fetchAudit = (query: Query, signal?: AbortSignal) => getJson<AuditPage>("/audit", query, signal);
