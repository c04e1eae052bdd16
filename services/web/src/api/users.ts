import type { Role } from "./auth";
import { getJson, patchJson, postJson } from "./http";
import type { components } from "./schema";

export type User = components["schemas"]["User"];

export const ROLES: readonly Role[] = ["viewer", "operator", "engineer", "admin"];
/** The server refuses a shorter password. */
export const SHORTEST_PASSWORD = 10;

export interface NewUser {
  username: string;
  password: string;
  role: Role;
  /** `site/line`; null is every line. */
  lines: string[] | null;
}

/** Only what is named is changed. */
export type UserChange = Partial<{ password: string; role: Role; lines: string[] | null; disabled: boolean }>;

export const fetchUsers = (signal?: AbortSignal) => getJson<User[]>("/users", {}, signal);
export const addUser = (user: NewUser) => postJson<User>("/users", user);
export const changeUser = (id: string, change: UserChange) => patchJson<User>(`/users/${encodeURIComponent(id)}`, change);
