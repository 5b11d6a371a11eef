/**
 * The checker can fail, continued: proposers among approvers, evidence of several sources, evidence behind
 * a signature, an authorization that ended, and an exit asked of what was never performed.
 */
import { describe, expect, test } from "vitest";
import { EMPTY_HEAD, linkEvent, type TraceEvent } from "../../shared/trace/index.ts";
import {
  approvalNode,
  claim,
  decisionNode,
  evidence,
  executionNode,
  iso,
  person,
  plan,
} from "../support/builders.ts";
import {
  openMission,
  propose,
  submitEvidence,
  submitResult,
  vendorSwitch,
} from "../support/commands.ts";
import { checkInvariants } from "../support/invariants.ts";
import { approves, given, reports, type Step } from "../support/scenario.ts";

type Json = Record<string, unknown>;

const brief = evidence("brief");
const INPUTS = { missionInputs: ["brief"] };
const RISKY = { risk: 3, ownerR: "human" } as const;
const action = vendorSwitch({ amount: 1 });

const TAKEN_OVER: readonly Step[] = [
  openMission(plan([decisionNode("a", RISKY)])),
  propose(1, "a", { by: "agent-b" }),
  propose(2, "a", { by: "agent-a" }),
  approves(3, "a", person("ann")),
  submitResult(4, "a"),
];
const IMPROVED: readonly Step[] = [
  openMission(plan([decisionNode("a", { evidenceIn: ["brief"] })], INPUTS), { inputs: [brief] }),
  submitEvidence(1, "a", evidence("brief", { claims: [claim("better")] })),
  propose(2, "a"),
];
const COVERED: readonly Step[] = [
  openMission(
    plan(
      [
        approvalNode("sign", { approves: "run", evidenceIn: ["brief"] }),
        executionNode("run", { evidenceIn: ["brief"] }),
      ],
      INPUTS,
    ),
    { inputs: [brief] },
  ),
  propose(1, "sign", { action }),
  approves(2, "sign", person("ann")),
  submitEvidence(3, "run", brief),
  propose(4, "run", { action }),
];
const LIMITED: readonly Step[] = [
  openMission(plan([decisionNode("a")], { authorizationExpiresAt: iso(10) })),
  propose(1, "a"),
  submitResult(2, "a"),
];
const PERFORMED: readonly Step[] = [
  openMission(plan([executionNode("run", { evidenceOut: ["proof"] })])),
  propose(1, "run", { action }),
  reports(2, "run"),
  submitEvidence(3, "run", evidence("proof")),
];

function events(type: string, all: readonly TraceEvent[]): readonly { data: Json; at: string }[] {
  const found = all.filter((event) => event.type === type);
  if (found.length === 0) throw new Error(`the story has no ${type}`);
  return found as unknown as readonly { data: Json; at: string }[];
}

const TAMPERINGS: readonly (readonly [
  string,
  readonly Step[],
  (all: readonly TraceEvent[]) => void,
  string,
])[] = [
  [
    "an earlier proposer approves",
    TAKEN_OVER,
    (all) => {
      const proposal = events("proposal.submitted", all)[0]?.data["proposal"] as { agent: Json };
      proposal.agent["id"] = "ann";
    },
    "ann approves what they proposed",
  ],
  [
    "people were asked in another's name",
    TAKEN_OVER,
    (all) => {
      const proposal = events("proposal.submitted", all)[1]?.data["proposal"] as { agent: Json };
      const asked = events("approval.requested", all)[1];
      if (asked) (asked as unknown as Json)["type"] = "proposal.refused";
      proposal.agent["id"] = "agent-c";
    },
    "people were asked in the name of agent-b",
  ],
  [
    "the node's own bundle silences what it supersedes",
    IMPROVED,
    (all) => {
      const inputs = events("mission.opened", all)[0]?.data["inputs"] as { claims: Json[] }[];
      const own = events("evidence.submitted", all)[0]?.data["bundle"] as { claims: Json[] };
      const [said] = own.claims;
      inputs[0]?.claims.push({ ...structuredClone(said), value: "something else" });
    },
    "the evidence contradicts itself",
  ],
  [
    "an approved action runs on other evidence",
    COVERED,
    (all) => {
      const bundle = events("evidence.submitted", all)[0]?.data["bundle"] as Json;
      bundle["hash"] = "1".repeat(64);
    },
    "the evidence of kind brief is not what was approved on",
  ],
  [
    "a decision leaves after its authorization ended",
    LIMITED,
    (all) => {
      for (const event of all) if (event.at === iso(2)) (event as { at: string }).at = iso(10);
    },
    "a gate allows after the authorization ended",
  ],
  [
    "the exit alone is asked of what was never performed",
    PERFORMED,
    (all) => {
      const [recorded] = events("receipt.recorded", all);
      Object.assign(recorded?.data["receipt"] ?? {}, { outcome: "failed" });
    },
    "only what has been performed goes back to its exit alone",
  ],
  [
    "the entry is asked of what has been performed",
    PERFORMED,
    (all) => {
      const exits = events("gate.evaluated", all).filter(({ data }) => data["phase"] === "exit");
      for (const { data } of exits.slice(1)) data["phase"] = "entry";
    },
    "the entry gate is asked about what has been performed",
  ],
];

describe("the checker of the invariants, continued", () => {
  test.each(TAMPERINGS)("%s", (_what, story, tamper, flaw) => {
    const { run } = given(...story);
    if (!run.state) throw new Error("the mission is open");
    expect(checkInvariants(run.events, run.state)).toEqual([]);
    const tampered = JSON.parse(JSON.stringify(run.events)) as TraceEvent[];
    tamper(tampered);
    let head = EMPTY_HEAD;
    const linked = tampered.map((event) => {
      const next = linkEvent(head, event.missionId, event);
      head = next;
      return next;
    });
    expect(checkInvariants(linked, run.state).join("\n")).toContain(flaw);
  });
});
