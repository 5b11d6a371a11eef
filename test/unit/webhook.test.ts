/**
 * Webhooks as pure rules: Standard Webhooks signatures against the recorded vectors, key spellings, the
 * CloudEvents body, subscriptions and the retry schedule.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { base64UrlEncode } from "../../shared/crypto.ts";
import {
  formatWebhookPublicKey,
  isAnnounced,
  isSubscribable,
  isSubscribed,
  parseWebhookPublicKey,
  parseWebhookSeed,
  signWebhook,
  verifyWebhook,
  webhookBody,
  webhookDeliveryId,
} from "../../shared/webhook/index.ts";
import { DELIVERY_ID } from "../../shared/ids.ts";
import {
  DEAD_LETTER_BACKOFF,
  INDEX_BACKOFF,
  retryDelaySeconds,
  WEBHOOK_BACKOFF,
} from "../../worker/consumers/retry.ts";
import { parseRootKeys } from "../../worker/webhook-keys.ts";
import { MISSION } from "../support/builders.ts";
import { storyOf } from "../support/index-stories.ts";

/** The pair of one `whsk_` seed, as the worker derives it. */
async function deriveWebhookKey(text: string) {
  const [root] = await parseRootKeys(text);
  if (!root) throw new Error("the seed gives a key");
  return root.pair;
}

interface Vectors {
  readonly asymmetric: {
    readonly secret_key: string;
    readonly public_key: string;
    readonly sign: readonly {
      readonly title: string;
      readonly msg_id: string;
      readonly timestamp: number;
      readonly payload: string;
      readonly signature: string;
    }[];
  };
}

const ORIGIN = "https://api.sekisho.test";
const KEY = await deriveWebhookKey(`whsk_${Buffer.alloc(32, 7).toString("base64")}`);
const PUBLIC = { kty: "OKP", crv: "Ed25519", x: KEY.x } as const;
const SIGNER = { kind: "v1a", key: KEY } as const;
const VERIFIER = { kind: "v1a", key: PUBLIC } as const;
const AT_MS = 1_767_225_600_000;

const vectorsFile = path.join(
  import.meta.dirname,
  "../../../shared/vectors/standard-webhooks/vectors.json",
);

describe.skipIf(!existsSync(vectorsFile))(
  "the recorded vectors (skipped when ../shared/vectors is absent)",
  () => {
    const { asymmetric } = existsSync(vectorsFile)
      ? (JSON.parse(readFileSync(vectorsFile, "utf8")) as Vectors)
      : { asymmetric: { secret_key: "", public_key: "", sign: [] } };

    it("are there", () => expect(asymmetric.sign.length).toBeGreaterThanOrEqual(3));

    it("give the recorded public key for the secret one", async () => {
      const key = await deriveWebhookKey(asymmetric.secret_key);
      expect(formatWebhookPublicKey(key)).toBe(asymmetric.public_key);
    });

    it.each(asymmetric.sign)("sign and verify: $title", async (vector) => {
      const key = await deriveWebhookKey(asymmetric.secret_key);
      const atMs = vector.timestamp * 1_000;
      const signed = signWebhook(vector.msg_id, atMs, vector.payload, [{ kind: "v1a", key }]);
      expect(signed.signature).toBe(vector.signature);
      const publicKey = parseWebhookPublicKey(asymmetric.public_key);
      if (publicKey === null) throw new Error("the recorded public key is readable");
      expect(
        verifyWebhook(signed, vector.payload, [{ kind: "v1a", key: publicKey }], atMs),
      ).toEqual({
        ok: true,
        value: { id: vector.msg_id, timestampS: vector.timestamp },
      });
    });
  },
);

