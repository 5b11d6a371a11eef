/** Signed delegations, and decisions that somebody makes on somebody else's behalf. */
import {
  type ApprovalStatement,
  DELEGATION_JWS_TYPE,
  type DelegationFacts,
  delegationIdOf,
  type DelegationStatement,
} from "../../shared/approval/index.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { signJws } from "../../shared/jws.ts";
import type { PersonStanding } from "../../shared/mission/command.ts";
import type { Command } from "../../shared/mission/index.ts";
import { iso, type KeyPair, type Person, signStatement, statement, TEAM } from "./builders.ts";
import { decideApproval } from "./commands.ts";
import { requestOf, type Run } from "./scenario.ts";

/** `from` signs that `to` may fill their seat; an hour from the first second unless said otherwise. */
export function delegation(
  from: Person,
  to: Person,
  overrides: Partial<DelegationStatement> & { readonly key?: KeyPair } = {},
): DelegationFacts {
  const { key = from.keys[0], ...members } = overrides;
  const said: DelegationStatement = {
    team: TEAM,
    delegator: from.facts.id,
    delegate: to.facts.id,
    issuedAt: iso(0),
    expiresAt: iso(3_600),
    reason: "away this week",
    ...members,
  };
  const header = { typ: DELEGATION_JWS_TYPE, kid: key.kid };
  const signed = signJws(header, canonicalJson(said), key.privateJwk);
  return { id: delegationIdOf(signed), statement: signed, delegator: from.facts };
}

/** `who` decides on behalf of the delegator of the first delegation given. */
export function approvesFor(
  seconds: number,
  nodeId: string,
  who: Person,
  delegations: readonly DelegationFacts[],
  overrides: Partial<ApprovalStatement> = {},
): (run: Run) => Command {
  return (run) => {
    const signed = statement({
      nodeId,
      gateDigest: requestOf(run, nodeId)?.gateDigest ?? "0".repeat(64),
      attempt: run.state?.nodes.get(nodeId)?.attempt ?? 1,
      approver: who.facts.id,
      onBehalfOf: delegations[0]?.delegator.id ?? "nobody",
      ...overrides,
    });
    return decideApproval(seconds, nodeId, who, signStatement(signed, who.keys[0]), {
      delegations,
    });
  };
}

/** What the directory says of a person now, with the delegations that they have not revoked. */
export function standingOf(
  { facts }: Person,
  delegations: readonly DelegationFacts[] = [],
  overrides: Partial<PersonStanding> = {},
): PersonStanding {
  const { keys, groups, validFrom, validUntil } = facts;
  return {
    kids: keys.map(({ kid }) => kid),
    groups,
    validFrom,
    validUntil,
    ...(delegations.length > 0 && { delegations: delegations.map(({ id }) => id) }),
    ...overrides,
  };
}
