/**
 * Identifiers: how each is spelled, made and recognised. Randomness and time come in as arguments.
 * Refuses nothing quietly: a maker given a wrong part breaches, a regex decides about input.
 * Specification: RFC 9562 section 5.7 (UUIDv7); the formats document for the prefixes.
 */
import { invariant } from "./invariant.ts";
import type { UnixMs } from "./time.ts";

const UUID_V7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const UUID_V7_WHOLE = new RegExp(`^${UUID_V7}$`);
const HASH_HEX = /^[0-9a-f]{64}$/;
const RANDOM_16_HEX = /^[0-9a-f]{32}$/;
const INCIDENT_ID = /^INC#\d{6,16}$/;
const UUID_MS_MAX = 2 ** 48 - 1;

export const MISSION_ID = new RegExp(`^msn_${UUID_V7}$`);
export const PROPOSAL_ID = new RegExp(`^prp_${UUID_V7}$`);
export const POLICY_ID = new RegExp(`^pol_${UUID_V7}$`);
export const WEBHOOK_ID = new RegExp(`^whk_${UUID_V7}$`);
/** A hook's id is its sealed address: 92 bytes in base64url (worker/hook-address.ts). */
export const HOOK_ID = /^hok_[A-Za-z0-9_-]{123}$/;
export const GRANT_ID = new RegExp(`^grt_${UUID_V7}$`);
export const TICKET_ID = /^tkt_[0-9a-f]{32}$/;
export const DELEGATION_ID = /^dlg_[0-9a-f]{32}$/;
export const DELIVERY_ID = /^msg_[0-9a-f]{32}$/;
/** A node id is a key of plain objects, so the names that mean something to an object are no node ids. */
export const NODE_ID = /^(?!(?:__proto__|constructor|prototype)$)[a-z0-9][a-z0-9_.-]{0,63}$/;

/** A team's name: it is part of the name its objects are found by, so it holds no slash. */
export const TEAM_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Builds a version 7 UUID, lower case with hyphens, from a time and 10 random bytes (74 bits are used). */
export function createUuidV7(unixMs: UnixMs, random10: Uint8Array): string {
  invariant(
    Number.isInteger(unixMs) && unixMs >= 0 && unixMs <= UUID_MS_MAX,
    "a UUIDv7 time is a whole number of milliseconds that fits 48 bits",
  );
  invariant(random10.length === 10, "a UUIDv7 takes exactly 10 random bytes");
  const [a = 0, b = 0, c = 0, ...rest] = random10;
  const time = unixMs.toString(16).padStart(12, "0");
  const versioned = hexOf([0x70 | (a & 0x0f), b]);
  const varied = hexOf([0x80 | (c & 0x3f), ...rest]);
  return `${time.slice(0, 8)}-${time.slice(8)}-${versioned}-${varied.slice(0, 4)}-${varied.slice(4)}`;
}

export function missionId(uuid: string): string {
  return withPrefix("msn_", uuid);
}

export function proposalId(uuid: string): string {
  return withPrefix("prp_", uuid);
}

export function policyId(uuid: string): string {
  return withPrefix("pol_", uuid);
}

export function grantId(uuid: string): string {
  return withPrefix("grt_", uuid);
}

export function webhookId(uuid: string): string {
  return withPrefix("whk_", uuid);
}

/** `tkt_` and 32 hex digits: the ticket's `jti`, 128 random bits, guessable by nobody. */
export function ticketId(random16hex: string): string {
  invariant(RANDOM_16_HEX.test(random16hex), "a ticket id takes 16 random bytes as lower-case hex");
  return `tkt_${random16hex}`;
}

/** `evd_` and the first 26 hex digits of the bundle's hash. */
export function evidenceId(hash: string): string {
  invariant(HASH_HEX.test(hash), "an evidence id comes from a SHA-256 in lower-case hex");
  return `evd_${hash.slice(0, 26)}`;
}

/** `msg_` and the first 32 hex digits of a hash over what is delivered, so a re-send keeps its id. */
export function deliveryId(hash: string): string {
  invariant(HASH_HEX.test(hash), "a delivery id comes from a SHA-256 in lower-case hex");
  return `msg_${hash.slice(0, 32)}`;
}

/** `dlg_` and the first 32 hex digits of the signed statement's hash, so the same one has one id. */
export function delegationId(hash: string): string {
  invariant(HASH_HEX.test(hash), "a delegation id comes from a SHA-256 in lower-case hex");
  return `dlg_${hash.slice(0, 32)}`;
}

/** `INC#000001`: the team's running number, from 1, padded to six digits and wider when it outgrows them. */
export function incidentId(n: number): string {
  invariant(Number.isSafeInteger(n) && n >= 1, "incident numbers count from 1");
  return `INC#${String(n).padStart(6, "0")}`;
}

/** Reads an incident id back to its number; null unless it is spelled exactly as `incidentId` spells it. */
export function parseIncidentId(text: string): number | null {
  if (!INCIDENT_ID.test(text)) return null;
  const n = Number(text.slice(4));
  return Number.isSafeInteger(n) && n >= 1 && incidentId(n) === text ? n : null;
}

function withPrefix(prefix: string, uuid: string): string {
  invariant(UUID_V7_WHOLE.test(uuid), "an id is built from a lower-case UUIDv7");
  return prefix + uuid;
}

function hexOf(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
