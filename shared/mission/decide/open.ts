/** Opening a mission: its first event carries the whole plan, its inputs and the pinned policy. */
import { checkReceipts, type RecordedVerification } from "../../evidence/index.ts";
import { LIMITS } from "../../limits.ts";
import { err, ok, type Result } from "../../result.ts";
import { unixMsToIso } from "../../time.ts";
import type { EventDraft } from "../../trace/index.ts";
import type { JsonObject } from "../../strict-json.ts";
import { advanceSystem } from "../advance.ts";
import type { OpenMission } from "../command.ts";
import { RULES_VERSION } from "../event.ts";
import { evolve } from "../evolve.ts";
import type { Rejection } from "../rejection.ts";
import { createTurn, emitNode } from "../turn.ts";
import type { Decided } from "./index.ts";

export function decideOpen(command: OpenMission): Result<Decided, Rejection> {
  const { plan, policy, inputs, missionId, team } = command;
  const unexpected = inputs.find((bundle) => !plan.plan.missionInputs.includes(bundle.kind));
  if (unexpected) return err({ reason: "input_unexpected", kind: unexpected.kind });
  const unguarded = command.canary ? unguardedNode(plan) : undefined;
  if (unguarded !== undefined) return err({ reason: "canary_unguarded", nodeId: unguarded });
  const verified = verifyInputs(command);
  if (!verified.ok) return verified;
  const opening: EventDraft = {
    type: "mission.opened",
    nodeId: null,
    actor: command.actor,
    at: unixMsToIso(command.at),
    stateBefore: null,
    stateAfter: "active",
    evidenceHash: null,
    approvalSignature: null,
    gateResult: null,
    policyVersion: policy.version,
    data: {
      rules: RULES_VERSION,
      missionId,
      team,
      plan: plan.plan,
      planHash: plan.hash,
      inputs,
      ...verified.value,
      policy,
      ...(command.shadow ? { shadow: command.shadow } : {}),
      ...(command.canary ? { canary: command.canary } : {}),
    } as unknown as JsonObject,
  };
  const turn = createTurn(evolve(null, opening, plan), command);
  for (const nodeId of plan.order) {
    // Roots wait for nobody. Every other node becomes READY by a predecessor's completion.
    if ((plan.predecessors.get(nodeId)?.length ?? 0) === 0)
      emitNode(turn, "node.ready", nodeId, {}, { stateAfter: "READY" });
  }
  advanceSystem(turn);
  if (turn.events.length >= LIMITS.eventsPerMissionMax)
    return err({ reason: "mission_full", eventsMax: LIMITS.eventsPerMissionMax });
  return ok({ drafts: [opening, ...turn.events], wanted: turn.wanted });
}

/** A node that could act without anybody being asked at it: below risk 3 people are not always. */
function unguardedNode({ plan }: OpenMission["plan"]): string | undefined {
  return plan.nodes.find(({ kind, risk }) => kind === "execution" && risk < 3)?.id;
}

/** Checks the receipts of every input; nothing at all where no input carries any. */
function verifyInputs({
  inputs,
  verification = { producerFamily: null, verifiers: [] },
  at,
}: OpenMission): Result<
  { readonly verifications?: Readonly<Record<string, RecordedVerification>> },
  Rejection
> {
  const verifications: Record<string, RecordedVerification> = {};
  for (const bundle of inputs) {
    const checked = checkReceipts(bundle, verification, at);
    if (!checked.ok) return checked;
    if (checked.value) verifications[bundle.hash] = checked.value;
  }
  return ok(Object.keys(verifications).length === 0 ? {} : { verifications });
}
