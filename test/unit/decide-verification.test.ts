/**
 * Evidence under verification, in the core: what each outcome of the receipts does to a node, what
 * an evidence policy asks for on top, and what the trace keeps of it.
 */
import { describe, expect, test } from "vitest";
import {
  checkReceipts,
  countIndependent,
  type EvidenceBundle,
  evidenceInputSchema,
  type RecordedVerification,
  summarizeEvidence,
} from "../../shared/evidence/index.ts";
import type { VerifierReceipt } from "../../shared/evidence/receipt.ts";
import { viewMission } from "../../shared/mission/index.ts";
import { missionViewSchema } from "../../shared/wire/views.ts";
import {
  claim,
  decisionNode,
  evidence,
  ms,
  type NodeInput,
  person,
  plan,
  source,
} from "../support/builders.ts";
import { openMission, propose, submitEvidence } from "../support/commands.ts";
import { approves, eventsOf, given, requestOf, type Run } from "../support/scenario.ts";
import { facts, receiptBy, verifier, withReceipts } from "../support/verifiers.ts";

const RED = verifier("red");
const BLUE = verifier("blue");
const KNOWN = facts([RED, BLUE]);
const ANN = person("ann");
const BRIEF = evidence("brief");

const opened = (overrides: Partial<NodeInput> = {}, inputs: readonly EvidenceBundle[] = []) =>
  openMission(
    plan([decisionNode("a", { evidenceIn: ["brief"], ...overrides })], {
      missionInputs: ["brief"],
    }),
    { inputs, verification: KNOWN },
  );
const submits = (seconds: number, bundle: EvidenceBundle, verification = KNOWN) =>
  submitEvidence(seconds, "a", bundle, { verification });
const red = (overrides: Partial<VerifierReceipt> = {}) => receiptBy(RED, BRIEF, overrides);
const blue = (overrides: Partial<VerifierReceipt> = {}) => receiptBy(BLUE, BRIEF, overrides);

/** The verdict and codes of the node's last gate. */
function gateOf(run: Run) {
  const result = eventsOf(run, "gate.evaluated", "a").at(-1)?.gateResult;
  return [result?.verdict, ...(result?.reasons ?? []).map(({ code }) => code)];
}

describe("evidence whose receipts say", () => {
  test("found and supported lets the node run", () => {
    const { run } = given(opened(), submits(1, withReceipts(BRIEF, red())), propose(2, "a"));
    expect(gateOf(run)).toEqual(["allow"]);
  });

  test.each([
    ["absent", { existence: "absent" }],
    ["misattributed", { misattributed: true }],
  ] as const)("%s seals the mission", (_status, overrides) => {
    const bundle = withReceipts(BRIEF, red(overrides));
    const { run } = given(opened(), submits(1, bundle), propose(2, "a"));
    expect(gateOf(run)[0]).toBe("seal");
    expect(gateOf(run)).toContain("CLAIM_REFUTED");
    expect(run.state).toMatchObject({ sealed: true, status: "stopped" });
  });

  test("unavailable blocks and raises an incident", () => {
    const bundle = withReceipts(BRIEF, red({ existence: "unavailable", groundedness: "unclear" }));
    given(opened())
      .when(submits(1, bundle))
      .yields(
        { type: "evidence.submitted" },
        { type: "incident.raised", data: { kind: "verifier_unavailable" } },
      );
    const { run } = given(opened(), submits(1, bundle), propose(2, "a"));
    expect(gateOf(run)).toEqual(["block", "VERIFIER_UNAVAILABLE"]);
    expect(requestOf(run, "a")).toBeNull();
  });

  test("unavailable lets the node run once another verifier could look", () => {
    const first = withReceipts(BRIEF, red({ existence: "unavailable", groundedness: "unclear" }));
    const { run } = given(
      opened(),
      submits(1, first),
      propose(2, "a"),
      submits(3, withReceipts(first, blue())),
    );
    expect(gateOf(run)).toEqual(["allow"]);
  });

  test.each([
    ["VERIFICATION_UNCLEAR", [red({ groundedness: "unclear" })]],
    ["VERIFICATION_UNCLEAR", [red({ groundedness: "unsupported" })]],
    ["VERIFIER_DISAGREEMENT", [red(), blue({ existence: "absent" })]],
  ])("%s pauses until a person settles it", (code, receipts) => {
    const bundle = withReceipts(BRIEF, ...receipts);
    const paused = given(opened(), submits(1, bundle), propose(2, "a"));
    expect(gateOf(paused.run).slice(0, 2)).toEqual(["pause", code]);
    expect(requestOf(paused.run, "a")).toMatchObject({ requirement: { quorum: 1 } });
    const settled = given(opened(), submits(1, bundle), propose(2, "a"), approves(3, "a", ANN));
    expect(gateOf(settled.run)[0]).toBe("allow");
  });
});

