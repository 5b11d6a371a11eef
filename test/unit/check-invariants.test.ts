/**
 * The checker can fail: one broken trace or state for each invariant, made from a sound mission by
 * hand and hashed again, so that nothing but the invariant itself can object.
 */
import { describe, expect, test } from "vitest";
import { type MissionState, foldTrace, stateToSnapshot } from "../../shared/mission/index.ts";
import {
  EMPTY_HEAD,
  type EventDraft,
  linkEvent,
  type TraceEvent,
} from "../../shared/trace/index.ts";
import { iso, person, policy, permitting, rule, TICKET_KEY } from "../support/builders.ts";
import { checkInvariants, createChecker } from "../support/invariants.ts";
import { createRun } from "../support/scenario.ts";
import { liveVendorSwitch } from "../support/vendor-switch.ts";

type Json = Record<string, unknown>;
type Tampering = (events: TraceEvent[]) => void;

const OPTIONS = { ticketKey: TICKET_KEY.publicJwk };

function sound(): { events: TraceEvent[]; state: MissionState } {
  const run = createRun();
  liveVendorSwitch(run);
  if (!run.state) throw new Error("the mission is open");
  return { events: structuredClone([...run.events]), state: run.state };
}

/** Links the events anew, as somebody who controls the store could. */
function relink(events: readonly TraceEvent[]): TraceEvent[] {
  let head = EMPTY_HEAD;
  return events.map((event) => {
    const linked = linkEvent(head, event.missionId, event);
    head = linked;
    return linked;
  });
}

/** Gives every event a time no earlier than the one before. */
function inOrder(events: readonly TraceEvent[]): TraceEvent[] {
  let at = "";
  return events.map((event) => {
    at = event.at > at ? event.at : at;
    return { ...event, at };
  });
}

function find(events: TraceEvent[], type: string, nodeId?: string, nth = 0): Json & { data: Json } {
  const event = events.filter(
    (e) => e.type === type && (nodeId === undefined || e.nodeId === nodeId),
  )[nth];
  if (!event) throw new Error(`the story has no ${type} of ${nodeId}`);
  return event as unknown as Json & { data: Json };
}

function drop(events: TraceEvent[], type: string, nodeId: string): void {
  events.splice(events.indexOf(find(events, type, nodeId) as unknown as TraceEvent), 1);
}

/** After the last event of `type`, the same again with changes. */
function repeat(
  events: TraceEvent[],
  type: string,
  nodeId: string,
  changes: Partial<EventDraft> = {},
): void {
  const event = find(events, type, nodeId) as unknown as TraceEvent;
  events.splice(events.indexOf(event) + 1, 0, { ...structuredClone(event), ...changes });
}

