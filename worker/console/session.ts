/**
 * Who is signed in: the bearer token, kept for this tab only (sessionStorage), and what it says of its bearer.
 * The API verifies it; what is read here only fills in names. A token is never put into an address.
 */
import { useEffect, useState } from "preact/hooks";

const STORED_AS = "sekisho.token";
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** The bearer, as the token says, unverified. */
export interface Session {
  readonly token: string;
  readonly sub: string;
  readonly team: string;
  readonly roles: readonly string[];
  /** When the token ends, milliseconds since the epoch; null: it does not say. */
  readonly expiresAtMs: number | null;
}

const listeners = new Set<() => void>();
let session: Session | null = null;
let notice: string | null = null;

/** Takes the token of a `#token=` address, or the one this tab has kept. The address loses it at once. */
export function restoreSession(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (location.hash !== "") {
    history.replaceState(null, "", `${location.pathname}${location.search}`);
  }
  session = readToken(given ?? sessionStorage.getItem(STORED_AS) ?? "");
  if (session !== null) sessionStorage.setItem(STORED_AS, session.token);
  tell();
}

/** Signs in with a token; false when it is none. */
export function signIn(token: string): boolean {
  const read = readToken(token.trim());
  if (read === null) return false;
  session = read;
  notice = null;
  sessionStorage.setItem(STORED_AS, read.token);
  tell();
  return true;
}

/** Forgets the token; `why` is shown where one signs in. */
export function signOut(why: string | null = null): void {
  session = null;
  notice = why;
  sessionStorage.removeItem(STORED_AS);
  tell();
}

/** The session now, without following it. */
export function currentSession(): Session | null {
  return session;
}

/** Why the last session ended, where it was not the reader's wish. */
export function signOutNotice(): string | null {
  return notice;
}

/** The session, again whenever it changes. */
export function useSession(): Session | null {
  const [current, setCurrent] = useState(session);
  useEffect(() => {
    const update = () => setCurrent(session);
    listeners.add(update);
    return () => void listeners.delete(update);
  }, []);
  return current;
}

/** Whether the bearer claims one of the roles; the API decides, this only spares a refused request. */
export function hasRole(current: Session | null, ...roles: readonly string[]): boolean {
  return current?.roles.some((role) => roles.includes(role)) === true;
}

function tell(): void {
  for (const listener of listeners) listener();
}

function readToken(token: string): Session | null {
  if (!JWT.test(token)) return null;
  try {
    const payload = token.split(".")[1] ?? "";
    const base64 = payload.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (char) => char.codePointAt(0) ?? 0);
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const { sub, team, roles, exp } = claims;
    return {
      token,
      sub: typeof sub === "string" ? sub : "",
      team: typeof team === "string" ? team : "",
      roles: Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [],
      expiresAtMs: typeof exp === "number" ? exp * 1_000 : null,
    };
  } catch {
    return null;
  }
}
