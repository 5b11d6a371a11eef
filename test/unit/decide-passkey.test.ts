/** Approvals by passkey: the device signs the statement's hash, and nothing short of that counts. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { challengeOf } from "../../shared/approval/index.ts";
import { derToP1363 } from "../../shared/crypto.ts";
import { certifyReplay } from "../../shared/mission/index.ts";
import type { TraceEvent } from "../../shared/trace/index.ts";
import {
  approvalNode,
  executionNode,
  iso,
  keyPair,
  OTHER_MISSION,
  person,
  plan,
  signStatement,
  statement,
} from "../support/builders.ts";
import { decideApproval, openMission, propose, vendorSwitch } from "../support/commands.ts";
import { type Changes, passkey, passkeyPerson, signWithPasskey } from "../support/passkeys.ts";
import { caughtAt, forged } from "../support/forgery.ts";
import { approves, given, requestOf, type Run } from "../support/scenario.ts";

const PHONE = passkey("ann-phone");
const LAPTOP = passkey("ann-laptop", "ES256");
const ann = passkeyPerson("ann", PHONE);
const ada = passkeyPerson("ada", LAPTOP);
const SIGN = plan([approvalNode("sign")]);
const TWO = plan([approvalNode("sign", { approval: { quorum: 2 } })]);

type Who = ReturnType<typeof passkeyPerson>;

function about(run: Run, who: Who, changes: object = {}) {
  const gateDigest = requestOf(run, "sign")?.gateDigest ?? "0".repeat(64);
  return { ...statement({ nodeId: "sign", gateDigest, approver: who.facts.id }), ...changes };
}

/** `who` approves with this passkey; the statement or the answer changed where a test breaks one thing. */
function approvesBy(
  seconds: number,
  who: Who,
  key = PHONE,
  { said = {}, ...changes }: Changes & { readonly said?: object } = {},
) {
  return (run: Run) =>
    decideApproval(seconds, "sign", who, signWithPasskey(about(run, who, said), key, changes));
}

/** One member of what is recorded of the assertion replaced, or for an object part of it. */
function changed(member: string, value: unknown) {
  return (event: TraceEvent) => {
    const recorded = event.data["passkey"] as Readonly<Record<string, object>>;
    const now = typeof value === "object" ? { ...recorded[member], ...value } : value;
    return { data: { ...event.data, passkey: { ...recorded, [member]: now } } };
  };
}

function otherBit(text: string | null): string {
  const bytes = Buffer.from(text ?? "", "base64url");
  bytes[9] = (bytes[9] ?? 0) ^ 1;
  return bytes.toString("base64url");
}

