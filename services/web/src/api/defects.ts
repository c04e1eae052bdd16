import { getJson, type Query } from "./http";
import type { components } from "./schema";

export type Defect = components["schemas"]["Defect"];
export type FoundDefect = components["schemas"]["FoundDefect"];
export type Inspection = components["schemas"]["Inspection"];
export type Box = components["schemas"]["BoundingBox"];
export type DefectPage = components["schemas"]["Page_Defect_"];

export const fetchDefects = (query: Query, signal?: AbortSignal) => getJson<DefectPage>("/defects", query, signal);
