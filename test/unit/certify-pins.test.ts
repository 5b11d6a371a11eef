/** Certification with keys that somebody outside the trace vouches for, and with a floor of rules. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { traceCertify } from "../../scripts/cli/trace.ts";
import { canonicalJson } from "../../shared/canonical.ts";
import type { RecordedVerification } from "../../shared/evidence/index.ts";
import { certifyReplay } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import { approvalNode, decisionNode, permitting, person, plan } from "../support/builders.ts";
import { openMission } from "../support/commands.ts";
import { STORIES } from "../support/forgery.ts";
import { repins, version } from "../support/policies.ts";
import { approves, denies, given } from "../support/scenario.ts";

const ann = person("ann");
const eve = person("eve");
const annKid = ann.keys[0].kid;
const eveKid = eve.keys[0].kid;
const SIGN = plan([approvalNode("sign")]);
const tighter = version("2", permitting("vendor.switch").slice(0, 1));

const traceOf = ({ events }: { readonly events: readonly unknown[] }) =>
  JSON.parse(JSON.stringify(events)) as readonly TraceEvent[];
const approved = traceOf(given(openMission(SIGN), approves(1, "sign", ann)));
const pinned = (...kids: readonly string[]) => ({
  approverKeys: new Map([["ann", new Set(kids)]]),
});

describe("pinned keys of approvers", () => {
  test.each([
    ["an approval", "approval.granted", approved],
    ["a denial", "approval.denied", traceOf(given(openMission(SIGN), denies(1, "sign", ann)))],
    [
      "a re-pin",
      "mission.policy_repinned",
      traceOf(given(openMission(plan([decisionNode("a")])), repins(1, ann, tighter))),
    ],
  ])("hold %s to the person's own, past and present", (_what, type, events) => {
    const { seq } = events.find((event) => event.type === type) ?? {};
    const refused = { certified: false, seq, member: "data.kid", recorded: annKid };
    expect(certifyReplay(events)).toMatchObject({ certified: true, approverKeys: "as recorded" });
    expect(certifyReplay(events, pinned(eveKid, annKid))).toMatchObject({
      certified: true,
      approverKeys: "pinned",
      verifierKeys: "as recorded",
    });
    expect(certifyReplay(events, pinned(eveKid))).toMatchObject(refused);
    expect(certifyReplay(events, { approverKeys: new Map() })).toMatchObject(refused);
    const another = { approverKeys: new Map([["eve", new Set([annKid])]]) };
    expect(certifyReplay(events, another)).toMatchObject(refused);
  });
});

test("pinned keys of verifiers hold what they bore out", () => {
  const { events = [] } = STORIES.find(({ name }) => name === "verified") ?? {};
  const { verifications = {} } = (events[0]?.data ?? {}) as {
    verifications?: Record<string, RecordedVerification>;
  };
  const verifiers = Object.values(verifications).flatMap(({ facts }) => facts.verifiers);
  expect(verifiers.length).toBeGreaterThan(0);
  const ofOpening = new Map(verifiers.map(({ id, keys }) => [id, new Set(keys.map((k) => k.kid))]));
  const refused = { certified: false, seq: 0, member: "data.verifications" };
  expect(certifyReplay(events, { verifierKeys: new Map() })).toMatchObject(refused);
  const known = certifyReplay(events, { verifierKeys: ofOpening });
  expect(known.certified || known.seq > 0).toBe(true);
});

test("a trace of older rules than asked for is not certified", () => {
  expect(certifyReplay(approved, { rulesMin: 3 })).toMatchObject({ certified: true });
  expect(certifyReplay(approved, { rulesMin: 4 })).toMatchObject({
    certified: false,
    seq: 0,
    member: "data.rules",
    recorded: "3",
  });
});

describe("sekisho trace certify", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "sekisho-certify-"));
    write("trace.ndjson", approved.map((event) => `${canonicalJson(event)}\n`).join(""));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, text: string): string {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  }

  function certify(...args: readonly string[]) {
    const file = path.join(folder, "trace.ndjson");
    return traceCertify.run({ args: [file, ...args], env: {}, json: true, jsonAsked: true });
  }

  test.each([
    ["a kid", annKid],
    ["a public JWK", ann.keys[0].publicJwk],
  ])("takes --approvers with %s for each person", async (_what, key) => {
    const known = write("known.json", JSON.stringify({ ann: [key] }));
    expect(await certify("--approvers", known, "--rules-min", "3")).toMatchObject({ ok: true });
    const others = write("others.json", JSON.stringify({ ann: [eveKid], eve: [key] }));
    expect(await certify("--approvers", others)).toMatchObject({ ok: false, error: { exit: 1 } });
  });

  test.each([
    ["--approvers", JSON.stringify({ ann: "no list" })],
    ["--approvers", JSON.stringify([])],
    ["--verifiers", JSON.stringify({ v: ["short"] })],
  ])("refuses %s %s", async (option, text) => {
    const file = write("wrong.json", text);
    expect(await certify(option, file)).toMatchObject({ ok: false, error: { exit: 2 } });
  });

  test.each(["0", "three", "-1", "3.5"])("refuses --rules-min %s", async (text) => {
    expect(await certify(`--rules-min=${text}`)).toMatchObject({ ok: false, error: { exit: 2 } });
  });
});