const TAMPERINGS: readonly (readonly [string, string, Tampering])[] = [
  [
    "I1",
    "an approval is missing behind the gate that let a risk 4 node run",
    (events) => drop(events, "approval.granted", "approve"),
  ],
  [
    "I1",
    "the recorded signature is another one",
    (events) => {
      const granted = find(events, "approval.granted", "approve");
      granted["approvalSignature"] = String(granted["approvalSignature"]).replace(
        /.{8}$/,
        "AAAAAAAA",
      );
    },
  ],
  [
    "I1",
    "the recorded key is not the one that signed",
    (events) => {
      find(events, "approval.granted", "approve").data["jwk"] = person("mallory").keys[0].publicJwk;
    },
  ],
  [
    "I1",
    "the recorded approver is not who signed",
    (events) => {
      find(events, "approval.granted", "audit").data["approver"] = "somebody-else";
    },
  ],
  [
    "I2",
    "the evidence a node ran on is not there",
    (events) => drop(events, "evidence.submitted", "propose"),
  ],
  [
    "I2",
    "the evidence is not what its hash says",
    (events) => {
      const bundle = find(events, "evidence.submitted", "propose").data["bundle"] as Json;
      bundle["claims"] = [];
    },
  ],
  [
    "I3",
    "an event says another state than the one before it left",
    (events) => {
      find(events, "gate.evaluated", "propose")["stateBefore"] = "BLOCKED";
    },
  ],
  ["I3", "a change of state has no event", (events) => drop(events, "node.ready", "validate")],
  [
    "I3",
    "an event of no consequence moves a node",
    (events) => {
      repeat(events, "evidence.submitted", "propose", {
        stateBefore: "READY",
        stateAfter: "RUNNING",
      });
    },
  ],
  [
    "I4",
    "a node leaves DONE",
    (events) => {
      repeat(events, "gate.evaluated", "complete", { stateBefore: "DONE", stateAfter: "READY" });
    },
  ],
  [
    "I4",
    "a node is READY before its predecessors are DONE",
    (events) => {
      const early = structuredClone(find(events, "node.ready", "audit")) as unknown as TraceEvent;
      drop(events, "node.ready", "audit");
      events.splice(2, 0, early);
    },
  ],
  [
    "I5",
    "the plan is not the one that was hashed",
    (events) => {
      const opened = find(events, "mission.opened").data["plan"] as { title: string };
      (opened as unknown as Json)["title"] = "another plan";
    },
  ],
  [
    "I5",
    "the mission opens a second time",
    (events) => events.push(structuredClone(events[0]) as TraceEvent),
  ],
  [
    "I6",
    "a gate that may not seal seals",
    (events) => {
      const gate = find(events, "gate.evaluated", "approve")["gateResult"] as {
        verdict: string;
        score: number;
        gates: { gate: string; verdict: string }[];
      };
      gate.verdict = "seal";
      gate.score = 3;
      gate.gates = [{ gate: "policy", verdict: "seal" }];
    },
  ],
  [
    "I6",
    "a sealed mission moves",
    (events) => {
      const at = events.findIndex((event) => event.type === "ticket.issued");
      const before = events[at] as TraceEvent;
      events.splice(at, 0, {
        ...structuredClone(before),
        type: "mission.sealed",
        nodeId: null,
        stateBefore: "active",
        stateAfter: "active",
        data: { reasons: [] },
      });
    },
  ],
  ["I7", "a second ticket for one attempt", (events) => repeat(events, "ticket.issued", "execute")],
  [
    "I7",
    "the ticket permits other arguments than the gate",
    (events) => {
      (find(events, "ticket.issued", "execute").data["claims"] as Json)["args_hash"] = "0".repeat(
        64,
      );
    },
  ],
  [
    "I7",
    "the ticket is not signed as recorded",
    (events) => {
      const { data } = find(events, "ticket.issued", "execute");
      data["ticket"] = String(data["ticket"]).replace(/.{8}$/, "AAAAAAAA");
    },
  ],
  ["I7", "a ticket without a gate", (events) => drop(events, "gate.evaluated", "execute")],
  [
    "I8",
    "a blocking gate lets its node run",
    (events) => {
      const gate = find(events, "gate.evaluated", "propose", 1)["gateResult"] as Json;
      gate["verdict"] = "block";
    },
  ],
  [
    "I8",
    "an execution is DONE without a receipt",
    (events) => drop(events, "receipt.recorded", "execute"),
  ],
  [
    "I8",
    "an execution is DONE though its action failed",
    (events) => {
      (find(events, "receipt.recorded", "execute").data["receipt"] as Json)["outcome"] = "failed";
    },
  ],
  [
    "I8",
    "a decision is DONE without its tests",
    (events) => {
      (find(events, "result.submitted", "validate").data["result"] as Json)["tests"] = [];
    },
  ],
  [
    "I10",
    "a fencing number does not rise",
    (events) => {
      const gate = find(events, "gate.evaluated", "execute").data;
      gate["lease"] = { fence: { "vendor-register#primary": 0 }, expiresAt: null };
    },
  ],
  [
    "I10",
    "a node that writes runs without a lease",
    (events) => {
      find(events, "gate.evaluated", "execute").data["lease"] = null;
    },
  ],
  [
    "I12",
    "the proposer is the approver",
    (events) => {
      const proposal = find(events, "proposal.submitted", "approve").data["proposal"] as {
        agent: Json;
      };
      proposal.agent["id"] = "dana";
    },
  ],
  ["I12", "a person counts twice", (events) => repeat(events, "approval.granted", "approve")],
  [
    "I13",
    "a gate names another policy hash",
    (events) => {
      find(events, "gate.evaluated", "validate").data["policyHash"] = "0".repeat(64);
    },
  ],
  [
    "I13",
    "an event names another policy version",
    (events) => {
      find(events, "node.ready", "validate")["policyVersion"] = "pol_other";
    },
  ],
  [
    "I13",
    "the pinned policy is not the one that was hashed",
    (events) => {
      const pinned = find(events, "mission.opened").data["policy"] as Json;
      pinned["document"] = policy([...permitting("vendor.switch"), rule({ id: "more" })]).document;
    },
  ],
  [
    "I13",
    "the pinned policy does not permit what ran",
    (events) => {
      const { version } = find(events, "mission.opened").data["policy"] as { version: string };
      find(events, "mission.opened").data["policy"] = {
        ...policy(permitting("other.thing")),
        version,
      };
    },
  ],
  [
    "I14",
    "the arguments are not those of the digest",
    (events) => {
      const proposal = find(events, "proposal.submitted", "approve").data["proposal"] as {
        action: { argsHash: string };
      };
      proposal.action.argsHash = "0".repeat(64);
    },
  ],
  [
    "I14",
    "the evidence changed after people were asked",
    (events) => {
      const at = events.findIndex((event) => event.type === "approval.requested");
      const bundle = events.find(
        (event) => event.type === "evidence.submitted" && event.nodeId === "validate",
      ) as TraceEvent;
      const changed = structuredClone(bundle);
      events.splice(at + 1, 0, {
        ...changed,
        nodeId: "approve",
        stateBefore: "BLOCKED",
        stateAfter: "BLOCKED",
        evidenceHash: "1".repeat(64),
        data: { bundle: { ...(changed.data["bundle"] as Json), hash: "1".repeat(64) } } as never,
      });
    },
  ],
  [
    "I15",
    "an unknown outcome leads to another attempt",
    (events) => {
      const done = find(events, "gate.evaluated", "execute", 1) as unknown as TraceEvent;
      events.splice(events.indexOf(done), events.length, {
        ...done,
        type: "node.failed",
        stateAfter: "READY",
        gateResult: null,
        data: { attempt: 1, reasons: [], cause: "in_doubt" },
      });
    },
  ],
];