describe("a bundle with receipts", () => {
  test("is refused whole for one that does not hold, and nothing is recorded", () => {
    given(opened())
      .when(submits(1, withReceipts(BRIEF, red(), "not a receipt")))
      .rejects("receipt_refused", { receipt: 1, flaw: "malformed" });
  });

  test("is refused where the directory was not asked", () => {
    given(opened())
      .when(submitEvidence(1, "a", withReceipts(BRIEF, red())))
      .rejects("receipt_refused", { flaw: "key_unknown" });
  });

  test("may not leave out a receipt that an earlier one of the same content carried", () => {
    const first = withReceipts(BRIEF, red({ groundedness: "unclear" }));
    given(opened(), submits(1, first)).when(submits(2, BRIEF)).rejects("receipt_refused", {
      receipt: -1,
      flaw: "left_out",
    });
    given(opened(), submits(1, first))
      .when(submits(2, withReceipts(BRIEF, blue())))
      .rejects("receipt_refused", { flaw: "left_out" });
    given(opened(), submits(1, first))
      .when(submits(2, withReceipts(first, blue())))
      .yields({ type: "evidence.submitted" });
  });

  test("nor one that the mission's inputs carried", () => {
    const input = withReceipts(BRIEF, red({ groundedness: "unclear" }));
    given(opened({}, [input]))
      .when(submits(1, BRIEF))
      .rejects("receipt_refused", {
        flaw: "left_out",
      });
  });

  test("is recorded with the keys it was checked with, so that anybody can check it again", () => {
    const { run } = given(opened(), submits(1, withReceipts(BRIEF, red())));
    const [event] = eventsOf(run, "evidence.submitted");
    const data = event?.data as unknown as {
      bundle: EvidenceBundle;
      verification: RecordedVerification;
    };
    expect(data.verification.facts.verifiers).toEqual([RED.facts]);
    expect(checkReceipts(data.bundle, data.verification.facts, ms(1))).toEqual({
      ok: true,
      value: data.verification,
    });
  });

  test("shows its verification in the view, and one without receipts shows none", () => {
    const { run } = given(opened(), submits(1, BRIEF), submits(2, withReceipts(BRIEF, red())));
    if (!run.state) throw new Error("the mission is open");
    const view = viewMission(run.state);
    const [plain, verified] = view.nodes[0]?.evidence ?? [];
    expect(plain).not.toHaveProperty("verification");
    expect(verified?.verification?.claims).toMatchObject([{ status: "verified", families: 1 }]);
    expect(missionViewSchema.safeParse(view).success).toBe(true);
  });

  test("may be a mission's input", () => {
    const input = withReceipts(BRIEF, red({ existence: "absent" }));
    const { run } = given(opened({}, [input]), propose(1, "a"));
    expect(gateOf(run)[0]).toBe("seal");
    given()
      .when(opened({}, [withReceipts(BRIEF, "x")]))
      .rejects("receipt_refused", { flaw: "malformed" });
  });
});

