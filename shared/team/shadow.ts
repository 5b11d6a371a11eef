/**
 * The trial of a policy: proposed -> shadow and back. A shadow decides nothing, so nobody need sign;
 * becoming active from here takes the same signature as from a proposal.
 * Specification: docs/policy.md, "Shadow".
 */
import { err, ok, type Result } from "../result.ts";

/** The life of a policy version, in order. */
export type PolicyState = "proposed" | "shadow" | "active" | "retired";

/** The state after starting (`on`) or ending the trial; asking for what is already so changes nothing. */
export function moveShadow(
  version: string,
  state: PolicyState,
  on: boolean,
): Result<
  "proposed" | "shadow",
  { readonly reason: "policy_not_proposed"; readonly version: string; readonly state: string }
> {
  if (state !== "proposed" && state !== "shadow")
    return err({ reason: "policy_not_proposed", version, state });
  return ok(on ? "shadow" : "proposed");
}
