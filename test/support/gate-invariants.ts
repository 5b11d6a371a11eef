/**
 * What must hold of a node that runs, whatever its gates said: the action its plan names, no universe that
 * blocks, no open pause without a person who signed this digest, no forbidden purpose. Worked out from the trace alone, not
 * by the gates' own code.
 */
import { canonicalJson } from "../../shared/canonical.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import type { Model, ModelNode, Say } from "./mission-model.ts";

/** Checks an entry gate that allowed, before it is folded into the model. */
export function checkWideGates(
  model: Model,
  node: ModelNode,
  event: TraceEvent,
  digest: string,
  say: Say,
): void {
  checkAction(node, event.seq, say);
  const { spec, proposal } = node;
  let open = (spec.criteria ?? []).some(({ kind }) => kind === "subjective");
  const signs: (number | null)[] = [];
  for (const declared of spec.universes ?? []) {
    const seen = proposal?.universes?.find(({ id }) => id === declared.id);
    const over = (seen?.risk ?? 0) > declared.budget;
    if (seen?.constraints.some(({ violated }) => violated))
      say("I8", `seq ${event.seq}: ${declared.id} is violated and the node runs`);
    if (over && declared.overBudget === "block")
      say("I8", `seq ${event.seq}: ${declared.id} is over budget and the node runs`);
    const { risk, evidence = -1, uncertainty = 2 } = seen ?? {};
    open ||= over || risk === undefined;
    const { effect = seen?.utilityDeltas?.reduce((sum, delta) => sum + delta, 0) } = seen ?? {};
    if (declared.weight !== undefined) signs.push(effect === undefined ? null : Math.sign(effect));
    open ||= evidence < declared.evidenceMin || uncertainty > declared.uncertaintyMax;
  }
  open ||= signs.includes(null) || (signs.includes(1) && signs.includes(-1));
  const signed = node.approvals.some(({ gateDigest }) => gateDigest === digest);
  if (open && !signed) say("I8", `seq ${event.seq}: a pause is open and nobody overrode it`);
  const isOverridden = event.gateResult?.reasons.some(({ code }) => code === "PAUSE_OVERRIDDEN");
  if (isOverridden && !signed) say("I8", `seq ${event.seq}: overridden by nobody`);
  for (const name of model.opened.plan.forbiddenPurposes ?? [])
    for (const purpose of [spec.purpose, proposal?.purpose])
      if (purpose === name || purpose?.startsWith(`${name}.`))
        say("I8", `seq ${event.seq}: ${purpose} is forbidden and the node runs`);
}

/** I5: what runs is what the frozen spec names, with the arguments the plan fixed. */
function checkAction({ spec, proposal }: ModelNode, seq: number, say: Say): void {
  const action = proposal?.action ?? null;
  if (spec.kind === "decision" && action) say("I5", `seq ${seq}: a decision runs with an action`);
  if (spec.kind !== "execution") return;
  if (action?.type !== spec.action?.type)
    say("I5", `seq ${seq}: the plan names ${spec.action?.type}, ${action?.type} runs`);
  for (const [name, fixed] of Object.entries(spec.action?.args ?? {}))
    if (canonicalJson(action?.args[name] ?? null) !== canonicalJson(fixed))
      say("I5", `seq ${seq}: argument ${name} is fixed by the plan, another one runs`);
}
