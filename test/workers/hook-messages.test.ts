/**
 * Messages that a hook takes: a person's signature decides as when they come themselves, a message counts once,
 * keys rotate, and a hook tells nothing of its team. What is refused is in hook-approvals.test.ts.
 */
import { generateKeyPairSync } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { PrivateJwk } from "../../shared/crypto.ts";
import { formatWebhookPublicKey, signWebhook } from "../../shared/webhook/index.ts";
import { call, callerOf, openMission, setUpTeam } from "../support/api.ts";
import {
  addHook,
  APPROVAL_PLAN,
  bodyOf,
  decisions,
  manage,
  messageOf,
  post,
  signStatement,
  statementOf,
  type Hook,
  type Message,
  type Person,
  type Statement,
} from "../support/hooks.ts";
import { evictTeam, freshTeam } from "../support/team-world.ts";

const TEAM = freshTeam();
let person: Person;
let hook: Hook;
let other: Hook;

beforeAll(async () => {
  for (const level of ["info", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
  ({ person } = await setUpTeam(TEAM));
  [hook, other] = [await addHook(TEAM), await addHook(TEAM)];
});

afterAll(() => vi.restoreAllMocks());

/** As the approver signs. */
const sign = (statement: Statement) => signStatement(statement, person);

/** As the hook's own sender signs, unless another does. */
const message = (
  body: string,
  { by = hook, ...rest }: Partial<{ at: number; by: Hook; to: string; id: string }> = {},
) => messageOf(body, by, rest);

describe("a valid statement in a valid message", () => {
  it("approves, in the signer's name, exactly as when they come themselves", async () => {
    const id = await openMission(TEAM, APPROVAL_PLAN);
    const answered = await post(message(bodyOf(id, sign(await statementOf(TEAM, id)))));
    expect(answered.status).toBe(200);
    expect(answered.body).toMatchObject({ decision: "approve", nodeState: "DONE" });
    expect(answered.headers.get("etag")).toMatch(/^"\d+-[0-9a-f]{64}"$/);
    const path = `/v1/missions/${id}/trace`;
    const trace = await call(callerOf(TEAM, "auditor"), "GET", path);
    const events = trace.body["items"] as readonly Record<string, unknown>[];
    expect(events.find(({ type }) => type === "approval.granted")).toMatchObject({
      actor: { kind: "human", id: "approver" },
      data: { approver: "approver", kid: person.jwk.kid },
    });
  });

  it("denies as well", async () => {
    const id = await openMission(TEAM, APPROVAL_PLAN);
    const statement = await statementOf(TEAM, id, { decision: "deny" });
    const answered = await post(message(bodyOf(id, sign(statement))));
    expect([answered.status, answered.body["nodeState"]]).toEqual([200, "BLOCKED"]);
  });

  it("is taken from a sender with a key pair of its own, and from nobody else", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const key = privateKey.export({ format: "jwk" }) as unknown as PrivateJwk;
    const publicKey = formatWebhookPublicKey(key);
    const asymmetric = await addHook(TEAM, { signature: "v1a", publicKey });
    const id = await openMission(TEAM, APPROVAL_PLAN);
    const body = bodyOf(id, sign(await statementOf(TEAM, id)));
    const signed = (by: PrivateJwk): Message => {
      const made = signWebhook("msg-v1a", Date.now(), body, [{ kind: "v1a", key: by }]);
      const headers = new Headers({
        "content-type": "application/json",
        "webhook-id": made.id,
        "webhook-timestamp": made.timestamp,
        "webhook-signature": made.signature,
      });
      return { hookId: asymmetric.id, headers, body };
    };
    expect((await post(signed(person.jwk))).status).toBe(401);
    expect((await post(signed(key))).status).toBe(200);
  });

  it("is taken under both secrets while a rotation overlaps", async () => {
    const rotating = await addHook(TEAM);
    const rotated = await manage(TEAM, "POST", `${rotating.id}/rotation`, {});
    const fresh = { id: rotating.id, secret: String(rotated.body["secret"]) };
    expect(fresh.secret).not.toBe(rotating.secret);
    for (const by of [rotating, fresh]) {
      const id = await openMission(TEAM, APPROVAL_PLAN);
      const body = bodyOf(id, sign(await statementOf(TEAM, id)));
      expect((await post(message(body, { by }))).status).toBe(200);
    }
  });
});

describe("a message that comes again", () => {
  it("has the first answer, and counts once", async () => {
    const id = await openMission(TEAM, APPROVAL_PLAN);
    const sent = message(bodyOf(id, sign(await statementOf(TEAM, id))));
    const first = await post(sent);
    await evictTeam(TEAM);
    const again = await post(sent);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await decisions(TEAM, id)).toBe(1);
  });

  it("twenty times at once counts once", async () => {
    const id = await openMission(TEAM, APPROVAL_PLAN);
    const sent = message(bodyOf(id, sign(await statementOf(TEAM, id))));
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(sent)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await decisions(TEAM, id)).toBe(1);
  });

  it("under its id with another body is refused, even one as well signed", async () => {
    const [one, two] = [
      await openMission(TEAM, APPROVAL_PLAN),
      await openMission(TEAM, APPROVAL_PLAN),
    ];
    const id = "msg-twice";
    await post(message(bodyOf(one, sign(await statementOf(TEAM, one))), { id }));
    const reused = await post(message(bodyOf(two, sign(await statementOf(TEAM, two))), { id }));
    expect([reused.status, reused.body["code"]]).toEqual([422, "idempotency_key_reused"]);
    expect(await decisions(TEAM, two)).toBe(0);
  });

  it("under another id is another message, and the person still counts once", async () => {
    const id = await openMission(TEAM, APPROVAL_PLAN);
    const body = bodyOf(id, sign(await statementOf(TEAM, id)));
    expect((await post(message(body))).status).toBe(200);
    const second = await post(message(body, { by: other }));
    expect(second.status).toBe(409);
    expect(await decisions(TEAM, id)).toBe(1);
  });
});

