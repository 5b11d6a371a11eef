/**
 * Approvals that another system hands in (the hook part of family 11): neither a message's signature nor a
 * statement's does anything without the other. Each refusal starts from a message that is accepted as it is
 * (hook-messages.test.ts), and breaks one thing of it.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  call,
  callerOf,
  createPerson,
  expectStatus,
  mintToken,
  openMission,
  setUpTeam,
} from "../support/api.ts";
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
import { freshTeam } from "../support/team-world.ts";

const TEAM = freshTeam();
const RIVALS = freshTeam();
let person: Person;
let hook: Hook;
let other: Hook;
let rival: Hook;
let mission: string;
let foreignMission: string;

beforeAll(async () => {
  for (const level of ["info", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
  ({ person } = await setUpTeam(TEAM));
  await setUpTeam(RIVALS);
  [hook, other, rival] = [await addHook(TEAM), await addHook(TEAM), await addHook(RIVALS)];
  mission = await openMission(TEAM, APPROVAL_PLAN);
  foreignMission = await openMission(RIVALS, APPROVAL_PLAN);
});

afterAll(() => vi.restoreAllMocks());

/** As the approver signs, unless somebody else does. */
const sign = (statement: Statement, by = person, header: object = {}) =>
  signStatement(statement, by, header);

/** As the hook's own sender signs, unless another does. */
const message = (
  body: string,
  { by = hook, ...rest }: Partial<{ at: number; by: Hook; to: string; id: string }> = {},
) => messageOf(body, by, rest);

async function valid(): Promise<Message> {
  return message(bodyOf(mission, sign(await statementOf(TEAM, mission))));
}

function without(from: Message, name: string): Message {
  const headers = new Headers(from.headers);
  headers.delete(name);
  return { ...from, headers };
}

function withHeader(from: Message, name: string, value: string): Message {
  const headers = new Headers(from.headers);
  headers.set(name, value);
  return { ...from, headers };
}

/** Valid statements in messages that are not the hook's. */
const BAD_MESSAGES: readonly (readonly [string, (good: Message) => Promise<Message> | Message])[] =
  [
    ["without an id", (good) => without(good, "webhook-id")],
    ["without a timestamp", (good) => without(good, "webhook-timestamp")],
    ["without a signature", (good) => without(good, "webhook-signature")],
    ["with an empty signature", (good) => withHeader(good, "webhook-signature", "")],
    ["with another id", (good) => withHeader(good, "webhook-id", "msg-other")],
    ["with an id of two parts", ({ body }) => message(body, { id: "a.b" })],
    [
      "with another timestamp",
      (good) => {
        const at = Number(good.headers.get("webhook-timestamp")) - 1;
        return withHeader(good, "webhook-timestamp", String(at));
      },
    ],
    ["five minutes and a second old", ({ body }) => message(body, { at: Date.now() - 302_000 })],
    ["five minutes and a second ahead", ({ body }) => message(body, { at: Date.now() + 303_000 })],
    ["with a body longer by a space", (good) => ({ ...good, body: `${good.body} ` })],
    [
      "with a body of one other letter",
      (good) => ({ ...good, body: good.body.replace("agree", "agreE") }),
    ],
    ["signed with another hook's secret", ({ body }) => message(body, { by: other, to: hook.id })],
    ["signed with another team's secret", ({ body }) => message(body, { by: rival, to: hook.id })],
    ["sent to another hook", (good) => ({ ...good, hookId: other.id })],
    ["sent to another team's hook", (good) => ({ ...good, hookId: rival.id })],
    ["sent to a hook nobody has", (good) => ({ ...good, hookId: `hok_${"A".repeat(123)}` })],
    ["sent to what is no hook's id", (good) => ({ ...good, hookId: "approvals" })],
    [
      "sent to an address with one bit changed",
      (good) => {
        const flipped = hook.id.at(40) === "A" ? "B" : "A";
        return { ...good, hookId: `${hook.id.slice(0, 40)}${flipped}${hook.id.slice(41)}` };
      },
    ],
    [
      "whose signature is named v1a",
      (good) => {
        const entry = good.headers.get("webhook-signature") ?? "";
        return withHeader(good, "webhook-signature", entry.replace("v1,", "v1a,"));
      },
    ],
    [
      "whose signature is cut short",
      (good) => {
        const entry = good.headers.get("webhook-signature") ?? "";
        return withHeader(good, "webhook-signature", entry.slice(0, -8));
      },
    ],
    [
      "signed with the secret of an outgoing webhook",
      async ({ body }) => {
        const hooks = { url: "https://hooks.example.com/", events: ["*"], signature: "v1" };
        const added = await call(callerOf(TEAM, "admin"), "POST", "/v1/webhooks", hooks);
        return message(body, { by: { id: hook.id, secret: String(added.body["secret"]) } });
      },
    ],
    [
      "with the approver's own token in place of a signature",
      async (good) => {
        const token = `Bearer ${await mintToken(callerOf(TEAM, "approver"))}`;
        return withHeader(without(good, "webhook-signature"), "authorization", token);
      },
    ],
    [
      "to a disabled hook",
      async ({ body }) => {
        const closed = await addHook(TEAM);
        await expectStatus(
          manage(TEAM, "POST", `${closed.id}/status`, { status: "disabled" }),
          200,
        );
        return message(body, { by: closed });
      },
    ],
    [
      "to a removed hook",
      async ({ body }) => {
        const removed = await addHook(TEAM);
        await expectStatus(manage(TEAM, "DELETE", removed.id), 204);
        return message(body, { by: removed });
      },
    ],
    [
      "signed with a secret that was rotated away",
      async ({ body }) => {
        const rotated = await addHook(TEAM);
        const path = `${rotated.id}/rotation`;
        await expectStatus(manage(TEAM, "POST", path, { overlapSeconds: 0 }), 200);
        return message(body, { by: rotated });
      },
    ],
  ];

