/**
 * What must hold of a node that runs, gate by gate and worked out from the trace alone, not by the gates'
 * own code. The gates that look at people, evidence, policy and leases are judged in node-invariants.ts, too.
 * A pause may stand open where somebody signed for this digest; nothing else may.
 */
import { canonicalJson } from "../../shared/canonical.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import { dataOf } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { availableTo, type Model, type ModelNode, type Say } from "./mission-model.ts";
import { judged } from "./receipt-invariants.ts";

interface Passing {
  readonly model: Model;
  readonly node: ModelNode;
  readonly event: TraceEvent;
  /** Whoever proposed; null for what the system does by itself. */
  readonly proposal: ModelNode["proposal"];
}

/** What keeps the node from running, and what only people could wave through. */
interface Found {
  readonly flaws?: readonly (string | false | undefined)[];
  readonly open?: boolean;
}

/** In the order of the pipeline, each with its invariant; policy and lease are wholly judged elsewhere. */
const CHECKS: readonly (readonly [invariant: string, check: (passing: Passing) => Found])[] = [
  ["I8", readiness],
  ["I8", scope],
  ["I5", consistency],
  ["I8", relativity],
  ["I2", evidence],
  ["I8", universe],
  ["I8", ethics],
  ["I8", accountability],
  ["I1", approval],
];

/** Checks an entry gate that allowed, before it is folded into the model. */
export function checkWideGates(
  model: Model,
  node: ModelNode,
  event: TraceEvent,
  digest: string,
  say: Say,
): void {
  const passing = { model, node, event, proposal: node.proposal };
  let open = false;
  for (const [invariant, check] of CHECKS) {
    const found = check(passing);
    open ||= found.open === true;
    for (const flaw of found.flaws ?? [])
      if (flaw) say(invariant, `seq ${event.seq}: ${flaw} and the node runs`);
  }
  const signed = node.approvals.some(({ gateDigest }) => gateDigest === digest);
  if (open && !signed) say("I8", `seq ${event.seq}: a pause is open and nobody overrode it`);
  const isOverridden = event.gateResult?.reasons.some(({ code }) => code === "PAUSE_OVERRIDDEN");
  if (isOverridden && !signed) say("I8", `seq ${event.seq}: overridden by nobody`);
}

function readiness({ model, node }: Passing): Found {
  return {
    flaws: [
      model.status !== "active" && `the mission is ${model.status}`,
      model.sealed && "the mission is sealed",
      node.inDoubt && "an outcome is unknown",
    ],
  };
}

function scope({ node: { spec }, proposal }: Passing): Found {
  if (!proposal) return {};
  const { agent, action, writeSet = [] } = proposal;
  return {
    flaws: [
      agent.banned && `${agent.id} is banned`,
      spec.agents.length > 0 && !spec.agents.includes(agent.id) && `${agent.id} is not assigned`,
      spec.skill !== undefined && !agent.skills.includes(spec.skill) && `no skill ${spec.skill}`,
      spec.zone !== undefined && agent.zone !== spec.zone && `${agent.id} is of another zone`,
      writeSet.some((slice) => !spec.writeSet.includes(slice)) && "it writes elsewhere",
      spec.action && action?.type !== spec.action.type && `the action is ${action?.type}`,
    ],
  };
}

function consistency({ model, node: { spec }, proposal }: Passing): Found {
  const isOwn = spec.ownerX === "system" || (spec.kind === "approval" && !spec.approves);
  if (!proposal) return { flaws: [!isOwn && "nobody proposed"] };
  const fixed = spec.action ?? model.nodes.get(spec.approves ?? "")?.spec.action;
  const { action, rationale, purpose, universes = [] } = proposal;
  const differs = Object.entries(fixed?.args ?? {}).filter(
    ([name, value]) => canonicalJson(action?.args[name] ?? null) !== canonicalJson(value),
  );
  const declared = new Set(spec.universes?.map(({ id }) => id));
  return {
    flaws: [
      rationale.trim() === "" && "no rationale",
      (fixed === undefined) !== (action === null) && "an action too many or too few",
      differs.length > 0 && `the plan fixes ${differs[0]?.[0]}`,
      spec.purpose !== undefined && (purpose ?? spec.purpose) !== spec.purpose && "another purpose",
      universes.some(({ id }) => !declared.has(id)) && "a universe nobody declared",
    ],
  };
}

/** A few words of the lexicon; enough to see whether anybody looks. */
function relativity({ node: { spec }, proposal }: Passing): Found {
  const { criteria } = spec;
  if (!criteria) return {};
  const objective = criteria.filter(({ kind }) => kind === "objective").map(({ text }) => text);
  const isRelative = (text: string) => /\b(best|better|cheaper|good)\b(?!.*\bthan\b)/.test(text);
  const open =
    criteria.length > objective.length ||
    [...objective, proposal?.rationale ?? ""].some(isRelative);
  return { open };
}

