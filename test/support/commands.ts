/**
 * Commands for tests: one builder each, with the time in whole seconds after the start, the usual
 * actor and entropy that is another for every command that differs.
 */
import type { SignedApproval } from "../../shared/approval/index.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import type { EvidenceBundle } from "../../shared/evidence/index.ts";
import type { Command } from "../../shared/mission/index.ts";
import type { CompiledPlan } from "../../shared/plan/index.ts";
import type { Denial, Receipt } from "../../shared/ticket/index.ts";
import { agent, MISSION, ms, type Person, policy, TEAM, TERMS } from "./builders.ts";

type Of<T extends Command["type"]> = Extract<Command, { readonly type: T }>;
type Overrides<T extends Command["type"]> = Partial<Omit<Of<T>, "type">>;

/** Fresh random bits, as far as a test needs them: another text for every command that differs. */
function base(seconds: number, actor: Command["actor"], salt: string) {
  return {
    at: ms(seconds),
    actor,
    terms: TERMS,
    entropy: sha256Hex(`${seconds} ${actor.id} ${salt}`),
  };
}

const byAgent = (id: string) => ({ kind: "agent", id }) as const;
const byHuman = (id: string) => ({ kind: "human", id }) as const;
const GATEWAY = { kind: "gateway", id: TERMS.audience } as const;
const CLOCK = { kind: "system", id: "sekisho" } as const;

export function openMission(
  compiled: CompiledPlan,
  overrides: Overrides<"OpenMission"> = {},
): Of<"OpenMission"> {
  return {
    ...base(0, byHuman("operator"), "open"),
    type: "OpenMission",
    missionId: MISSION,
    team: TEAM,
    plan: compiled,
    inputs: [],
    policy: policy(),
    ...overrides,
  };
}

export function submitEvidence(
  seconds: number,
  nodeId: string,
  bundle: EvidenceBundle,
  overrides: Overrides<"SubmitEvidence"> = {},
): Of<"SubmitEvidence"> {
  return {
    ...base(seconds, byAgent(bundle.producedBy), bundle.hash),
    type: "SubmitEvidence",
    nodeId,
    bundle,
    agent: agent(bundle.producedBy),
    ...overrides,
  };
}

type ProposeOptions = Overrides<"Propose"> & {
  readonly by?: string;
  readonly action?: Of<"Propose">["proposal"]["action"];
  readonly rationale?: string;
};

/** A proposal of agent `by`; without an action unless one is given. */
export function propose(
  seconds: number,
  nodeId: string,
  options: ProposeOptions = {},
): Of<"Propose"> {
  const {
    by = "agent-a",
    action = null,
    rationale = "it is the best offer",
    ...overrides
  } = options;
  const salt = `propose ${nodeId} ${canonicalJson(action)}`;
  const id = `prp_017f22e2-79b0-7cc3-98c4-${sha256Hex(`${seconds} ${salt}`).slice(0, 12)}`;
  return {
    ...base(seconds, byAgent(by), salt),
    type: "Propose",
    nodeId,
    proposal: { id, rationale, action },
    agent: agent(by),
    ...overrides,
  };
}

/** `vendor.switch` with these arguments. */
export function vendorSwitch(args: NonNullable<Of<"Propose">["proposal"]["action"]>["args"] = {}) {
  return { type: "vendor.switch", args };
}

function saltOf(signed: SignedApproval): string {
  return typeof signed === "string" ? signed : canonicalJson(signed);
}

export function decideApproval(
  seconds: number,
  nodeId: string,
  who: Person,
  signed: SignedApproval,
  overrides: Overrides<"DecideApproval"> = {},
): Of<"DecideApproval"> {
  return {
    ...base(seconds, byHuman(who.facts.id), saltOf(signed)),
    type: "DecideApproval",
    nodeId,
    statement: signed,
    approver: who.facts,
    ...overrides,
  };
}

/** The directory says something else of a person than when they approved; `admin` changed it. */
export function reviewApprovals(
  seconds: number,
  who: string,
  standing: Of<"ReviewApprovals">["standing"],
): Of<"ReviewApprovals"> {
  const actor = byHuman("admin");
  return { ...base(seconds, actor, who), type: "ReviewApprovals", person: who, standing };
}

export function submitResult(
  seconds: number,
  nodeId: string,
  overrides: Overrides<"SubmitResult"> & { readonly by?: string } = {},
): Of<"SubmitResult"> {
  const { by = "agent-a", ...rest } = overrides;
  return {
    ...base(seconds, byAgent(by), nodeId),
    type: "SubmitResult",
    nodeId,
    agent: agent(by),
    outputs: {},
    tests: [{ id: "accepted", passed: true }],
    ...rest,
  };
}

export function recordReceipt(seconds: number, reported: Receipt): Of<"RecordReceipt"> {
  return { ...base(seconds, GATEWAY, reported.jti), type: "RecordReceipt", receipt: reported };
}

export function recordDenial(seconds: number, reported: Denial): Of<"RecordDenial"> {
  return {
    ...base(seconds, GATEWAY, `${reported.jti} ${reported.reason}`),
    type: "RecordDenial",
    denial: reported,
  };
}

/** An operator says what became of an action whose outcome is unknown. */
export function reconcile(
  seconds: number,
  nodeId: string,
  outcome: Of<"ReconcileOutcome">["outcome"],
  overrides: Overrides<"ReconcileOutcome"> & { readonly by?: string } = {},
): Of<"ReconcileOutcome"> {
  const { by = "operator", ...rest } = overrides;
  return {
    ...base(seconds, byHuman(by), `${nodeId} ${outcome}`),
    type: "ReconcileOutcome",
    nodeId,
    outcome,
    reason: "the upstream's own log was looked at",
    ...rest,
  };
}

export function intervene(
  seconds: number,
  kind: Of<"Intervene">["kind"],
  reason = "an operator wants it so",
): Of<"Intervene"> {
  return { ...base(seconds, byHuman("operator"), kind), type: "Intervene", kind, reason };
}

/** A reset of one node, or of the whole mission. */
export function reset(seconds: number, nodeId?: string): Of<"Intervene"> {
  return { ...intervene(seconds, "reset"), ...(nodeId !== undefined && { nodeId }) };
}

export function ban(seconds: number, agent: string): Of<"Intervene"> {
  return { ...intervene(seconds, "ban"), agent };
}

export function passTime(seconds: number): Of<"PassTime"> {
  return { ...base(seconds, CLOCK, "clock"), type: "PassTime" };
}
