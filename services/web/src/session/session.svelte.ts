/** Who is at the screen. The access token lives in memory only, the refresh token in a cookie that no script can read. */

import { fetchMe, login, logout, type Me, refresh, type Role } from "../api/auth";
import { ApiError, useCredentials } from "../api/http";

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, engineer: 2, admin: 3 };

/** Set while this browser holds a refresh cookie, which a script cannot see. */
const HELD = "jidoka.session";

class Session {
  me = $state.raw<Me | null>(null);
  /** False until the API has said who this is: nobody (log in), an anonymous viewer, or a user. */
  known = $state(false);
  private token: string | null = null;
  private renewal: Promise<boolean> | null = null;

  constructor() {
    useCredentials({ token: () => this.token, renew: () => this.renew() });
  }

  may(role: Role): boolean {
    return this.me !== null && RANK[this.me.role] >= RANK[role];
  }

  /** Takes up a session that the browser still has. */
  async takeUp(): Promise<void> {
    if (this.token === null && localStorage.getItem(HELD) !== null) await this.renew();
  }

  async enter(username: string, password: string): Promise<void> {
    this.token = (await login(username, password)).access_token;
    localStorage.setItem(HELD, "");
    await this.recognise();
  }

  async leave(): Promise<void> {
    try {
      await logout();
    } finally {
      this.forget();
    }
  }

  /** Finds out who this is. Throws ApiError when nobody answers. */
  async recognise(): Promise<void> {
    try {
      this.me = await fetchMe();
    } catch (error) {
      if (!refused(error)) throw error;
      this.me = null;
    }
    this.known = true;
  }

  /** Several requests may meet the same expired token; it is renewed once for all of them. */
  private renew(): Promise<boolean> {
    this.renewal ??= this.exchange().finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  private async exchange(): Promise<boolean> {
    try {
      this.token = (await oneTabAtATime(refresh)).access_token;
      return true;
    } catch (error) {
      if (refused(error)) this.forget();
      return false;
    }
  }

  /** Without a token this may still be an anonymous viewer, so the API is asked again who this is. */
  private forget(): void {
    const had = this.token !== null;
    this.token = null;
    localStorage.removeItem(HELD);
    if (had) void this.recognise().catch(() => undefined);
  }
}

/** A refresh token is good for one use, and all tabs of the browser share it. */
async function oneTabAtATime<T>(work: () => Promise<T>): Promise<T> {
  // Browsers offer locks to pages from HTTPS and localhost only.
  return "locks" in navigator ? await navigator.locks.request("jidoka.refresh", work) : await work();
}

function refused(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}

export const session = new Session();
