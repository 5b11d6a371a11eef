/**
 * The story every part of the core takes part in: a $240k vendor switch in six nodes, of risk 1 to
 * 4, with an agent's proposals, two people's signatures, one ticket and one receipt.
 */
import type { Command } from "../../shared/mission/index.ts";
import {
  agent,
  approvalNode,
  claim,
  decisionNode,
  evidence,
  executionNode,
  person,
  plan,
  source,
  systemNode,
} from "./builders.ts";
import { openMission, propose, submitEvidence, submitResult, vendorSwitch } from "./commands.ts";
import { approves, type createRun, reports, type Run, type Step } from "./scenario.ts";

export const PROCUREMENT = "procurement-agent";
const BUYER = agent(PROCUREMENT, { skills: ["procurement"] });
export const DANA = person("dana", { groups: ["procurement-board"] });
export const ERIN = person("erin", { groups: ["audit"] });

/** The action as proposed and approved. */
export const SWITCH = vendorSwitch({ contract: "C-7", vendor: "north", amount: 240_000 });

/** propose -> validate -> approve -> execute -> complete -> audit. */
const VENDOR_PLAN = plan(
  [
    decisionNode("propose", {
      risk: 1,
      phase: "plan",
      agents: [PROCUREMENT],
      skill: "procurement",
      outputs: ["recommendation"],
      evidenceIn: ["contract"],
      evidenceOut: ["vendor-offers"],
      tests: [],
    }),
    decisionNode("validate", {
      risk: 2,
      phase: "plan",
      agents: ["risk-agent"],
      evidenceIn: ["vendor-offers"],
      evidenceOut: ["validation"],
      tests: [{ id: "prices-checked", title: "Prices match the offers" }],
    }),
    approvalNode("approve", {
      risk: 4,
      phase: "decide",
      agents: [PROCUREMENT],
      evidenceIn: ["validation"],
      approves: "execute",
      approval: { quorum: 1, group: "procurement-board", deadlineMs: 3_600_000 },
    }),
    executionNode("execute", {
      risk: 2,
      phase: "act",
      agents: [PROCUREMENT],
      action: { type: "vendor.switch", args: { contract: "C-7" } },
      writeSet: ["vendor-register#primary"],
    }),
    systemNode("complete", { risk: 1, phase: "act" }),
    decisionNode("audit", {
      risk: 3,
      phase: "audit",
      ownerR: "human",
      agents: ["auditor"],
      tests: [{ id: "register-matches", title: "The register shows the new vendor" }],
      approval: { quorum: 1, group: "audit", deadlineMs: 3_600_000 },
    }),
  ],
  {
    title: "Switch the vendor",
    phases: ["plan", "decide", "act", "audit"],
    missionInputs: ["contract"],
  },
);

const CONTRACT = evidence("contract", { producedBy: "operator" });
const OFFERS = evidence("vendor-offers", { producedBy: PROCUREMENT });
const VALIDATION = evidence("validation", {
  producedBy: "risk-agent",
  claims: [
    claim("saves", {
      sources: [source(), source({ kind: "secondary", identifier: "https://example.org/a" })],
    }),
  ],
});

/** The history by step name; a scenario takes as many of them as it needs. */
export const STORY = {
  open: openMission(VENDOR_PLAN, { inputs: [CONTRACT] }),
  propose: propose(10, "propose", { by: PROCUREMENT, agent: BUYER }),
  offers: submitEvidence(20, "propose", OFFERS, { agent: BUYER }),
  recommend: submitResult(30, "propose", {
    by: PROCUREMENT,
    agent: BUYER,
    outputs: { recommendation: "north" },
    tests: [],
  }),
  validate: propose(40, "validate", { by: "risk-agent" }),
  validation: submitEvidence(50, "validate", VALIDATION),
  validated: submitResult(60, "validate", {
    by: "risk-agent",
    tests: [{ id: "prices-checked", passed: true }],
  }),
  ask: propose(70, "approve", { by: PROCUREMENT, action: SWITCH }),
  approve: approves(80, "approve", DANA),
  execute: propose(90, "execute", { by: PROCUREMENT, action: SWITCH }),
  receipt: reports(95, "execute"),
  audit: propose(100, "audit", { by: "auditor" }),
  auditApproved: approves(110, "audit", ERIN),
  audited: submitResult(120, "audit", {
    by: "auditor",
    tests: [{ id: "register-matches", passed: true }],
  }),
} as const satisfies Readonly<Record<string, Exclude<Step, { stateBefore: unknown }>>>;

/** The story from its beginning up to and with the named step. */
export function storyUpTo(last: keyof typeof STORY): readonly Step[] {
  const names = Object.keys(STORY) as (keyof typeof STORY)[];
  return names.slice(0, names.indexOf(last) + 1).map((name) => STORY[name]);
}

/** Lives the whole story on a fresh run. */
export function liveVendorSwitch(run: ReturnType<typeof createRun>): void {
  for (const step of Object.values(STORY) as readonly (Command | ((at: Run) => Command))[]) {
    const decided = run.execute(typeof step === "function" ? step(run) : step);
    if (!decided.ok) throw new Error(`the story stops: ${JSON.stringify(decided.error)}`);
  }
}
