/** Evidence for a node: for what it requires while it waits, for what it produces while it runs. */
import { checkReceipts, type RecordedVerification } from "../../evidence/index.ts";
import { err, ok, type Result } from "../../result.ts";
import { isoToUnixMs } from "../../time.ts";
import { reconsider } from "../advance.ts";
import type { SubmitEvidence } from "../command.ts";
import { offeredEvidence } from "../question.ts";
import type { Rejection } from "../rejection.ts";
import { agentRefusal } from "./agent.ts";
import { emitNode, recordOf, specOf, type Turn } from "../turn.ts";

export function decideEvidence(turn: Turn, command: SubmitEvidence): Result<null, Rejection> {
  const { nodeId, bundle, actor } = command;
  const spec = specOf(turn.state, nodeId);
  const record = recordOf(turn, nodeId);
  if (record.verdict === "seal") return err({ reason: "node_sealed", nodeId });
  if (record.status === "NEW" || record.status === "DONE")
    return err({ reason: "node_not_open", nodeId, state: record.status });
  const refusal = agentRefusal(turn, spec, command.agent);
  if (refusal) return err(refusal);
  // What a running node was let in on must not change under it; what it produces may still come.
  const expected =
    record.status === "RUNNING"
      ? spec.evidenceOut
      : [...new Set([...spec.evidenceIn, ...spec.evidenceOut])];
  if (!expected.includes(bundle.kind))
    return err({ reason: "evidence_kind_unexpected", nodeId, kind: bundle.kind, expected });
  // An older bundle may come back: what a person approved on must not be out of reach for good.
  const newest = record.evidence.findLast((held) => held.kind === bundle.kind);
  if (newest?.hash === bundle.hash) return ok(null);
  const verified = verify(turn, command);
  if (!verified.ok) return verified;
  const verification = verified.value;
  emitNode(
    turn,
    "evidence.submitted",
    nodeId,
    { bundle, ...(verification && { verification }) },
    { actor, evidenceHash: bundle.hash },
  );
  if (verification) escalate(turn, command, verification);
  reconsider(turn, nodeId, "evidence");
  return ok(null);
}

/** Receipts of the same content are only ever added: what a verifier said is not unsaid by leaving it out. */
function verify(
  turn: Turn,
  { nodeId, bundle, verification }: SubmitEvidence,
): Result<RecordedVerification | null, Rejection> {
  const facts = verification ?? { producerFamily: null, verifiers: [] };
  const checked = checkReceipts(bundle, facts, isoToUnixMs(turn.at) ?? 0);
  if (!checked.ok) return checked;
  const content = checked.value?.outcome.contentHash ?? bundle.hash;
  const carried = new Set(checked.value?.outcome.receiptHashes);
  for (const { verification: earlier } of offeredEvidence(turn.state, nodeId)) {
    const missing =
      earlier?.contentHash === content && earlier.receiptHashes.find((hash) => !carried.has(hash));
    if (!missing) continue;
    const detail = `an earlier bundle of this content carries the receipt with SHA-256 ${missing}`;
    return err({ reason: "receipt_refused", receipt: -1, flaw: "left_out", detail });
  }
  return checked;
}

/** Nobody could look: the gate blocks, and people are told that the verifiers need them. */
function escalate(
  turn: Turn,
  { nodeId, bundle }: SubmitEvidence,
  { outcome }: RecordedVerification,
): void {
  const unseen = outcome.claims.filter(({ status }) => status === "unavailable");
  if (unseen.length === 0) return;
  emitNode(turn, "incident.raised", nodeId, {
    kind: "verifier_unavailable",
    severity: "medium",
    reasonCodes: ["VERIFIER_UNAVAILABLE"],
    summary: `No verifier could look at ${unseen.length} of ${bundle.claims.length} claims of evidence ${bundle.id} for node ${nodeId}.`,
  });
}
