/** One way to ask the API: JSON in and out, a problem document becomes an ApiError. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string | null = null,
  ) {
    super(detail ?? title);
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** Who is asking. Set once by the session, so that this module needs to know nothing of logging in. */
export interface Credentials {
  token: () => string | null;
  /** Gets a new token after a 401; resolves to whether it is worth asking again. */
  renew: () => Promise<boolean>;
}

let credentials: Credentials = { token: () => null, renew: async () => false };

export function useCredentials(given: Credentials): void {
  credentials = given;
}

const ROOT = "/api/v1";

export function address(path: string, query: Query = {}): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [name, String(value)]);
  const tail = new URLSearchParams(pairs).toString();
  return `${ROOT}${path}${tail ? `?${tail}` : ""}`;
}

/** Asks with the session's token, once more after renewing it; throws ApiError for any answer that is not 2xx. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const sent = credentials.token();
  let response = await send(path, init);
  if (response.status === 401 && sent !== null && (await credentials.renew())) response = await send(path, init);
  if (!response.ok) throw await problem(response);
  return response;
}

export async function getJson<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await ask(address(path, query), { signal: signal ?? null });
  return (await response.json()) as T;
}

/** `key` makes the action safe to repeat: the same key is carried out once. */
export const postJson = <T>(path: string, body: unknown = {}, key?: string) => sendJson<T>("POST", path, body, key);

export const patchJson = <T>(path: string, body: unknown) => sendJson<T>("PATCH", path, body);

async function sendJson<T>(method: string, path: string, body: unknown, key?: string): Promise<T> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (key !== undefined) headers["Idempotency-Key"] = key;
  const response = await ask(address(path), { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** A new random key for one action. `crypto.randomUUID` would need HTTPS, which a plant's page may not have. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = credentials.token();
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable");
  }
}

async function problem(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { title?: unknown; detail?: unknown };
    const detail = typeof body.detail === "string" ? body.detail : null;
    return new ApiError(response.status, typeof body.title === "string" ? body.title : response.statusText, detail);
  } catch {
    return new ApiError(response.status, response.statusText);
  }
}