describe("an approval by passkey", () => {
  test.each([
    ["Ed25519", ann, PHONE],
    ["P-256", ada, LAPTOP],
  ])("is recorded so that anybody can verify it, and the node runs: %s", (_alg, who, key) => {
    const step = given(openMission(SIGN)).when(approvesBy(1, who, key));
    step.yields(
      {
        type: "approval.granted",
        data: {
          approver: who.facts.id,
          kid: key.kid,
          jwk: key.jwk,
          passkey: { rpId: "sekisho.test" },
          have: 1,
          need: 1,
        },
      },
      { type: "node.unblocked" },
      { type: "gate.evaluated", stateAfter: "RUNNING" },
      { type: "gate.evaluated", stateAfter: "DONE" },
      { type: "mission.completed" },
    );
    expect(certifyReplay(step.run.events)).toMatchObject({ certified: true, exact: true });
  });

  test.each([
    [
      "signature",
      (event: TraceEvent) => ({ approvalSignature: otherBit(event.approvalSignature) }),
    ],
    ["statement", changed("statement", { reason: "other words" })],
    ["domain", changed("rpId", "evil.test")],
    ["origin", changed("origin", "https://evil.test")],
  ])("in a trace with another %s is not certified", (_what, change) => {
    const { run } = given(openMission(SIGN), approvesBy(1, ann));
    const seq = run.events.find(({ type }) => type === "approval.granted")?.seq ?? -1;
    expect(caughtAt(forged(run.events, seq, change))).toBe(seq);
  });

  test("may deny as well", () => {
    given(openMission(SIGN))
      .when(approvesBy(1, ann, PHONE, { said: { decision: "deny" } }))
      .yields({
        type: "approval.denied",
        data: { passkey: { origin: "https://console.sekisho.test" } },
      });
  });

  test.each<[string, Changes, string]>([
    ["of another ceremony", { type: "webauthn.create" }, "the ceremony is not webauthn.get"],
    ["over another challenge", { challenge: challengeOf({}) }, "the challenge is another one"],
    ["by another page", { origin: "https://evil.test" }, "the origin is not one of ours"],
    [
      "by the same host on another port",
      { origin: "https://console.sekisho.test:444" },
      "the origin is not one of ours",
    ],
    [
      "by an origin that only begins like ours",
      { origin: "https://console.sekisho.test.evil.test" },
      "the origin is not one of ours",
    ],
    [
      "inside another page",
      { client: { crossOrigin: true } },
      "the page was embedded in another one",
    ],
    [
      "under another top page",
      { client: { topOrigin: "https://evil.test" } },
      "the page was embedded in another one",
    ],
    ["for another domain", { rpId: "evil.test" }, "the passkey is of another domain"],
    ["without the person being there", { flags: 0x04 }, "the person was not verified"],
    ["without the person being verified", { flags: 0x01 }, "the person was not verified"],
    ["backed up although it cannot be", { flags: 0x15 }, "the authenticator data cannot be read"],
    ["with bytes behind it", { extra: Uint8Array.of(1) }, "the authenticator data cannot be read"],
    [
      "that promises extensions and has none",
      { flags: 0x85 },
      "the authenticator data cannot be read",
    ],
  ])("%s is refused", (_what, changes, detail) => {
    given(openMission(SIGN))
      .when(approvesBy(1, ann, PHONE, changes))
      .rejects("passkey_refused", { detail });
  });

  test.each<[string, object, string]>([
    ["another mission", { missionId: OTHER_MISSION }, "approval_statement_mismatch"],
    ["another node", { nodeId: "other" }, "approval_statement_mismatch"],
    ["another attempt", { attempt: 2 }, "approval_statement_mismatch"],
    ["another person", { approver: "ben" }, "approval_statement_mismatch"],
    ["another digest", { gateDigest: "f".repeat(64) }, "approval_digest_stale"],
    ["a time that has passed", { expiresAt: iso(1) }, "approval_statement_expired"],
    ["a surplus member", { note: "hello" }, "approval_statement_malformed"],
  ])("whose statement is about %s is refused like a JWS", (_what, said, reason) => {
    given(openMission(SIGN))
      .when(approvesBy(1, ann, PHONE, { said }))
      .rejects(reason as "approval_digest_stale");
  });

  test("over one statement proves nothing about another one", () => {
    given(openMission(SIGN))
      .when((run) => {
        const signed = signWithPasskey(about(run, ann), PHONE);
        return decideApproval(1, "sign", ann, {
          ...signed,
          statement: about(run, ann, { reason: "other" }),
        });
      })
      .rejects("passkey_refused", { detail: "the challenge is another one" });
  });

  test("by a device of somebody else, or with its name on another key, is refused", () => {
    given(openMission(SIGN))
      .when(approvesBy(1, ann, LAPTOP))
      .rejects("approval_signature_invalid");
    given(openMission(SIGN))
      .when(approvesBy(1, ann, { ...LAPTOP, credentialId: PHONE.credentialId }))
      .rejects("approval_signature_invalid");
  });

  test("never verifies a JWS, and a signing key never verifies an assertion", () => {
    const key = keyPair("passkey ann-phone");
    given(openMission(SIGN))
      .when((run) => decideApproval(1, "sign", ann, signStatement(about(run, ann), key)))
      .rejects("approval_signature_invalid");
    const plain = person("ann", { keyNames: ["passkey ann-phone"] });
    given(openMission(SIGN))
      .when((run) => decideApproval(1, "sign", plain, signWithPasskey(about(run, ann), PHONE)))
      .rejects("approval_signature_invalid");
  });

  test("and one by a signing key are of one person all the same", () => {
    const key = keyPair("ann-key");
    const keys = [...ann.facts.keys, { kid: key.kid, jwk: key.publicJwk }];
    const two = { facts: { ...ann.facts, keys }, keys: [key] as const };
    given(openMission(TWO), approvesBy(1, two))
      .when(approves(2, "sign", two))
      .rejects("approval_already_given", { approver: "ann" });
  });

  test("is taken once: voided, it does not come back with the digest", () => {
    const compiled = plan([
      executionNode("sign", { risk: 3, ownerR: "human", approval: { quorum: 2 } }),
    ]);
    const act = (seconds: number, by: string) =>
      propose(seconds, "sign", { by, action: vendorSwitch({ amount: 1 }) });
    const history = [openMission(compiled), act(1, "agent-a"), approvesBy(2, ann)];
    given(...history, act(3, "agent-b"))
      .when(approvesBy(4, ann))
      .rejects("passkey_refused", { detail: "this challenge has been answered before" });
    given(...history, act(3, "agent-b"))
      .when(approvesBy(4, ann, PHONE, { said: { reason: "read again" } }))
      .yields({ type: "approval.granted", data: { have: 1, need: 2 } });
  });

  test("with any one bit of its answer changed is refused", () => {
    const { run } = given(openMission(SIGN));
    const signed = signWithPasskey(about(run, ada), LAPTOP);
    const members = ["clientDataJSON", "authenticatorData", "signature"] as const;
    fc.assert(
      fc.property(fc.constantFrom(...members), fc.nat(), fc.nat({ max: 7 }), (member, at, bit) => {
        const bytes = Buffer.from(signed.assertion[member], "base64url");
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        const assertion = { ...signed.assertion, [member]: bytes.toString("base64url") };
        const { when } = given(openMission(SIGN));
        const decided = when(decideApproval(1, "sign", ada, { ...signed, assertion }));
        expect(decided.run.events.some(({ type }) => type === "approval.granted")).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe("derToP1363", () => {
  const signature = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

  test("reads the one spelling of two positive integers", () => {
    const raw = derToP1363(signature("3007020101020200ff"));
    expect(raw?.[31]).toBe(1);
    expect(raw?.[63]).toBe(255);
  });

  test.each([
    ["a minus sign", "30060201010201ff"],
    ["padding", "3007020200010201 01".replace(" ", "")],
    ["something behind", "300602010102010100"],
    ["a length that lies", "3007020101020101"],
    ["an integer too long", `3046022200${"01".repeat(33)}0220${"01".repeat(32)}`],
    ["one integer", "3003020101"],
    ["no sequence", "3106020101020101"],
    ["nothing", ""],
  ])("refuses %s", (_what, hex) => {
    expect(derToP1363(signature(hex))).toBeNull();
  });
});