describe("an evidence policy", () => {
  const from = (host: string, ...authors: readonly string[]) =>
    source({ identifier: `https://${host}/paper`, authors: [...authors] });
  const bundle = (confidence: number, ...sources: readonly ReturnType<typeof from>[]) =>
    evidence("brief", { claims: [claim("c", { confidence, sources: [...sources] })] });
  const gate = (node: Partial<NodeInput>, ...bundles: readonly EvidenceBundle[]) => {
    const { run } = given(
      opened({ ...node }),
      ...bundles.map((one, at) => submits(at + 1, one)),
      propose(9, "a"),
    );
    return gateOf(run);
  };
  const risk3 = { risk: 3, ownerR: "human", evidencePolicy: {} } as const;

  test.each([
    [1, 0.5, "allow"],
    [2, 0.59, "CONFIDENCE_TOO_LOW"],
    [2, 0.6, "allow"],
  ] as const)("at risk %d asks a confidence of %d: %s", (risk, confidence, expected) => {
    expect(gate({ risk, evidencePolicy: {} }, bundle(confidence, from("a.org")))).toContain(
      expected,
    );
  });

  test.each([
    [3, 0.69],
    [4, 0.79],
  ])("at risk %d refuses a confidence of %d", (risk, confidence) => {
    const node = { ...risk3, risk };
    const two = bundle(confidence, from("a.org", "Ann"), from("b.org", "Ben"));
    expect(gate(node, two)).toContain("CONFIDENCE_TOO_LOW");
    const sure = bundle(confidence + 0.01, from("a.org", "Ann"), from("b.org", "Ben"));
    expect(gate(node, sure)).not.toContain("CONFIDENCE_TOO_LOW");
  });

  test("that is not declared leaves risk 4 at the node's own minimum", () => {
    const weak = bundle(0.5, from("a.org"));
    expect(gate({ risk: 4, ownerR: "human" }, weak)).toEqual(["pause", "APPROVAL_MISSING"]);
  });

  test.each([
    ["two hosts and no shared author", [from("a.org", "Ann"), from("b.org", "Ben")], false],
    ["one source", [from("a.org", "Ann")], true],
    ["one host twice", [from("a.org", "Ann"), from("www.A.org", "Ben")], true],
    ["a shared author", [from("a.org", "Ann"), from("b.org", "Ben", " ann")], true],
  ])("from risk 3 on asks for two independent sources: %s", (_what, sources, isRefused) => {
    expect(gate(risk3, bundle(0.9, ...sources)).includes("SOURCES_TOO_FEW")).toBe(isRefused);
  });

  test.each([
    ["a DOI and its address", ["doi:10.1000/1", "https://doi.org/10.1000/1"]],
    ["arXiv's number, page and DOI", ["arxiv:2301.1", "https://arxiv.org/abs/2301.1"]],
    ["arXiv's number and DOI", ["arxiv:2301.1", "doi:10.48550/arXiv.2301.1"]],
    ["a host that ends in a backslash", ["https://a.org\\x", "https://a.org\\y"]],
    ["a host in percent signs", ["https://%61.org/x", "https://a.org/y"]],
    ["a host in wide letters", ["https://\uFF41.org/x", "https://a.org/y"]],
    ["a host with its port and a dot", ["https://a.org.:443/x", "https://a.org/y"]],
    ["addresses that cannot be read", ["https://[x/", "https://[y/"]],
  ])("one source is not two by being written in two ways: %s", (_what, identifiers) => {
    const sources = identifiers.map((identifier) => source({ identifier }));
    expect(gate(risk3, bundle(0.9, ...sources))).toContain("SOURCES_TOO_FEW");
  });

  test("missions of rules 2 keep counting as they did", () => {
    const sources = ["doi:10.1000/1", "https://doi.org/10.1000/1"].map((identifier) =>
      source({ identifier }),
    );
    const countedUnder = (rules?: number) =>
      countIndependent(
        summarizeEvidence(bundle(0.9, ...sources), undefined, rules).claims[0]?.origins ?? [],
      );
    expect([countedUnder(0), countedUnder(2), countedUnder(3), countedUnder()]).toEqual([
      2, 2, 1, 1,
    ]);
  });

  test("takes sources of other claims that say the same, whatever the case of the words", () => {
    const says = (id: string, subject: string, host: string, value: string) =>
      claim(id, { subject, predicate: "costs", value, sources: [from(host)] });
    const node = { evidencePolicy: { sourcesMin: 2, independent: true } };
    const same = evidence("brief", {
      claims: [says("x", "Offer 7", "a.org", "9"), says("y", " OFFER 7", "b.org", "9")],
    });
    expect(gate(node, same)).toEqual(["allow"]);
    const other = evidence("brief", {
      claims: [says("x", "Offer 7", "a.org", "9"), says("y", "Offer 8", "b.org", "9")],
    });
    expect(gate(node, other)).toEqual(["block", "SOURCES_TOO_FEW", "SOURCES_TOO_FEW"]);
    const contrary = evidence("brief", {
      claims: [says("x", "Offer 7", "a.org", "9"), says("y", "offer 7", "b.org", "8")],
    });
    expect(gate(node, contrary)).toContain("EVIDENCE_CONTRADICTION");
  });

  test("may ask for receipts of so many families", () => {
    const node = { evidencePolicy: { receiptsMin: 2 } };
    expect(gate(node, BRIEF)).toEqual(["block", "RECEIPT_MISSING"]);
    expect(gate(node, withReceipts(BRIEF, red()))).toEqual(["block", "RECEIPT_MISSING"]);
    expect(gate(node, withReceipts(BRIEF, red(), blue()))).toEqual(["allow"]);
  });
});

test("a bundle with two claims of one id is refused: a receipt would bear out both", () => {
  const claims = [claim("c1"), claim("c1", { subject: "something else" })];
  const read = evidenceInputSchema.safeParse({ kind: "brief", claims });
  expect(read.error?.issues).toMatchObject([
    { path: ["claims"], message: "the id of a claim is there twice" },
  ]);
  const [first] = claims;
  expect(evidenceInputSchema.safeParse({ kind: "brief", claims: [first] }).success).toBe(true);
});
