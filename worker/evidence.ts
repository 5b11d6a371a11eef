/**
 * Evidence as it arrives: completed with its producer, hash and id, and held against what the caller
 * claimed. Whether it is enough for a node is the mission's question.
 */
import type { Context } from "hono";
import { canonicalJson } from "../shared/canonical.ts";
import {
  createEvidenceBundle,
  type EvidenceBundle,
  type EvidenceInput,
  type VerificationFacts,
} from "../shared/evidence/index.ts";
import { LIMITS } from "../shared/limits.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { rejectionToProblem, type Problem } from "../shared/wire/problem.ts";
import type { AppContext } from "./context.ts";
import { teamStub } from "./missions.ts";

/**
 * Completes a submitted bundle. `pointer` is where it stood in the body.
 * Errors: `evidence_hash_mismatch` when it named another hash; `request_invalid` when it is too large.
 */
export function receiveEvidence(
  input: EvidenceInput,
  producedBy: string,
  pointer: string,
): Result<EvidenceBundle, Problem> {
  const bundle = createEvidenceBundle(input, producedBy);
  const sizeFlaw = jsonSizeFlaw(bundle, LIMITS.evidenceBytesMax, pointer);
  if (sizeFlaw) return err(sizeFlaw);
  if (input.hash !== undefined && input.hash !== bundle.hash) {
    const mismatch = { expected: input.hash, actual: bundle.hash };
    return err(rejectionToProblem({ reason: "evidence_hash_mismatch", ...mismatch }));
  }
  return ok(bundle);
}

/**
 * What a command needs of the directory to check the bundles' receipts; nothing where none carries any.
 * A directory that does not answer is a fault: the evidence is not recorded, and can be sent again.
 */
export async function verificationFor(
  c: Context<AppContext>,
  bundles: readonly EvidenceBundle[],
): Promise<{ readonly verification?: VerificationFacts }> {
  if (bundles.every((bundle) => bundle.receipts.length === 0)) return {};
  const { team, sub } = c.get("principal");
  return { verification: await teamStub(c.env, team).verificationFacts(sub) };
}

/** A refusal when the value's canonical form is larger than allowed, else null. */
export function jsonSizeFlaw(value: unknown, bytesMax: number, pointer: string): Problem | null {
  const bytes = new TextEncoder().encode(canonicalJson(value)).byteLength;
  if (bytes <= bytesMax) return null;
  const detail = `is ${bytes} bytes, more than the ${bytesMax} allowed`;
  return { code: "request_invalid", errors: [{ pointer, detail }] };
}
