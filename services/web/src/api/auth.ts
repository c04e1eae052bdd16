import type { components } from "./schema";
import { getJson, postJson } from "./http";

export type Me = components["schemas"]["Me"];
export type Role = Me["role"];
export type Tokens = components["schemas"]["Tokens"];
export type Ticket = components["schemas"]["Ticket"];

export const login = (username: string, password: string) => postJson<Tokens>("/auth/login", { username, password });
/** The refresh token stays in the browser's HttpOnly cookie. */
export const refresh = () => postJson<Tokens>("/auth/refresh");
export const logout = () => postJson<void>("/auth/logout");
export const fetchMe = () => getJson<Me>("/me");
export const fetchTicket = () => postJson<Ticket>("/ws-ticket");
