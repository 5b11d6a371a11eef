/**
 * Stream tickets at the edge: made for a page that cannot send headers with its handshake, and turned back
 * into the principal they were made for. A ticket opens one stream of one mission and nothing else, so a
 * bearer token never stands in a URL. Specification: docs/stream.md.
 */
import { MISSION_ID, TEAM_NAME } from "../shared/ids.ts";
import { base64UrlEncode, sha256Hex } from "../shared/crypto.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { type AuthReject, type Principal, ROLES } from "./auth.ts";
import type { Env } from "./env.ts";
import { missionStub } from "./missions.ts";

const STREAM_PATH = /^\/v1\/missions\/([^/]+)\/stream$/;
const TICKET = /^([a-z0-9-]+)\.([A-Za-z0-9_-]{43})$/;

/** A fresh ticket of the team's, and the hash under which a mission knows it. */
export function createStreamTicket(team: string): {
  readonly ticket: string;
  readonly hash: string;
} {
  const ticket = `${team}.${base64UrlEncode(crypto.getRandomValues(new Uint8Array(32)))}`;
  return { ticket, hash: sha256Hex(ticket) };
}

/** The ticket a request brings instead of a token; null where it is none that may. */
export function streamTicketOf(url: URL): string | null {
  return STREAM_PATH.test(url.pathname) ? url.searchParams.get("ticket") : null;
}

/** Uses the ticket up. Errors: one reject for every way in which it can be wrong. */
export async function redeemStreamTicket(
  env: Env,
  url: URL,
  ticket: string,
): Promise<Result<Principal, AuthReject>> {
  const missionId = STREAM_PATH.exec(url.pathname)?.[1] ?? "";
  const team = TICKET.exec(ticket)?.[1] ?? "";
  if (!MISSION_ID.test(missionId) || !TEAM_NAME.test(team)) return refuse("malformed");
  const bearer = await missionStub(env, team, missionId).redeemStreamTicket(
    team,
    sha256Hex(ticket),
  );
  if (!bearer) return refuse("unknown, used or expired");
  const roles = ROLES.filter((role) => bearer.roles.includes(role));
  return ok({ sub: bearer.sub, team, roles });
}

function refuse(cause: string): Result<never, AuthReject> {
  return err({ reason: "unauthenticated", cause: `stream ticket: ${cause}` });
}
