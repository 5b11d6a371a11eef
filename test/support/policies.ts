/** Policies for scenarios: other versions of the usual one, and signatures that move a mission to them. */
import { canonicalJson, hashJson } from "../../shared/canonical.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import { signJws } from "../../shared/jws.ts";
import type { Command } from "../../shared/mission/index.ts";
import {
  type PinnedPolicy,
  policyDocumentSchema,
  type PolicyRule,
} from "../../shared/policy/index.ts";
import { iso, MISSION, ms, type Person, TERMS } from "./builders.ts";
import type { Run } from "./scenario.ts";

/** A version of these rules, named by a digit. */
export function version(
  digit: string,
  rules: readonly PolicyRule[],
  forbiddenPurposes?: readonly string[],
  description?: string,
): PinnedPolicy {
  const document = policyDocumentSchema.parse({
    name: `version-${digit}`,
    rules,
    ...(forbiddenPurposes && { forbiddenPurposes }),
    ...(description !== undefined && { description }),
  });
  return {
    version: `pol_017f22e2-79b0-7cc3-98c4-dc0c0c0739${digit}${digit}`,
    hash: hashJson(document),
    document,
  };
}

type Repin = Extract<Command, { type: "RepinPolicy" }>;

/** `who` signs for the move from the policy the mission has, unless a member says otherwise. */
export function repins(
  seconds: number,
  who: Person,
  policy: PinnedPolicy,
  members: Readonly<Record<string, unknown>> = {},
  overrides: Partial<Repin> & { readonly typ?: string } = {},
): (run: Run) => Repin {
  return (run) => {
    const { typ = "sekisho-policy-repin+jwt", ...rest } = overrides;
    const statement = {
      missionId: MISSION,
      version: policy.version,
      policyHash: policy.hash,
      fromPolicyHash: run.state?.policy.hash ?? "",
      decision: "repin",
      approver: who.facts.id,
      reason: "a supplier failed",
      issuedAt: iso(0),
      expiresAt: iso(86_400),
      ...members,
    };
    const [key] = who.keys;
    return {
      type: "RepinPolicy",
      at: ms(seconds),
      actor: { kind: "human", id: who.facts.id },
      entropy: sha256Hex(`repin ${seconds}`),
      terms: TERMS,
      policy,
      policyState: "active",
      proposedBy: "olga",
      statement: signJws({ typ, kid: key.kid }, canonicalJson(statement), key.privateJwk),
      approver: who.facts,
      ...rest,
    };
  };
}
