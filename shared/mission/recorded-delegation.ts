/**
 * The delegation that a recorded decision was made under, read back as the directory gave it. Refuses one whose
 * id or key is not its own. Specification: docs/replay.md.
 */
import { type DelegationFacts, delegationIdOf } from "../approval/index.ts";
import { jwkThumbprint, type PublicJwk } from "../crypto.ts";
import type { EventData } from "./event.ts";
import type { ReadBack } from "./recorded-command.ts";

type Recorded = Pick<EventData["approval.granted"], "delegatedBy" | "delegation">;

/** None or one; the first member that does not hold by itself, where one does not. */
export function delegationsIn({
  delegatedBy,
  delegation,
}: Recorded): Extract<ReadBack, { flaw: unknown }> | readonly DelegationFacts[] {
  if (delegatedBy === undefined || !delegation) return [];
  const { id, statement, kid, groups, validUntil = null } = delegation;
  const jwk = delegation.jwk as PublicJwk;
  const [expectedKid, expectedId] = [jwkThumbprint(jwk), delegationIdOf(statement)];
  if (kid !== expectedKid)
    return { flaw: { member: "data.delegation.kid", expected: expectedKid } };
  if (id !== expectedId) return { flaw: { member: "data.delegation.id", expected: expectedId } };
  const keys = [{ kid, jwk }];
  const delegator = { id: delegatedBy, groups, keys, validFrom: null, validUntil };
  return [{ id, statement, delegator }];
}