/** Messages that are the hook's, around what nobody signed like that. */
const BAD_STATEMENTS: readonly (readonly [
  string,
  string,
  (statement: Statement) => Promise<string> | string,
])[] = [
  ["missing", "request_invalid", () => JSON.stringify({ missionId: mission, nodeId: "agree" })],
  ["null", "request_invalid", () => bodyOf(mission, null)],
  ["empty", "request_invalid", () => bodyOf(mission, "")],
  ["in the clear, unsigned", "request_invalid", (statement) => bodyOf(mission, statement)],
  ["no JWS", "approval_signature_invalid", () => bodyOf(mission, "yes")],
  [
    "a JWS without a signature",
    "approval_signature_invalid",
    (statement) => bodyOf(mission, `${sign(statement).split(".").slice(0, 2).join(".")}.`),
  ],
  [
    "a JWS of alg none",
    "approval_signature_invalid",
    (statement) => {
      const text = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const header = { alg: "none", typ: "sekisho-approval+jwt", kid: person.jwk.kid };
      return bodyOf(mission, `${text(header)}.${text(statement)}.`);
    },
  ],
  [
    "signed by a stranger",
    "approval_signature_invalid",
    (statement) => bodyOf(mission, sign(statement, createPerson())),
  ],
  [
    "signed by a stranger under the approver's key id",
    "approval_signature_invalid",
    (statement) => bodyOf(mission, sign(statement, createPerson(), { kid: person.jwk.kid })),
  ],
  [
    "altered after it was signed",
    "approval_signature_invalid",
    (statement) => {
      const [header, , signature] = sign(statement).split(".");
      const altered = JSON.stringify({ ...statement, reason: "another reason" });
      const payload = Buffer.from(altered).toString("base64url");
      return bodyOf(mission, `${header}.${payload}.${signature}`);
    },
  ],
  [
    "signed as something else",
    "approval_signature_invalid",
    (statement) =>
      bodyOf(mission, sign(statement, person, { typ: "sekisho-policy-activation+jwt" })),
  ],
  [
    "of nobody",
    "approval_signature_invalid",
    ({ approver: _approver, ...statement }) => bodyOf(mission, sign(statement)),
  ],
  [
    "of a person nobody registered",
    "approver_unknown",
    (statement) => bodyOf(mission, sign({ ...statement, approver: "stranger" })),
  ],
  [
    "in the name of another approver",
    "approval_signature_invalid",
    async (statement) => {
      const { publicJwk } = createPerson();
      const second = { id: "second", name: "Second", keys: [publicJwk] };
      await expectStatus(call(callerOf(TEAM, "admin"), "POST", "/v1/approvers", second), 200);
      return bodyOf(mission, sign({ ...statement, approver: "second" }));
    },
  ],
  [
    "without a reason",
    "approval_statement_malformed",
    ({ reason: _reason, ...statement }) => bodyOf(mission, sign(statement)),
  ],
  [
    "with a member too many",
    "approval_statement_malformed",
    (statement) => bodyOf(mission, sign({ ...statement, more: 1 })),
  ],
  [
    "about another mission",
    "approval_statement_mismatch",
    (statement) => bodyOf(mission, sign({ ...statement, missionId: foreignMission })),
  ],
  [
    "about another node",
    "approval_statement_mismatch",
    (statement) => bodyOf(mission, sign({ ...statement, nodeId: "other" })),
  ],
  [
    "about another digest",
    "approval_digest_stale",
    (statement) => bodyOf(mission, sign({ ...statement, gateDigest: "0".repeat(64) })),
  ],
  [
    "about another attempt",
    "approval_statement_mismatch",
    (statement) => bodyOf(mission, sign({ ...statement, attempt: 2 })),
  ],
  [
    "whose time is over",
    "approval_statement_expired",
    (statement) => {
      const issuedAt = new Date(Date.now() - 120_000).toISOString();
      const expiresAt = new Date(Date.now() - 60_000).toISOString();
      return bodyOf(mission, sign({ ...statement, issuedAt, expiresAt }));
    },
  ],
  [
    "for another team's mission",
    "mission_unknown",
    (statement) => bodyOf(foreignMission, sign({ ...statement, missionId: foreignMission })),
  ],
  [
    "for a node the mission has not",
    "node_unknown",
    (statement) =>
      bodyOf(mission, sign({ ...statement, nodeId: "nowhere" }), { nodeId: "nowhere" }),
  ],
  [
    "beside a member nobody knows",
    "request_invalid",
    (statement) => bodyOf(mission, sign(statement), { approve: true }),
  ],
  [
    "beside a member given twice",
    "json_duplicate_key",
    (statement) => bodyOf(mission, sign(statement)).replace("{", '{"nodeId":"other",'),
  ],
  [
    "in a body that is no JSON",
    "json_malformed",
    (statement) => `${bodyOf(mission, sign(statement))}}`,
  ],
];

it("the family's hook part has its floor", () => {
  expect(BAD_MESSAGES.length + BAD_STATEMENTS.length).toBeGreaterThanOrEqual(50);
});

describe("a valid statement in a message", () => {
  it.each(BAD_MESSAGES)(
    "%s is refused, like every other, and records nothing",
    async (_what, spoil) => {
      const refused = await post(await spoil(await valid()));
      const { instance: _instance, ...told } = refused.body;
      expect(told).toEqual({
        type: "https://api.sekisho.test/docs/errors/hook_signature_invalid",
        title: "The message is not a valid one of this hook",
        status: 401,
        code: "hook_signature_invalid",
      });
      expect(refused.status).toBe(401);
      expect(await decisions(TEAM, mission)).toBe(0);
    },
  );
});

describe("a valid message around a statement", () => {
  it.each(BAD_STATEMENTS)("%s is refused: %s", async (_what, code, spoil) => {
    const body = await spoil(await statementOf(TEAM, mission));
    const refused = await post(message(body));
    expect([refused.body["code"], refused.status >= 400]).toEqual([code, true]);
    expect(await decisions(TEAM, mission)).toBe(0);
    expect(await decisions(RIVALS, foreignMission)).toBe(0);
  });
});