describe("the checker of the invariants", () => {
  test("finds nothing in a sound mission", () => {
    const { events, state } = sound();
    expect(checkInvariants(events, state, OPTIONS)).toEqual([]);
    expect(state.status).toBe("completed");
  });

  test.each(TAMPERINGS)("%s: %s", (id, _what, tamper) => {
    const { events, state } = sound();
    tamper(events);
    const found = checkInvariants(relink(inOrder(events)), state, OPTIONS);
    expect(found.map((flaw) => flaw.split(":")[0])).toContain(id);
  });

  test("I3: a byte changed without hashing again breaks the chain at its seq", () => {
    const { events, state } = sound();
    find(events, "receipt.recorded", "execute").data["resends"] = 1;
    const seq = events.findIndex((event) => event.type === "receipt.recorded");
    expect(checkInvariants(events, state, OPTIONS)).toEqual([
      `I3: the chain breaks at seq ${seq}: hash_mismatch`,
    ]);
  });

  test("I3: time that decreases is found", () => {
    const { events, state } = sound();
    find(events, "node.ready", "validate")["at"] = iso(-1);
    expect(checkInvariants(relink(events), state, OPTIONS).join()).toContain("time_decreased");
  });

  test("I9: a state that is not the fold of its trace is found", () => {
    const { events, state } = sound();
    const record = state.nodes.get("audit");
    if (!record) throw new Error("the plan has the node audit");
    state.nodes.set("audit", {
      ...record,
      refusedDigests: [{ gateDigest: "0".repeat(64), cause: "denied", by: null }],
    });
    expect(createChecker(OPTIONS).check(events, state)).toContain(
      "I9: the fold of the trace is not the live state",
    );
  });

  test("I9: a trace that does not fold at all is found", () => {
    const { events, state } = sound();
    find(events, "evidence.submitted", "validate")["type"] = "node.forgotten";
    expect(checkInvariants(relink(events), state, OPTIONS).join()).toContain(
      "I9: the trace does not fold",
    );
    expect(stateToSnapshot(foldTrace(sound().events) as MissionState)).toBe(
      stateToSnapshot(sound().state),
    );
  });
});
