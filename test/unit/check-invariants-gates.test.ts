/**
 * The checker can fail, gate by gate: one story passes all gates of its node, and for each gate something is
 * changed that the gate would have refused.
 */
import { describe, expect, test } from "vitest";
import { EMPTY_HEAD, linkEvent, type TraceEvent } from "../../shared/trace/index.ts";
import { agent, decisionNode, evidence, iso, person, plan } from "../support/builders.ts";
import { openMission, propose } from "../support/commands.ts";
import { checkInvariants } from "../support/invariants.ts";
import { repins, version } from "../support/policies.ts";
import { permitting } from "../support/builders.ts";
import { approves, given, type Step } from "../support/scenario.ts";
import { facts, receiptBy, verifier, withReceipts } from "../support/verifiers.ts";

type Json = Record<string, unknown>;

const HERE = "acme/core/eu/pay";
const RED = verifier("red");
const BRIEF = evidence("brief", { producedBy: "operator" });
const LOOKED_AT = withReceipts(BRIEF, receiptBy(RED, BRIEF));
const WATCHED = { id: "law", budget: 0.5, evidenceMin: 0.5, uncertaintyMax: 0.5 };
const SEEN = { id: "law", risk: 0.1, constraints: [], evidence: 0.9, uncertainty: 0.1 };
const AGENT = agent("agent-a", { zone: HERE, skills: ["price"] });

function story(): readonly Step[] {
  const node = decisionNode("a", {
    zone: HERE,
    skill: "price",
    agents: ["agent-a"],
    evidenceIn: ["brief"],
    evidencePolicy: { receiptsMin: 1, sourcesMin: 1, independent: false },
    universes: [{ ...WATCHED, staleAfterMs: 60_000 }],
    criteria: [{ text: "the total is under 100 EUR", kind: "objective" }],
    purpose: "sales.offer",
    allocation: { humanMin: 1 },
    writeSet: ["ledger#2026"],
  });
  const compiled = plan([node], {
    missionInputs: ["brief"],
    forbiddenPurposes: ["surveillance"],
    zones: [{ zone: HERE, skills: ["price"] }],
  });
  const proposed = propose(1, "a", { agent: AGENT, rationale: "it costs 90 EUR" });
  const universes = [{ ...SEEN, observedAt: iso(1) }];
  return [
    openMission(compiled, { inputs: [LOOKED_AT], verification: facts([RED]) }),
    { ...proposed, proposal: { ...proposed.proposal, universes, writeSet: ["ledger#2026"] } },
    approves(2, "a", person("ann")),
  ];
}

type Change = (all: readonly TraceEvent[]) => void;

/** Changes the proposal that was adopted. */
function proposal(change: (proposal: Json & { agent: Json; universes: Json[] }) => void): Change {
  return (all) => {
    const event = all.find(({ type }) => type === "proposal.submitted");
    change(event?.data["proposal"] as Parameters<typeof change>[0]);
  };
}

/** Changes the one node of the plan. */
function spec(change: (spec: Json) => void): Change {
  return (all) => {
    const opened = all[0]?.data["plan"] as { nodes: Json[] } | undefined;
    change(opened?.nodes[0] ?? {});
  };
}

/** Changes the entry gate that allowed. */
function passed(change: (data: Json & { share: Json }) => void): Change {
  return (all) => {
    const event = all.find(
      ({ type, stateAfter }) => type === "gate.evaluated" && stateAfter === "RUNNING",
    );
    change(event?.data as Parameters<typeof change>[0]);
  };
}

const unsigned: Change = (all) => {
  for (const event of all)
    if (event.type === "approval.granted") (event as unknown as Json)["type"] = "incident.raised";
};

function together(...changes: readonly Change[]): Change {
  return (all) => {
    for (const change of changes) change(all);
  };
}

