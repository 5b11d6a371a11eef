/**
 * A gateway in a world that can be broken: the real decisions of the ledger over a map, a mission and an
 * upstream that count, a queue that delivers again, and a clock that moves only when it is told to.
 * One fault may be placed at any call, in three modes: before it, after it, or a crash of the process.
 */
import {
  decideClaim,
  decideDispatch,
  decideRefuse,
  decideRelease,
  decideReported,
  decideSettle,
  type Decision,
  type Denial,
  type LedgerRow,
  type LedgerRpc,
  type Receipt,
} from "../../shared/ticket/index.ts";
import type { RegisteredAction } from "../../worker/gateway/actions.ts";
import type { Performed } from "../../worker/gateway/connectors/http.ts";
import type { Deps, Disposition } from "../../worker/gateway/passage.ts";
import { present } from "../../worker/gateway/present.ts";
import { ACTION_TYPE, NOW_MS, ticketContext, ticketMessage } from "./tickets.ts";

export type FaultMode = "throws before" | "throws after" | "crashes before" | "crashes after";

export interface Fault {
  /** The n-th call of all, from 0. */
  readonly call: number;
  readonly mode: FaultMode;
}

export interface WorldOptions {
  readonly idempotent?: boolean;
  readonly fault?: Fault;
  /** What the mission answers, by call of `confirm`; the last one repeats. */
  readonly confirms?: readonly boolean[];
  /** What the upstream does, by call; the last one repeats. */
  readonly upstream?: readonly Performed[];
  /** Awaited at the start of each call; where a test decides who goes next. */
  readonly turn?: (name: string) => Promise<void>;
}

export interface World {
  /** Names of all calls made, in order. */
  readonly calls: string[];
  /** Idempotency keys that reached the upstream: what really happened outside. */
  readonly reached: string[];
  readonly receipts: Receipt[];
  readonly denials: Denial[];
  /** `team/mission` of each denial. */
  readonly deniedAt: string[];
  readonly rows: Map<string, LedgerRow>;
  readonly deps: Deps;
  nowMs: number;
  /** Delivers one message once. null: the process died at it. */
  deliver(messageId: string, attempts: number, body?: unknown): Promise<Disposition | null>;
  /** Delivers one message until it is acknowledged or the queue gives up. */
  deliverUntilDone(messageId: string, body?: unknown): Promise<"acknowledged" | "given up">;
}

/** As wrangler.toml of the gateway: eight retries after the first delivery. */
const DELIVERIES_MAX = 9;
const REDELIVERY_AFTER_CRASH_MS = 5_000;

export const SUCCEEDED: Performed = {
  outcome: "succeeded",
  status: 200,
  responseDigest: "cd".repeat(32),
  detail: "answered 200",
};
export const FAILED: Performed = {
  ...SUCCEEDED,
  outcome: "failed",
  status: 422,
  detail: "answered 422",
};
export const UNKNOWN: Performed = {
  ...SUCCEEDED,
  outcome: "unknown",
  status: 503,
  detail: "answered 503",
};

export function createWorld(options: WorldOptions = {}): World {
  const fences = new Map<string, number>();
  const upstream = options.upstream ?? [SUCCEEDED];
  const confirms = options.confirms ?? [true];
  let confirmations = 0;
  let die: () => void = () => {};

  /** Runs one call, or breaks it. A crashed call never returns: the process it belonged to is gone. */
  async function broken<T>(name: string, effect: () => T): Promise<T> {
    await options.turn?.(name);
    const isBroken = world.calls.length === options.fault?.call;
    world.calls.push(name);
    if (!isBroken) return effect();
    const mode = options.fault?.mode ?? "throws before";
    if (mode.endsWith("after")) effect();
    if (mode.startsWith("throws")) throw new Error(`${name} ${mode}`);
    die();
    return new Promise<T>(() => {});
  }

  function decide<R>(jti: string, decision: Decision<R>): R {
    if (decision.row !== null) world.rows.set(jti, decision.row);
    return decision.result;
  }

  const row = (jti: string) => world.rows.get(jti) ?? null;
  const ledger: LedgerRpc = {
    claim: async (request) =>
      broken("claim", () => {
        const result = decide(request.jti, decideClaim(row(request.jti), fences, request));
        if (result.outcome === "claimed") {
          for (const [slice, number] of Object.entries(request.fence)) fences.set(slice, number);
        }
        return result;
      }),
    dispatching: async (request) =>
      broken("dispatching", () => decide(request.jti, decideDispatch(row(request.jti), request))),
    settle: async (request) =>
      broken("settle", () => decide(request.jti, decideSettle(row(request.jti), request))),
    release: async (request) =>
      broken("release", () => void decide(request.jti, decideRelease(row(request.jti), request))),
    refuse: async (request) =>
      broken("refuse", () => decide(request.jti, decideRefuse(row(request.jti), request))),
    reported: async (jti) => broken("reported", () => void decide(jti, decideReported(row(jti)))),
  };

  const action: RegisteredAction = {
    connector: "http",
    url: "https://vendor.example/switch",
    method: "POST",
    idempotent: options.idempotent ?? false,
    timeoutMs: 10_000,
  };
  const { keyByKid, issuer, audience } = ticketContext();
  const deps: Deps = {
    nowMs: () => world.nowMs,
    terms: { keyByKid, issuer, audience },
    actionByType: new Map([[ACTION_TYPE, action]]),
    ledger: () => ledger,
    missions: {
      confirm: async () =>
        broken("confirm", () =>
          nextOf(confirms, (confirmations += 1))
            ? { ok: true, value: { confirmed: true } }
            : {
                ok: false,
                error: { reason: "gate_not_confirmed", detail: "the mission is stopped" },
              },
        ),
      report: async (_team, _missionId, receipt) =>
        broken("report", () => void world.receipts.push(receipt)),
      denied: async (team, missionId, denial) =>
        broken("denied", () => {
          world.deniedAt.push(`${team}/${missionId}`);
          world.denials.push(denial);
          return { recorded: true };
        }),
    },
    perform: async (_action, call) =>
      broken("perform", () => {
        world.reached.push(call.idempotencyKey);
        return nextOf(upstream, world.reached.length);
      }),
    log: () => {},
  };

  const world: World = {
    calls: [],
    reached: [],
    receipts: [],
    denials: [],
    deniedAt: [],
    rows: new Map(),
    deps,
    nowMs: NOW_MS,
    async deliver(messageId, attempts, body = ticketMessage()) {
      const death = new Promise<null>((resolve) => {
        die = () => resolve(null);
      });
      return Promise.race([present({ messageId, attempts, body }, deps), death]);
    },
    async deliverUntilDone(messageId, body) {
      for (let attempts = 1; attempts <= DELIVERIES_MAX; attempts += 1) {
        const disposition = await world.deliver(messageId, attempts, body);
        if (disposition?.kind === "ack") return "acknowledged";
        world.nowMs +=
          disposition === null ? REDELIVERY_AFTER_CRASH_MS : disposition.delaySeconds * 1_000;
      }
      return "given up";
    },
  };
  return world;
}

/** The n-th of a script, from 1; its last line repeats. */
function nextOf<T>(script: readonly T[], n: number): T {
  const line = script[Math.min(n, script.length) - 1];
  if (line === undefined) throw new Error("a script has at least one line");
  return line;
}
