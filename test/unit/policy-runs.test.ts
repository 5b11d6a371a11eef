/** Policies before they count: on trial beside the one that counts, and over what was recorded. */
import { describe, expect, test } from "vitest";
import {
  createPolicyRun,
  createShadowRun,
  evolve,
  type MissionState,
  readShadow,
  redecideMission,
  stateHash,
} from "../../shared/mission/index.ts";
import type { PinnedPolicy } from "../../shared/policy/index.ts";
import {
  approvalNode,
  decisionNode,
  executionNode,
  permitting,
  person,
  plan,
  policy,
  rule,
} from "../support/builders.ts";
import { openMission, propose, submitResult, vendorSwitch } from "../support/commands.ts";
import { version } from "../support/policies.ts";
import { approves, denies, eventsOf, given, reports, type Run } from "../support/scenario.ts";

const ADA = person("ada");
const EVE = person("eve");
const [decide] = permitting();
const limited = (value: number, extra: object = {}) =>
  rule({
    id: "act",
    kinds: ["execution"],
    actions: ["vendor.switch"],
    condition: `args.amount <= ${value}.0`,
    ...extra,
  });
const rules = (...some: ReturnType<typeof rule>[]) => [...(decide ? [decide] : []), ...some];

const PLAN = plan([
  decisionNode("look"),
  executionNode("small", { risk: 1 }),
  executionNode("large", { risk: 3, ownerR: "human", attemptsMax: 1 }),
]);

/** Looks, switches 5 by itself and 50 with Ada's approval. */
const story = (overrides: Parameters<typeof openMission>[1] = {}) =>
  given(
    openMission(PLAN, overrides),
    propose(1, "look"),
    submitResult(2, "look"),
    propose(3, "small", { action: vendorSwitch({ amount: 5 }) }),
    reports(4, "small"),
    propose(5, "large", { action: vendorSwitch({ amount: 50 }) }),
    approves(6, "large", ADA),
    reports(7, "large"),
  );

function over(run: Run, candidate: PinnedPolicy, findingsMax = 10) {
  const counts = createPolicyRun();
  const take = redecideMission(counts, candidate, findingsMax);
  for (const event of run.events) take(event);
  return counts;
}

describe("a policy on trial", () => {
  const shadow = version("1", rules(limited(10)));

  test("is pinned at opening and asked at every entry gate, and decides nothing", () => {
    const { run } = story({ shadow });
    const plain = story();
    expect(run.state?.status).toBe("completed");
    expect(run.events.map(({ type, stateAfter }) => [type, stateAfter])).toEqual(
      plain.run.events.map(({ type, stateAfter }) => [type, stateAfter]),
    );
    expect(run.events[0]?.data["shadow"]).toEqual(shadow);
    const entries = eventsOf(run, "gate.evaluated").filter(
      (event) => event.data["phase"] === "entry",
    );
    expect(entries.map(({ nodeId, data }) => [nodeId, data["shadow"]])).toEqual(
      [
        ["look", "allow", false],
        ["small", "allow", false],
        ["large", "block", true],
        ["large", "block", true],
      ].map(([nodeId, verdict, differs]) => [
        nodeId,
        { version: shadow.version, hash: shadow.hash, verdict, differs },
      ]),
    );
    const exits = eventsOf(run, "gate.evaluated").filter((event) => event.data["phase"] === "exit");
    expect(exits.every((event) => event.data["shadow"] === undefined)).toBe(true);
  });

  test("leaves no member behind where there is none", () => {
    for (const event of story().run.events) expect(event.data).not.toHaveProperty("shadow");
  });

  test("is summed up from the trace, by version", () => {
    const { run } = story({ shadow });
    const summed = createShadowRun();
    const other = createShadowRun();
    for (const event of run.events) {
      readShadow(summed, shadow.version, event, 1);
      readShadow(other, "pol_other", event, 1);
    }
    expect(other.decisions).toBe(0);
    const large = eventsOf(run, "gate.evaluated", "large");
    expect(summed).toMatchObject({
      decisions: 4,
      same: 2,
      wouldAllow: 0,
      wouldStop: 1,
      otherwise: 1,
    });
    expect(summed.examples).toEqual([
      {
        missionId: run.state?.missionId,
        nodeId: "large",
        seq: large[0]?.seq,
        from: "pause",
        to: "block",
      },
    ]);
    expect(summed.isCut).toBe(true);
  });

  test("replays to the same state", () => {
    const { run } = story({ shadow });
    const again = run.events.reduce<MissionState | null>(
      (state, event) => evolve(state, event),
      null,
    );
    expect(again && stateHash(again)).toBe(run.state && stateHash(run.state));
    expect(again?.shadow).toEqual(shadow);
  });
});