const TAMPERINGS: readonly (readonly [gate: string, change: Change, flaw: string])[] = [
  ["scope: a banned agent", proposal(({ agent: who }) => (who["banned"] = true)), "is banned and"],
  ["scope: another's node", proposal(({ agent: who }) => (who["id"] = "eve")), "is not assigned"],
  ["scope: no skill", proposal(({ agent: who }) => (who["skills"] = [])), "no skill price"],
  ["scope: another zone", proposal(({ agent: who }) => (who["zone"] = "b")), "of another zone"],
  ["scope: another slice", proposal((held) => (held["writeSet"] = ["b#c"])), "it writes elsewhere"],
  ["consistency: no word", proposal((held) => (held["rationale"] = " ")), "no rationale"],
  ["consistency: purpose", proposal((held) => (held["purpose"] = "sales")), "another purpose"],
  [
    "relativity",
    together(
      unsigned,
      proposal((held) => (held["rationale"] = "it is the best")),
    ),
    "a pause is open",
  ],
  [
    "evidence: receipts",
    spec((node) => (node["evidencePolicy"] = { receiptsMin: 2 })),
    "1 families",
  ],
  [
    "universe: a constraint",
    proposal(
      ({ universes }) => (universes[0] = { ...SEEN, constraints: [{ id: "c", violated: true }] }),
    ),
    "law is violated",
  ],
  [
    "universe: the budget",
    proposal(({ universes }) => (universes[0] = { ...SEEN, risk: 1 })),
    "over budget",
  ],
  [
    "universe: seen too long ago",
    together(
      unsigned,
      proposal(({ universes }) => (universes[0] = { ...SEEN, observedAt: iso(-60) })),
    ),
    "a pause is open",
  ],
  ["ethics", spec((node) => (node["purpose"] = "surveillance.people")), "is forbidden"],
  [
    "accountability: no person",
    spec((node) => {
      node["risk"] = 3;
      node["ownerR"] = "agent";
    }),
    "no person is accountable",
  ],
  [
    "accountability: who produced it",
    (all) => {
      for (const { type, data } of all)
        if (type === "approval.granted") (data as Json)["approver"] = "operator";
    },
    "operator produced and approved",
  ],
  ["approval: the draw", passed(({ share }) => (share["draw"] = 0.5)), "another draw"],
  ["approval: the floor", passed(({ share }) => (share["h"] = 0.1)), "the human share is 0.1"],
  ["approval: the selection", passed(({ share }) => (share["selected"] = false)), "not the draw's"],
  ["approval: nobody reviewed it", unsigned, "reviewed by nobody"],
  ["approval: no share", passed((data) => delete (data as Json)["share"]), "no share"],
];

/** The flaws of the story once it was changed and linked anew. */
function flawsOf(steps: readonly Step[], change: Change): string {
  const { run } = given(...steps);
  if (!run.state) throw new Error("the mission is open");
  expect(checkInvariants(run.events, run.state)).toEqual([]);
  const tampered = JSON.parse(JSON.stringify(run.events)) as TraceEvent[];
  change(tampered);
  let head = EMPTY_HEAD;
  const linked = tampered.map((event) => {
    const next = linkEvent(head, event.missionId, event);
    head = next;
    return next;
  });
  return checkInvariants(linked, run.state).join("\n");
}

describe("the checker of the invariants, gate by gate", () => {
  test.each(TAMPERINGS)("%s", (_gate, change, flaw) => {
    expect(flawsOf(story(), change)).toContain(flaw);
  });
});

describe("the checker of the invariants, beside the gates", () => {
  const receipts = (change: (bundle: Json, verification: Json) => void): Change => {
    return (all) => {
      const data = all[0]?.data as { inputs: Json[]; verifications: Record<string, Json> };
      change(data.inputs[0] ?? {}, Object.values(data.verifications)[0] ?? {});
    };
  };

  test.each<readonly [string, Change, string]>([
    [
      "a receipt of another key",
      receipts(
        (_bundle, { facts: known }) => ((known as Json)["verifiers"] = [verifier("blue").facts]),
      ),
      "a receipt does not verify",
    ],
    [
      "a receipt of the producer's own family",
      receipts((_bundle, { facts: known }) => ((known as Json)["producerFamily"] = "red")),
      "a receipt of family red",
    ],
    [
      "a receipt about another bundle",
      receipts((bundle) => (bundle["producedBy"] = "agent-b")),
      "a receipt about something else",
    ],
    [
      "another outcome than the receipts'",
      receipts((_bundle, { outcome }) => {
        const [said] = (outcome as { claims: Json[] }).claims;
        if (said) said["status"] = "unclear";
      }),
      "receipts make brief-claim verified",
    ],
  ])("%s is found", (_what, change, flaw) => {
    expect(flawsOf(story(), change)).toContain(flaw);
  });

  const moved = [
    openMission(plan([decisionNode("a")])),
    repins(1, person("ann"), version("2", permitting("vendor.switch").slice(0, 1))),
  ];
  const repinned = (change: (event: Json & { data: Json }) => void): Change => {
    return (all) => {
      const event = all.find(({ type }) => type === "mission.policy_repinned");
      change(event as unknown as Parameters<typeof change>[0]);
    };
  };

  test.each<readonly [string, Change, string]>([
    [
      "a re-pin that nobody signed",
      repinned((event) => (event["approvalSignature"] = null)),
      "signed",
    ],
    ["a re-pin of another key", repinned(({ data }) => (data["kid"] = "k")), "does not verify"],
    [
      "a re-pin in another's name",
      repinned(({ data }) => (data["approver"] = "eve")),
      "did not sign",
    ],
  ])("%s is found", (_what, change, flaw) => {
    expect(flawsOf(moved, change)).toContain(flaw);
  });
});