describe("a hook", () => {
  it("shows its secret once, in a form the library of Standard Webhooks reads", async () => {
    const added = await addHook(TEAM);
    expect(() => new Webhook(added.secret)).not.toThrow();
    const listed = await call(callerOf(TEAM, "admin"), "GET", "/v1/hooks");
    expect(listed.text).toContain(`https://api.sekisho.test/v1/hooks/approvals/${added.id}`);
    expect(listed.text).not.toContain("whsec_");
  });

  it("has an address in which no team can be read, of one length for all", async () => {
    const text = Buffer.from(hook.id.slice(4), "base64url").toString("latin1");
    expect(text).not.toContain(TEAM);
    expect((await addHook(`t${"-long".repeat(12)}`)).id).toHaveLength(hook.id.length);
  });

  it.each([
    ["v1 with a public key", { publicKey: `whpk_${Buffer.alloc(32, 3).toString("base64")}` }],
    ["v1a without one", { signature: "v1a" }],
    [
      "a key of low order",
      { signature: "v1a", publicKey: `whpk_${Buffer.alloc(32).toString("base64")}` },
    ],
    ["a key of another form", { signature: "v1a", publicKey: "whsec_AAAA" }],
  ])("is refused with %s", async (_what, members) => {
    const body = { title: "x", ...members };
    const refused = await call(callerOf(TEAM, "admin"), "POST", "/v1/hooks", body);
    expect([refused.status, refused.body["code"]]).toEqual([422, "request_invalid"]);
    expect(JSON.stringify(refused.body["errors"])).toContain("/publicKey");
  });

  it("takes no body before its bound", async () => {
    const large = message(`{"x":"${"x".repeat(70_000)}"}`);
    expect((await post(large)).status).toBe(413);
  });
});