describe("a policy over what was recorded", () => {
  test("flips nothing where it is the one that decided", () => {
    const { run } = story();
    expect(over(run, policy())).toEqual({ ...createPolicyRun(), decisions: 4, same: 4 });
  });

  test("names each gate that would have come out otherwise, and the approvals it would have run against", () => {
    const { run } = story();
    const candidate = version("1", rules(limited(10)));
    const [asked, allowed] = eventsOf(run, "gate.evaluated", "large");
    const [granted] = eventsOf(run, "approval.granted");
    const missionId = run.state?.missionId;
    expect(over(run, candidate)).toEqual({
      decisions: 4,
      same: 2,
      wouldAllow: 0,
      wouldStop: 1,
      otherwise: 1,
      drifted: 0,
      flips: [
        { missionId, nodeId: "large", seq: asked?.seq, from: "pause", to: "block" },
        { missionId, nodeId: "large", seq: allowed?.seq, from: "allow", to: "block" },
      ],
      contradictions: [
        {
          missionId,
          nodeId: "large",
          seq: granted?.seq,
          person: "ada",
          kind: "approved_now_blocked",
        },
      ],
      isCut: false,
    });
  });

  test("names the denials it would not even have asked about", () => {
    const strict = policy(rules(limited(100, { approval: { quorum: 1 } })));
    const { run } = given(
      openMission(plan([executionNode("run", { risk: 1 })]), { policy: strict }),
      propose(1, "run", { action: vendorSwitch({ amount: 50 }) }),
      denies(2, "run", EVE),
    );
    const [denied] = eventsOf(run, "approval.denied");
    const contradictions = (candidate: PinnedPolicy) =>
      over(run, candidate).contradictions.map(({ kind, seq, person: who }) => [kind, seq, who]);
    expect(contradictions(version("1", rules(limited(100))))).toEqual([
      ["denied_now_unasked", denied?.seq, "eve"],
    ]);
    expect(contradictions(version("2", rules(limited(100, { approval: { quorum: 2 } }))))).toEqual(
      [],
    );
    expect(contradictions(version("3", rules(limited(10))))).toEqual([]);
    expect(over(run, version("1", rules(limited(100))))).toMatchObject({ wouldAllow: 1 });
  });

  test("an approval node stays one: no policy makes its denial unasked", () => {
    const { run } = given(openMission(plan([approvalNode("sign")])), denies(1, "sign", EVE));
    expect(over(run, version("1", rules(limited(1)))).contradictions).toEqual([]);
  });

  test("asks conditions over the history as it was recorded", () => {
    const { run } = story();
    const once = version(
      "1",
      rules(limited(100, { condition: "history.count('vendor.switch') < 1" })),
    );
    expect(over(run, once).flips.map(({ nodeId, from, to }) => [nodeId, from, to])).toEqual([
      ["large", "pause", "block"],
      ["large", "allow", "block"],
    ]);
  });

  test("tells no more than asked for, and says that there was more", () => {
    const none = version("9", []);
    const cut = over(story().run, none, 1);
    expect(cut.flips).toHaveLength(1);
    expect(cut).toMatchObject({ decisions: 4, isCut: true, wouldStop: 3, otherwise: 1 });
  });
});