describe("a signature", () => {
  const body = '{"a":1}';
  const signed = signWebhook("msg_1", AT_MS, body, [SIGNER]);
  const verify = (headers: Partial<typeof signed>, text = body, nowMs = AT_MS) =>
    verifyWebhook({ ...signed, ...headers }, text, [VERIFIER], nowMs);

  it("verifies only with its own id, timestamp and body", () => {
    expect(verify({}).ok).toBe(true);
    const invalid = { ok: false, error: { reason: "webhook_signature_invalid" } };
    expect(verify({ id: "msg_2" })).toEqual(invalid);
    expect(verify({}, '{"a":2}')).toEqual(invalid);
    expect(verify({ timestamp: String(AT_MS / 1_000 - 1) })).toEqual(invalid);
  });

  it("verifies up to 300 seconds early and late, and not a second more", () => {
    expect(verify({}, body, AT_MS + 300_000).ok).toBe(true);
    expect(verify({}, body, AT_MS + 301_000)).toMatchObject({
      error: { reason: "webhook_timestamp_too_old" },
    });
    expect(verify({}, body, AT_MS - 300_000).ok).toBe(true);
    expect(verify({}, body, AT_MS - 301_000)).toMatchObject({
      error: { reason: "webhook_timestamp_too_new" },
    });
  });

  it("is found among others, of other versions and other keys", async () => {
    const other = await deriveWebhookKey(`whsk_${Buffer.alloc(32, 8).toString("base64")}`);
    const foreign = signWebhook("msg_1", AT_MS, body, [{ kind: "v1a", key: other }]).signature;
    expect(verify({ signature: `v1,AAAA ${foreign} ${signed.signature}` }).ok).toBe(true);
    expect(verify({ signature: foreign })).toMatchObject({
      error: { reason: "webhook_signature_invalid" },
    });
    const symmetric = signed.signature.replace("v1a,", "v1,");
    expect(verify({ signature: symmetric }).ok).toBe(false);
    expect(verify({ signature: "" }).ok).toBe(false);
  });

  it("is never made or accepted for an id with a full stop, because two messages would share it", () => {
    expect(() => signWebhook("a.1", AT_MS, "x", [SIGNER])).toThrow(/full stop/);
    expect(verify({ id: "a.1" })).toMatchObject({ error: { reason: "webhook_id_malformed" } });
  });

  it.each(["1767225600abc", "+1767225600", "1767225600.0", "0x69", " 1767225600", "", "01"])(
    "is refused for the timestamp %j",
    (timestamp) => {
      expect(verify({ timestamp })).toMatchObject({
        error: { reason: "webhook_timestamp_malformed" },
      });
    },
  );
});

describe("key spellings", () => {
  it("read back what they write, and nothing else", () => {
    const text = formatWebhookPublicKey(PUBLIC);
    expect(text).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    expect(parseWebhookPublicKey(text)).toEqual(PUBLIC);
    expect(parseWebhookPublicKey(text.replace("whpk_", "whsk_"))).toBeNull();
    expect(parseWebhookPublicKey(text.slice(0, -1))).toBeNull();
    expect(parseWebhookSeed("whsk_AAAA")).toBeNull();
  });

  it("refuse a public key of low order", () => {
    const zero = `whpk_${Buffer.alloc(32).toString("base64")}`;
    expect(parseWebhookPublicKey(zero)).toBeNull();
  });

  it("derive the pair that the platform's own key generator would", async () => {
    const again = await deriveWebhookKey(`whsk_${Buffer.alloc(32, 7).toString("base64")}`);
    expect(again).toEqual(KEY);
    expect(KEY.d).toBe(base64UrlEncode(new Uint8Array(32).fill(7)));
  });

  it.each(["", "whsk_", "{}", "whsk_AAAA", Buffer.alloc(32).toString("base64")])(
    "refuse the secret %j without repeating it",
    async (text) => {
      await expect(deriveWebhookKey(text)).rejects.toThrow(/WEBHOOK_SIGNING_KEY is whsk_/);
    },
  );
});

