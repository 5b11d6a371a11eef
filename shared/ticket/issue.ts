/**
 * Signs execution tickets. The same claims and key give the same bytes, so a re-sent ticket is the
 * same ticket. Refuses nothing: whether a ticket may be issued at all is decided in shared/mission.
 * Specification: docs/tickets.md.
 */
import { canonicalJson } from "../canonical.ts";
import type { PrivateJwk } from "../crypto.ts";
import { invariant } from "../invariant.ts";
import { signJws } from "../jws.ts";
import { TICKET_JWS_TYPE, type TicketClaims } from "./claims.ts";

/**
 * Signs the claims as a compact JWS.
 * Shape: header `{ alg: "EdDSA", typ: "sekisho-ticket+jwt", kid }`, payload in RFC 8785 form.
 * Errors: breaches on a key without `kid`, because no gateway could ever find its public half.
 */
export function signTicket(claims: TicketClaims, key: PrivateJwk): string {
  invariant(key.kid !== undefined, "a ticket key has a kid");
  return signJws({ typ: TICKET_JWS_TYPE, kid: key.kid }, canonicalJson(claims), key);
}
