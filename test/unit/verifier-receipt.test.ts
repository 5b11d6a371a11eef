/**
 * Verifier receipts: each forgery starts from a receipt that holds and changes one thing, and is
 * refused for that thing. What receipts come to, and that a recorded check can be repeated.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { base64UrlEncode, checkPublicJwk, jwkThumbprint } from "../../shared/crypto.ts";
import { checkReceipts, RECEIPT_JWS_TYPE } from "../../shared/evidence/index.ts";
import type { ReceiptFlaw, VerifierReceipt } from "../../shared/evidence/receipt.ts";
import { claim, evidence, keyPair, ms } from "../support/builders.ts";
import { facts, receiptBy, type Verifier, verifier, withReceipts } from "../support/verifiers.ts";

const RED = verifier("red");
const BLUE = verifier("blue");
const KNOWN = facts([RED, BLUE]);
const BUNDLE = evidence("contract");
const DAY_S = 86_400;

const checked = (receipts: readonly string[], known = KNOWN, seconds = 0) =>
  checkReceipts(withReceipts(BUNDLE, ...receipts), known, ms(seconds));

function statusOf(...receipts: readonly string[]) {
  const result = checked(receipts);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value?.outcome.claims[0];
}

const says = (by: Verifier, overrides: Partial<VerifierReceipt>) =>
  receiptBy(by, BUNDLE, overrides);

describe("a receipt is refused", () => {
  const stranger = verifier("stranger");
  const cases: readonly (readonly [string, ReceiptFlaw, string, typeof KNOWN, number])[] = [
    ["by a key nobody registered", "key_unknown", receiptBy(stranger, BUNDLE), KNOWN, 0],
    [
      "signed with another key under a registered kid",
      "signature_invalid",
      receiptBy(RED, BUNDLE, {}, { key: { ...keyPair("forger"), kid: RED.key.kid } }),
      KNOWN,
      0,
    ],
    ["changed in one character", "signature_invalid", changed(receiptBy(RED, BUNDLE)), KNOWN, 0],
    [
      "that is another kind of statement",
      "malformed",
      receiptBy(RED, BUNDLE, {}, { typ: "sekisho-approval+jwt" }),
      KNOWN,
      0,
    ],
    ["that is no JWS", "malformed", "verified, trust me", KNOWN, 0],
    [
      "with a member that no receipt has",
      "malformed",
      receiptBy(RED, BUNDLE, { note: "x" }),
      KNOWN,
      0,
    ],
    [
      "without a verdict",
      "malformed",
      receiptBy(RED, BUNDLE, { existence: "probably" } as never),
      KNOWN,
      0,
    ],
    [
      "that names another family than its key's",
      "family_mismatch",
      says(RED, { verifierFamily: "blue" }),
      KNOWN,
      0,
    ],
    ["by the producer's own family", "family_same", receiptBy(RED, BUNDLE), facts([RED], "red"), 0],
    [
      "where the producer's family is unknown",
      "family_unknown",
      receiptBy(RED, BUNDLE),
      facts([RED], null),
      0,
    ],
    [
      "about another bundle",
      "bundle_mismatch",
      receiptBy(RED, evidence("contract", { producedBy: "agent-b" })),
      KNOWN,
      0,
    ],
    [
      "about the hash that covers receipts",
      "bundle_mismatch",
      says(RED, { bundleHash: withReceipts(BUNDLE, "x").hash }),
      KNOWN,
      0,
    ],
    ["about a claim that is not there", "claim_unknown", says(RED, { claimId: "c9" }), KNOWN, 0],
    [
      "from the future",
      "not_yet_valid",
      says(RED, { checkedAt: "2026-01-01T00:00:05.001Z" }),
      KNOWN,
      0,
    ],
    ["of more than 30 days ago", "expired", receiptBy(RED, BUNDLE), KNOWN, 30 * DAY_S + 1],
  ];

  test.each(cases)("%s: %s", (_what, flaw, receipt, known, seconds) =>
    expect(checked([receipt], known, seconds)).toMatchObject({
      ok: false,
      error: { reason: "receipt_refused", receipt: 0, flaw },
    }),
  );

  test("together with all that stand beside it, and named by its position", () => {
    const result = checked([receiptBy(BLUE, BUNDLE), receiptBy(stranger, BUNDLE)]);
    expect(result).toMatchObject({ ok: false, error: { receipt: 1, flaw: "key_unknown" } });
  });

  test("just inside its time it is not: 5 s ahead, 30 days back", () => {
    expect(checked([says(RED, { checkedAt: "2026-01-01T00:00:05.000Z" })]).ok).toBe(true);
    expect(checked([receiptBy(RED, BUNDLE)], KNOWN, 30 * DAY_S).ok).toBe(true);
  });
});

describe("receipts of a claim come to", () => {
  const absent = { existence: "absent" } as const;
  const unavailable = { existence: "unavailable", groundedness: "unclear" } as const;
  const unclear = { groundedness: "unclear" } as const;

  test.each([
    ["verified", [says(RED, {})], 1],
    ["verified", [says(RED, {}), says(BLUE, {})], 2],
    ["absent", [says(RED, absent)], 0],
    ["misattributed", [says(RED, { misattributed: true })], 0],
    ["unavailable", [says(RED, unavailable), says(BLUE, unavailable)], 0],
    ["unclear", [says(RED, unclear)], 0],
    ["unclear", [says(RED, { groundedness: "unsupported" })], 0],
    ["disagreement", [says(RED, {}), says(BLUE, unclear)], 1],
    ["disagreement", [says(RED, {}), says(BLUE, absent)], 1],
    ["verified", [says(RED, {}), says(BLUE, unavailable)], 1],
    ["absent", [says(RED, absent), says(BLUE, unavailable)], 0],
  ] as const)("%s", (status, receipts, families) =>
    expect(statusOf(...receipts)).toMatchObject({ status, families }),
  );

  test("the newest of each family", () => {
    const later = "2026-01-01T00:00:01.000Z";
    expect(statusOf(says(RED, unavailable), says(RED, { checkedAt: later }))).toMatchObject({
      status: "verified",
    });
    expect(statusOf(says(RED, {}), says(RED, { ...absent, checkedAt: later }))).toMatchObject({
      status: "absent",
    });
  });

  test("a disagreement where one family says two things at one moment", () => {
    expect(statusOf(says(RED, {}), says(RED, unclear))).toMatchObject({ status: "disagreement" });
  });
});

describe("a checked bundle", () => {
  test("without receipts is not checked at all", () => {
    expect(checkReceipts(BUNDLE, KNOWN, ms(0))).toEqual({ ok: true, value: null });
  });

  test("lists only claims that some receipt is about", () => {
    const two = evidence("contract", { claims: [claim("a"), claim("b")] });
    const bundle = withReceipts(two, receiptBy(RED, two, { claimId: "b" }));
    const result = checkReceipts(bundle, KNOWN, ms(0));
    expect(result).toMatchObject({ value: { outcome: { claims: [{ id: "b" }] } } });
  });

  test("can be checked again from what is recorded, which holds the used keys only", () => {
    const bundle = withReceipts(BUNDLE, receiptBy(RED, BUNDLE));
    const first = checkReceipts(bundle, KNOWN, ms(0));
    if (!first.ok || !first.value) throw new Error("the receipt holds");
    expect(first.value.facts.verifiers.map(({ id }) => id)).toEqual(["red"]);
    expect(checkReceipts(bundle, first.value.facts, ms(0))).toEqual(first);
  });

  test("takes ES256 as well as EdDSA", () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { kty, crv, x, y } = pair.publicKey.export({ format: "jwk" });
    const jwk = checkPublicJwk({ kty, crv, x, y });
    if (!jwk.ok) throw new Error(jwk.error.reason);
    const kid = jwkThumbprint(jwk.value);
    const payload = receiptBy(RED, BUNDLE).split(".")[1];
    const header = JSON.stringify({ alg: "ES256", typ: RECEIPT_JWS_TYPE, kid });
    const input = `${base64UrlEncode(new TextEncoder().encode(header))}.${payload}`;
    const signature = sign("sha256", Buffer.from(input), {
      key: pair.privateKey,
      dsaEncoding: "ieee-p1363",
    });
    const known = {
      producerFamily: "producers",
      verifiers: [{ id: "red", family: "red", keys: [{ kid, jwk: jwk.value }] }],
    };
    const receipt = `${input}.${base64UrlEncode(new Uint8Array(signature))}`;
    expect(checked([receipt], known)).toMatchObject({ ok: true });
  });
});

/** The same text with one letter of its signature changed. */
function changed(receipt: string): string {
  const at = receipt.lastIndexOf(".") + 5;
  const letter = receipt[at] === "A" ? "B" : "A";
  return receipt.slice(0, at) + letter + receipt.slice(at + 1);
}
