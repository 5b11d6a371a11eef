/**
 * The webhooks consumer with everything outside of it captured: one team's endpoints, a log kept as the team's
 * object keeps it, and a receiver that answers what a test says.
 */
import { checkEgressUrl, parseEgressAllowList } from "../../shared/egress.ts";
import { HEALTHY } from "../../shared/webhook/index.ts";
import type { WebhookDeliveryMessage } from "../../shared/wire/message.ts";
import type { DeliveryRecord, IncidentRecord, WebhookEndpoint } from "../../shared/wire/rpc.ts";
import type { WebhookDeps } from "../../worker/consumers/webhooks.ts";
import { parseRootKeys } from "../../worker/webhook-keys.ts";
import { iso, MISSION, ms, TEAM } from "./builders.ts";
import { queueMessage } from "./index-stories.ts";

const [ROOT] = await parseRootKeys(`whsk_${Buffer.alloc(32, 7).toString("base64")}`);
if (ROOT === undefined) throw new Error("the seed gives a key");

/** What the endpoints of this world are signed with. */
const SENDER = ROOT.pair;
export const SENDER_VERIFIER = {
  kind: "v1a",
  key: { kty: "OKP", crv: "Ed25519", x: SENDER.x },
} as const;

export const WHK_A = "whk_017f22e2-79b0-7cc3-98c4-dc0c0c07398a";
export const WHK_B = "whk_017f22e2-79b0-7cc3-98c4-dc0c0c07398b";
export const DELIVERY = `msg_${"0".repeat(32)}`;
const HASH = "ab".repeat(32);

export function endpoint(id: string, overrides: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return {
    id,
    url: "https://hooks.example.com/in",
    events: ["approval.requested"],
    signature: "v1a",
    format: "cloudevents",
    createdAt: iso(0),
    ...HEALTHY,
    keys: [{ generation: 0, root: null, publicKey: null, createdAt: iso(0), expiresAt: null }],
    ...overrides,
  };
}

export interface Posted {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function webhookWorld(
  endpoints: readonly WebhookEndpoint[],
  overrides: Partial<WebhookDeps> = {},
) {
  const enqueued: WebhookDeliveryMessage[] = [];
  const delays: (number | undefined)[] = [];
  const buried: WebhookDeliveryMessage[] = [];
  const acknowledged: [string, number][] = [];
  const records: DeliveryRecord[] = [];
  const shown: IncidentRecord[] = [];
  const posts: Posted[] = [];
  const deps: WebhookDeps = {
    endpoints: async (team) => (team === TEAM ? endpoints : []),
    checkpoint: async () => null,
    enqueue: async (message, delaySeconds) => {
      enqueued.push(message);
      delays.push(delaySeconds);
    },
    bury: async (message) => void buried.push(message),
    acknowledge: async ({ missionId }, seq) => void acknowledged.push([missionId, seq]),
    dispatch: async (team, name) => {
      const found = endpoints.find(({ id }) => team === TEAM && id === name.endpointId);
      if (found === undefined) return null;
      const ofRun = records.filter(({ id, run }) => id === name.id && run === name.run);
      const recorded = ofRun.find(({ attempt }) => attempt === name.attempt) ?? null;
      const isDelivered = ofRun.some(({ outcome }) => outcome === "delivered");
      return { endpoint: found, recorded, isDelivered };
    },
    recordDelivery: async (_team, record) => {
      records.push(record);
      return { disabled: null };
    },
    showIncident: async (_team, incident) => void shown.push(incident),
    checkUrl: (url) => checkEgressUrl(url, parseEgressAllowList("")),
    post: async (url, headers, body) => {
      posts.push({ url: url.href, headers, body });
      return { status: 204, text: "" };
    },
    signers: async () => [{ kind: "v1a", key: SENDER }],
    origin: "https://api.sekisho.test",
    nowMs: () => ms(10),
    random: () => 0.5,
    ...overrides,
  };
  return { deps, enqueued, delays, buried, acknowledged, records, shown, posts };
}

/** A queue message of the first stage. */
export function eventMessage(seq: number, type = "approval.requested", missionId = MISSION) {
  const base = { kind: "event", team: TEAM, missionId, seq, hash: HASH, type, at: iso(1) } as const;
  return queueMessage({ ...base, nodeId: "switch", data: { risk: 3 } });
}

/** A queue message of the second stage. */
export function deliveryMessage(members: Partial<WebhookDeliveryMessage> = {}) {
  return queueMessage({
    kind: "delivery",
    team: TEAM,
    endpointId: WHK_A,
    deliveryId: DELIVERY,
    type: "sekisho.x",
    body: '{"type":"sekisho.x"}',
    cause: "event",
    run: 0,
    attempt: 1,
    ...members,
  });
}