/** What verifiers say; presence, dates, sources and contradictions are judged in node-invariants.ts. */
function evidence({ model, node }: Passing): Found {
  const receiptsMin = node.spec.evidencePolicy?.receiptsMin ?? 0;
  const flaws: string[] = [];
  let open = false;
  for (const bundle of availableTo(model, node).current)
    for (const { id } of bundle.claims) {
      const { status, families } = judged(bundle, id);
      const name = `${bundle.kind}/${id}`;
      if (status === "absent" || status === "misattributed" || status === "unavailable")
        flaws.push(`verifiers found ${name} ${status}`);
      else if (status === "unclear" || status === "disagreement") open = true;
      else if (families < receiptsMin) flaws.push(`${families} families vouch for ${name}`);
    }
  return { flaws, open };
}

function universe({ node: { spec }, proposal, event }: Passing): Found {
  const flaws: string[] = [];
  const signs: (number | null)[] = [];
  let open = false;
  for (const declared of spec.universes ?? []) {
    const seen = proposal?.universes?.find(({ id }) => id === declared.id);
    const over = (seen?.risk ?? 0) > declared.budget;
    if (seen?.constraints.some(({ violated }) => violated))
      flaws.push(`${declared.id} is violated`);
    if (over && declared.overBudget === "block") flaws.push(`${declared.id} is over budget`);
    const { risk, evidence: quality = -1, uncertainty = 2, observedAt } = seen ?? {};
    open ||= over || risk === undefined;
    open ||= quality < declared.evidenceMin || uncertainty > declared.uncertaintyMax;
    open ||= declared.constraints.some((id) => !seen?.constraints.some((one) => one.id === id));
    const ageMs = Date.parse(event.at) - Date.parse(observedAt ?? "");
    if (declared.staleAfterMs !== undefined) open ||= !(ageMs <= declared.staleAfterMs);
    const { effect = seen?.utilityDeltas?.reduce((sum, delta) => sum + delta, 0) } = seen ?? {};
    if (declared.weight !== undefined) signs.push(effect === undefined ? null : Math.sign(effect));
  }
  // Of universes that are weighed, one that nobody knows of, or one that gains where another loses.
  open ||= signs.includes(null) || (signs.includes(1) && signs.includes(-1));
  return { flaws, open };
}

function ethics({ model, node: { spec }, proposal }: Passing): Found {
  const { plan, policy } = model.opened;
  const forbidden = [
    ...(plan.forbiddenPurposes ?? []),
    ...(policy.document.forbiddenPurposes ?? []),
  ];
  const purposes = [spec.purpose, proposal?.purpose].filter((purpose) => purpose !== undefined);
  const wrong = purposes.find((purpose) =>
    forbidden.some((name) => purpose === name || purpose.startsWith(`${name}.`)),
  );
  const isAction = spec.action !== undefined || spec.approves !== undefined;
  return {
    flaws: [
      wrong !== undefined && `${wrong} is forbidden`,
      forbidden.length > 0 && isAction && purposes.length === 0 && "nobody says what it is for",
    ],
  };
}

/** Proposers among the approvers and the end of the authorization are judged in node-invariants.ts. */
function accountability({ model, node, proposal }: Passing): Found {
  const { spec, approvals } = node;
  const producers = new Set(availableTo(model, node).current.map(({ producedBy }) => producedBy));
  const both = approvals.find(({ approver }) => producers.has(approver))?.approver;
  return {
    flaws: [
      spec.risk >= 3 && spec.ownerR !== "human" && "no person is accountable",
      both !== undefined && both !== proposal?.agent.id && `${both} produced and approved`,
    ],
  };
}

const FLOORS = [0, 0, 0.2, 0.6, 1];

/** The share and the draw of a review; quorums are judged in node-invariants.ts. */
function approval({ model, node, event }: Passing): Found {
  const { spec, attempt, approvals } = node;
  const { share } = dataOf(event, "gate.evaluated");
  const hasShare = spec.allocation !== undefined || model.opened.plan.allocationProfile;
  if (!hasShare || !share) return { flaws: [Boolean(hasShare) !== Boolean(share) && "no share"] };
  const drawn = sha256Hex(`${model.opened.missionId}${spec.id}${attempt}`).slice(0, 8);
  const draw = Number.parseInt(drawn, 16) / 2 ** 32;
  // Whether trust may stand in for the review is judged in trusts.ts.
  const isTrusted = event.gateResult?.reasons.some(
    ({ code }) => code === "AUTO_AUTH_BY_TRUST_AND_GRANT",
  );
  const isReviewed = approvals.length > 0 || isTrusted;
  const least = Math.max(FLOORS[spec.risk] ?? 1, spec.allocation?.humanMin ?? 0);
  return {
    flaws: [
      share.draw !== draw && "another draw",
      share.h < least && `the human share is ${share.h}`,
      share.selected !== draw < share.h && "the selection is not the draw's",
      draw < share.h && !isReviewed && "selected for review, reviewed by nobody",
    ],
  };
}