describe("a body", () => {
  const requested = storyOf().find((event) => event.type === "approval.requested");
  if (!requested) throw new Error("the story asks for an approval");

  it("is a structured CloudEvents 1.0 event", () => {
    const body = JSON.parse(webhookBody(requested, ORIGIN, 100_000)) as Record<string, unknown>;
    expect(body).toEqual({
      specversion: "1.0",
      id: requested.hash,
      source: `${ORIGIN}/v1/missions/${MISSION}`,
      type: "sekisho.approval.requested",
      subject: `${MISSION}/switch`,
      time: requested.at,
      sequence: String(requested.seq),
      datacontenttype: "application/json",
      data: requested.data,
    });
  });

  it("never holds a signed ticket", () => {
    const issued = storyOf().find((event) => event.type === "ticket.issued");
    if (!issued) throw new Error("the story issues a ticket");
    const { ticket } = issued.data;
    if (typeof ticket !== "string") throw new Error("the trace holds the signed ticket");
    const body = webhookBody(issued, ORIGIN, 100_000);
    expect(body).not.toContain(ticket);
    expect(body).toContain("claims");
  });

  it("says so when its data does not fit, and stays within the bound as a JSON string", () => {
    const data = { quotes: '"'.repeat(2_000) };
    const event = { ...requested, data };
    expect(webhookBody(event, ORIGIN, 20_000)).toContain("quotes");
    const cutBody = webhookBody(event, ORIGIN, 4_000);
    expect(JSON.parse(cutBody)).toMatchObject({ data: { truncated: true } });
    expect(JSON.stringify(cutBody).length).toBeLessThan(4_000);
  });

  it("has one delivery id per event and endpoint", () => {
    const id = webhookDeliveryId(requested.hash, "whk_a");
    expect(id).toMatch(DELIVERY_ID);
    expect(webhookDeliveryId(requested.hash, "whk_a")).toBe(id);
    expect(webhookDeliveryId(requested.hash, "whk_b")).not.toBe(id);
  });
});

describe("a subscription", () => {
  it("takes its own types, or all", () => {
    expect(isSubscribed(["approval.requested"], "approval.requested")).toBe(true);
    expect(isSubscribed(["approval.requested"], "approval.voided")).toBe(false);
    expect(isSubscribed(["*"], "incident.raised")).toBe(true);
    expect(isSubscribed([], "incident.raised")).toBe(false);
  });

  it("is possible exactly for what missions announce", () => {
    const types = [
      ...new Set(storyOf().map((event) => event.type)),
      "mission.sealed",
      "mission.stopped",
      "approval.voided",
      "approval.expired",
    ];
    for (const type of types) {
      expect([type, isSubscribable(type)]).toEqual([type, isAnnounced(type)]);
    }
    expect(isSubscribable("*")).toBe(true);
    expect(isSubscribable("approval.*")).toBe(false);
  });
});

describe("the retry schedule", () => {
  it("grows to its bound and stays there", () => {
    const delays = (backoff: typeof WEBHOOK_BACKOFF, tries: number) =>
      Array.from({ length: tries }, (_, index) => retryDelaySeconds(backoff, index + 1, 0.5));
    expect(delays(WEBHOOK_BACKOFF, 8)).toEqual([5, 20, 80, 320, 1_280, 5_120, 20_480, 43_200]);
    expect(delays(INDEX_BACKOFF, 5)).toEqual([5, 15, 45, 135, 405]);
    expect(Math.max(...delays(DEAD_LETTER_BACKOFF, 50))).toBe(3_600);
  });

  it("leaves a fifth to chance, and never asks for more than the platform delays", () => {
    expect(retryDelaySeconds(WEBHOOK_BACKOFF, 4, 0)).toBe(256);
    expect(retryDelaySeconds(WEBHOOK_BACKOFF, 4, 0.999_999)).toBe(384);
    expect(retryDelaySeconds(WEBHOOK_BACKOFF, 99, 0.999_999)).toBe(43_200);
    expect(retryDelaySeconds({ firstSeconds: 1, factor: 2, maxSeconds: 9 }, 1, 0)).toBe(1);
  });
});
