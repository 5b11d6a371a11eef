/**
 * What webhooks gained beside Ed25519: shared secrets against the recorded vectors and an independent library,
 * derived keys, rotation, the schedule, the endpoint's health, and what is kept of an answer.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import {
  endpointKeyBytes,
  EXCERPT_CHARS_MAX,
  firstKey,
  formatWebhookSecret,
  healthAfter,
  HEALTHY,
  liveKeys,
  responseExcerpt,
  rotateKeys,
  signWebhook,
  verifyWebhook,
  WEBHOOK_ATTEMPTS_MAX,
  webhookDelaySeconds,
} from "../../shared/webhook/index.ts";
import { parseRootKeys } from "../../worker/webhook-keys.ts";
import { iso, ms } from "../support/builders.ts";

const AT_MS = 1_767_225_600_000;
const SECRET = new Uint8Array(32).fill(7);
const V1 = { kind: "v1", secret: SECRET } as const;
const INVALID = { ok: false, error: { reason: "webhook_signature_invalid" } };

interface SymmetricVector {
  readonly title: string;
  readonly secret: string;
  readonly msg_id: string;
  readonly timestamp: number;
  readonly payload: string;
  readonly signature: string;
}

const vectorsFile = path.join(
  import.meta.dirname,
  "../../../shared/vectors/standard-webhooks/vectors.json",
);
const vectors = existsSync(vectorsFile)
  ? (JSON.parse(readFileSync(vectorsFile, "utf8")) as { symmetric_sign: SymmetricVector[] })
      .symmetric_sign
  : [];

describe.skipIf(vectors.length === 0)(
  "the recorded symmetric vectors (skipped when ../shared/vectors is absent)",
  () => {
    it.each(vectors.filter(({ msg_id: id }) => !id.includes(".")))(
      "sign and verify: $title",
      ({ secret: text, msg_id: id, timestamp, payload, signature }) => {
        const bytes = Buffer.from(text.replace("whsec_", ""), "base64");
        const signer = { kind: "v1", secret: new Uint8Array(bytes) } as const;
        const signed = signWebhook(id, timestamp * 1_000, payload, [signer]);
        expect(signed.signature).toBe(signature);
        expect(verifyWebhook(signed, payload, [signer], timestamp * 1_000).ok).toBe(true);
      },
    );
  },
);

describe("a shared secret", () => {
  const signed = signWebhook("msg_1", AT_MS, "{}", [V1]);

  it("is spelled as the library of Standard Webhooks reads it, and signs as it does", () => {
    const library = new Webhook(formatWebhookSecret(SECRET));
    expect(signed.signature).toBe(library.sign("msg_1", new Date(AT_MS), "{}"));
  });

  it("verifies its own message only", () => {
    expect(verifyWebhook(signed, "{}", [V1], AT_MS).ok).toBe(true);
    expect(verifyWebhook(signed, "{} ", [V1], AT_MS)).toEqual(INVALID);
    expect(verifyWebhook({ ...signed, id: "msg_2" }, "{}", [V1], AT_MS)).toEqual(INVALID);
    const other = { kind: "v1", secret: new Uint8Array(32).fill(8) } as const;
    expect(verifyWebhook(signed, "{}", [other], AT_MS)).toEqual(INVALID);
  });

  it.each(["v1,", "v1,AAAA", "v1", "v1a,AAAA", "v2,AAAA"])("is not shown by %j", (signature) => {
    expect(verifyWebhook({ ...signed, signature }, "{}", [V1], AT_MS)).toEqual(INVALID);
  });

  it("never verifies an entry of the other kind, nor the other way round", async () => {
    const [root] = await parseRootKeys(`whsk_${Buffer.alloc(32, 7).toString("base64")}`);
    if (!root) throw new Error("a root");
    const asymmetric = signWebhook("msg_1", AT_MS, "{}", [{ kind: "v1a", key: root.pair }]);
    const renamed = { ...asymmetric, signature: asymmetric.signature.replace("v1a,", "v1,") };
    expect(verifyWebhook(renamed, "{}", [V1], AT_MS)).toEqual(INVALID);
    // The public key as if it were an HMAC secret: the confusion that made JWTs famous.
    const publicBytes = new Uint8Array(Buffer.from(root.pair.x, "base64url"));
    const forged = signWebhook("msg_1", AT_MS, "{}", [{ kind: "v1", secret: publicBytes }]);
    const { kty, crv, x } = root.pair;
    const verifier = { kind: "v1a", key: { kty, crv, x } } as const;
    expect(verifyWebhook(forged, "{}", [verifier], AT_MS)).toEqual(INVALID);
  });

  it("is looked for in sixteen entries and no more", () => {
    const padded = (count: number) => `${"v1,AAAA ".repeat(count)}${signed.signature}`;
    const verify = (signature: string) =>
      verifyWebhook({ ...signed, signature }, "{}", [V1], AT_MS).ok;
    expect([verify(padded(15)), verify(padded(16))]).toEqual([true, false]);
  });
});

describe("a derived key", () => {
  const purpose = { use: "webhook", team: "acme", endpointId: "whk_1", generation: 1 } as const;

  it("is the same again, and another for any other root, use, team, endpoint or generation", () => {
    const root = new Uint8Array(32).fill(1);
    const all = [
      endpointKeyBytes(root, purpose),
      endpointKeyBytes(new Uint8Array(32).fill(2), purpose),
      endpointKeyBytes(root, { ...purpose, use: "hook" }),
      endpointKeyBytes(root, { ...purpose, team: "acm" }),
      endpointKeyBytes(root, { ...purpose, team: 'acme","whk_1' }),
      endpointKeyBytes(root, { ...purpose, endpointId: "whk_2" }),
      endpointKeyBytes(root, { ...purpose, generation: 2 }),
    ].map((bytes) => Buffer.from(bytes).toString("hex"));
    expect(new Set(all).size).toBe(all.length);
    expect(Buffer.from(endpointKeyBytes(root, purpose)).toString("hex")).toBe(all[0]);
    expect(endpointKeyBytes(root, purpose)).toHaveLength(32);
  });

  it("comes from one to three roots, spelled one way", async () => {
    const root = (fill: number) => `whsk_${Buffer.alloc(32, fill).toString("base64")}`;
    const both = await parseRootKeys(`${root(1)} ${root(2)}`);
    expect(both.map(({ id }) => id)).toEqual([
      (await parseRootKeys(root(1)))[0]?.id,
      (await parseRootKeys(root(2)))[0]?.id,
    ]);
    for (const text of [`${root(1)}  ${root(2)}`, ` ${root(1)}`, `${root(1)},${root(2)}`]) {
      await expect(parseRootKeys(text)).rejects.toThrow(/WEBHOOK_SIGNING_KEY/);
    }
    const four = [1, 2, 3, 4].map(root).join(" ");
    await expect(parseRootKeys(four)).rejects.toThrow(/at most 3/);
  });
});

describe("a rotation", () => {
  const material = { root: "r", publicKey: null };

  it("leaves the newest and, for the overlap, the one before", () => {
    const first = [firstKey(material, ms(0))];
    const second = rotateKeys(first, { ...material, root: "s" }, ms(10), 5_000);
    expect(second.map(({ generation, root, expiresAt }) => [generation, root, expiresAt])).toEqual([
      [2, "s", null],
      [1, "r", iso(15)],
    ]);
    const live = (atS: number) => liveKeys(second, ms(atS)).map(({ generation }) => generation);
    expect([live(14.999), live(15)]).toEqual([[2, 1], [2]]);
  });

  it("gives no generation twice, also after its key has ended", () => {
    const second = rotateKeys([firstKey(material, ms(0))], material, ms(10), 0);
    expect(second.map(({ generation }) => generation)).toEqual([2]);
    const third = rotateKeys(second, material, ms(20), 1_000);
    const fourth = rotateKeys(third, material, ms(20), 1_000);
    expect(fourth.map(({ generation }) => generation)).toEqual([4, 3]);
  });

  it("takes a bound that cannot be read as passed", () => {
    const odd = { ...firstKey(material, ms(0)), expiresAt: "soon" };
    expect(liveKeys([odd], ms(0))).toEqual([]);
  });
});

describe("the schedule", () => {
  const total = (random: number) =>
    Array.from({ length: WEBHOOK_ATTEMPTS_MAX - 1 }, (_, index) =>
      Number(webhookDelaySeconds(index + 1, random)),
    ).reduce((sum, seconds) => sum + seconds, 0);

  it("goes on for more than three days and less than four", () => {
    expect(WEBHOOK_ATTEMPTS_MAX).toBe(14);
    expect(total(0) / 86_400).toBeGreaterThan(3);
    expect(total(0.999_999) / 86_400).toBeLessThan(4);
    expect(webhookDelaySeconds(WEBHOOK_ATTEMPTS_MAX, 0)).toBeNull();
  });

  it("never asks for more than the 12 hours the platform delays, and adds up to a fifth by chance", () => {
    for (let attempt = 1; attempt < WEBHOOK_ATTEMPTS_MAX; attempt += 1) {
      expect(webhookDelaySeconds(attempt, 0.999_999)).toBeLessThanOrEqual(43_200);
    }
    expect([0, 0.5, 0.999_999].map((random) => webhookDelaySeconds(2, random))).toEqual([
      60, 66, 72,
    ]);
  });
});

describe("an endpoint's health", () => {
  const failed = { cause: "event", outcome: "failed", status: 500, at: iso(0) } as const;

  it("is lost at once by 410 and by nothing else at once", () => {
    for (const status of [400, 401, 403, 404, 409, 411, 429, 500, 503, null]) {
      expect(healthAfter(HEALTHY, { ...failed, status }).disabledAt).toBeNull();
    }
    expect(healthAfter(HEALTHY, { ...failed, status: 410 })).toEqual({
      disabledAt: iso(0),
      disabledReason: "gone",
      failingSince: iso(0),
    });
  });

  it("stays as it is for a test, and for a disabled endpoint", () => {
    expect(healthAfter(HEALTHY, { ...failed, cause: "test", status: 410 })).toBe(HEALTHY);
    const disabled = { ...HEALTHY, disabledAt: iso(1), disabledReason: "admin" } as const;
    expect(healthAfter(disabled, { ...failed, outcome: "delivered", status: 200 })).toBe(disabled);
  });
});

describe("an excerpt", () => {
  it.each([
    ["", ""],
    ["ok", "ok"],
    ["  two\r\n\tlines  ", "two lines"],
    ["bell\u0007 and \u001b[31mred\u001b[0m", "bell and [31mred[0m"],
    ["turned \u202eround\u202c, \u200bhidden", "turned round, hidden"],
    ["half \ud800 a pair", "half \ufffd a pair"],
  ])("of %j is %j", (text, excerpt) => {
    expect(responseExcerpt(text)).toBe(excerpt);
  });

  it("is cut at its bound, between characters", () => {
    const cut = responseExcerpt(`x${"😀".repeat(600)}`);
    expect(cut).toHaveLength(EXCERPT_CHARS_MAX);
    expect(cut.endsWith("😀…")).toBe(true);
    expect(cut.isWellFormed()).toBe(true);
  });

  it.each([
    formatWebhookSecret(SECRET),
    `whsk_${Buffer.from(SECRET).toString("base64")}`,
    "Bearer abc.def-ghi",
    "Authorization: Basic dXNlcjp3b3Jk",
    '{"password":"hunter2"}',
    "api_key=12345",
    "set-cookie: session=42; path=/",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln",
    "xoxb-1234567890-abcdef",
    "sk-live1234567890abcdef",
    "deadbeef".repeat(8),
  ])("keeps nothing that looks like a secret: %j", (secret) => {
    const kept = responseExcerpt(`before ${secret} after`);
    expect(kept).toContain("[hidden]");
    for (const word of [
      "hunter2",
      "12345",
      "dXNlcj",
      "session=42",
      "abc.def",
      "c2ln",
      "deadbeef",
    ]) {
      expect(kept).not.toContain(word);
    }
    expect(kept.startsWith("before ")).toBe(true);
  });

  it("keeps nothing of what was sent to prove who we are", () => {
    const { signature } = signWebhook("msg_1", AT_MS, "{}", [V1]);
    expect(responseExcerpt(`you sent ${signature}`, signature.split(" "))).toBe(
      "you sent [hidden]",
    );
  });
});
