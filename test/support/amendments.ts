/** Builders of amendments and of the steps that carry them. Sound by default, like builders.ts. */
import { canonicalJson } from "../../shared/canonical.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import type { Command } from "../../shared/mission/index.ts";
import { type Amendment, amendmentSchema, type PlanInput } from "../../shared/plan/index.ts";
import {
  agent,
  ms,
  type NodeInput,
  type Person,
  iso,
  signStatement,
  statement,
  TERMS,
} from "./builders.ts";
import { decideApproval } from "./commands.ts";
import type { Run } from "./scenario.ts";

type Edges = NonNullable<PlanInput["edges"]>;
type AmendCommand = Extract<Command, { readonly type: "Amend" }>;

export function amendment(
  nodes: readonly NodeInput[],
  edges: Edges = [],
  rest: Partial<Pick<Amendment, "title" | "reason">> = {},
): Amendment {
  const input = { title: "More work", reason: "a requirement came up", nodes, edges, ...rest };
  return amendmentSchema.parse(input);
}

/** An operator amends, unless an agent is named. */
export function amend(
  seconds: number,
  change: Amendment,
  options: {
    readonly by?: string;
    readonly proposer?: AmendCommand["proposer"];
    readonly zones?: AmendCommand["zones"];
  } = {},
): AmendCommand {
  const { by } = options;
  const actor = by === undefined ? ["human", "operator"] : ["agent", by];
  const [kind, id] = actor as ["human" | "agent", string];
  return {
    at: ms(seconds),
    actor: { kind, id },
    terms: TERMS,
    entropy: sha256Hex(`${seconds} amend ${canonicalJson(change)}`),
    type: "Amend",
    amendment: change,
    proposer: options.proposer ?? (by === undefined ? "operator" : agent(by)),
    zones: options.zones ?? [],
  };
}

/** `who` signs for, or against, the open amendment. */
export function decidesAmendment(
  seconds: number,
  who: Person,
  changes: Parameters<typeof statement>[0] | object = {},
): (run: Run) => Command {
  return (run) => {
    const open = run.state?.amendments?.open;
    const nodeId = open?.id ?? "amendment.1";
    const gateDigest = open?.gateDigest ?? "0".repeat(64);
    const about = { nodeId, gateDigest, approver: who.facts.id, issuedAt: iso(seconds) };
    const signed = { ...statement(about), ...changes };
    return decideApproval(seconds, nodeId, who, signStatement(signed, who.keys[0]));
  };
}
