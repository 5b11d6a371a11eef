/**
 * The bindings of the gateway, as its wrangler.toml names them, and what its settings mean. A setting
 * that cannot be read leaves nothing permitted: no key verifies, no action is registered.
 */
import type { TicketLedger } from "../../durable-objects/ledger/index.ts";
import { checkPublicJwk, type PublicJwk } from "../../shared/crypto.ts";
import { parseStrictJson } from "../../shared/strict-json.ts";
import type { GatewayCallbacksRpc } from "../../shared/wire/rpc.ts";

export interface Env {
  readonly LEDGER: DurableObjectNamespace<TicketLedger>;
  /** Service binding to the API worker's `GatewayCallbacks`. */
  readonly MISSIONS: GatewayCallbacksRpc;
  /** The audience a ticket must name. */
  readonly GATEWAY_ID: string;
  /** The issuer a ticket must name. */
  readonly TICKET_ISSUER: string;
  /** Public JWKS (JSON text) of the ticket keys. */
  readonly TICKET_JWKS: string;
  /** Registry of actions (JSON text); see actions.ts. */
  readonly ACTIONS: string;
  /** Comma-separated hosts or host:port that may be called although they are local. */
  readonly EGRESS_ALLOW_HOSTS: string;
}

/** A connector's credential by name, or null. Registries may name CONNECTOR_ secrets only (actions.ts). */
export function connectorSecret(env: Env, name: string): string | null {
  const value = (env as unknown as Readonly<Record<string, unknown>>)[name];
  return typeof value === "string" && value !== "" ? value : null;
}

/**
 * Reads a JWKS into keys by `kid`. A key that is unfit (low order, private, without kid, second use of a
 * kid) is left out, so its tickets are refused as `TICKET_KEY_UNKNOWN`; the others still work.
 */
export function parseKeySet(text: string): ReadonlyMap<string, PublicJwk> {
  const keyByKid = new Map<string, PublicJwk>();
  const parsed = parseStrictJson(text);
  const set = parsed.ok ? parsed.value : null;
  const keys =
    typeof set === "object" && set !== null && "keys" in set && Array.isArray(set["keys"])
      ? set["keys"]
      : [];
  for (const candidate of keys) {
    const key = checkPublicJwk(candidate);
    if (!key.ok || key.value.kid === undefined || keyByKid.has(key.value.kid)) continue;
    keyByKid.set(key.value.kid, key.value);
  }
  return keyByKid;
}
