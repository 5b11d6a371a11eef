/** A gateway for missions that contend: tells its world whenever something acts outside. */
import { confirmTicket } from "../../shared/mission/index.ts";
import {
  decideClaim,
  decideDispatch,
  decideRefuse,
  decideRelease,
  decideReported,
  decideSettle,
  type Decision,
  highestFences,
  type LedgerRow,
  type LedgerRpc,
} from "../../shared/ticket/index.ts";
import type { TicketMessage } from "../../shared/wire/message.ts";
import type { Deps } from "../../worker/gateway/passage.ts";
import { present } from "../../worker/gateway/present.ts";
import { TERMS, TICKET_KEY } from "./builders.ts";
import { SUCCEEDED, UNKNOWN } from "./gateway-world.ts";
import { startProcess } from "./lease-net.ts";
import { execute, type MissionPlace, ownCommand, type Surroundings } from "./lease-places.ts";

/**
 * The real gateway over the ledger's real rules. Its ledger's word to dispatch comes at once: what a gateway does
 * that sleeps between this word and its call, no fence can undo.
 */
export function createGateway(
  around: Surroundings,
  acted: (place: MissionPlace, fence: Readonly<Record<string, number>>) => void,
) {
  const { net } = around;
  const process = startProcess();
  const rows = new Map<string, LedgerRow>();
  const fences = new Map<string, Map<string, number>>();
  const claimed = new Map<
    string,
    { team: string; fence: Readonly<Record<string, number>>; missionId: string }
  >();
  const decide = <R>(jti: string, { row, result }: Decision<R>): R => {
    if (row) rows.set(jti, row);
    return result;
  };
  const row = (jti: string) => rows.get(jti) ?? null;
  const ledgerOf = (team: string): LedgerRpc => ({
    claim: async (request) => {
      const seen = fences.get(team) ?? new Map<string, number>();
      fences.set(team, seen);
      const highest = highestFences(request, { team: seen, mission: new Map() });
      const result = decide(request.jti, decideClaim(row(request.jti), highest, request));
      claimed.set(request.jti, { team, fence: request.fence, missionId: request.missionId });
      around.count(result.outcome === "refused" ? result.code : `claim ${result.outcome}`);
      if (result.outcome === "claimed")
        for (const [slice, number] of Object.entries(request.fence)) seen.set(slice, number);
      return result;
    },
    dispatching: async (request) => decide(request.jti, decideDispatch(row(request.jti), request)),
    settle: async (request) => decide(request.jti, decideSettle(row(request.jti), request)),
    release: async (request) => void decide(request.jti, decideRelease(row(request.jti), request)),
    refuse: async (request) => decide(request.jti, decideRefuse(row(request.jti), request)),
    reported: async (jti) => void decide(jti, decideReported(row(jti))),
  });
  const tell = <T>(
    team: string,
    missionId: string,
    name: string,
    effect: (place: MissionPlace) => Promise<T>,
  ) => {
    const place = around.missionOf(team, missionId);
    return net.call(
      process,
      () => place.process,
      name,
      () => effect(place),
    );
  };
  const byGateway = () => ({
    ...ownCommand(net),
    actor: { kind: "gateway", id: TERMS.audience } as const,
  });
  const deps: Deps = {
    nowMs: () => net.nowMs,
    terms: {
      keyByKid: new Map([[TICKET_KEY.kid, TICKET_KEY.publicJwk]]),
      issuer: TERMS.issuer,
      audience: TERMS.audience,
    },
    actionByType: new Map([
      [
        "vendor.switch",
        {
          connector: "http",
          url: "https://vendor.example/",
          method: "POST",
          idempotent: false,
          timeoutMs: 10_000,
        },
      ],
    ]),
    ledger: ledgerOf,
    missions: {
      confirm: (claims) =>
        tell(claims.team, claims.txn, "confirm", async (place) =>
          confirmTicket(place.state, claims, net.nowMs + place.skewMs),
        ),
      report: (team, id, receipt) =>
        tell(team, id, "report", (place) =>
          execute(place, { ...byGateway(), type: "RecordReceipt", receipt }),
        ),
      denied: (team, id, denial) =>
        tell(team, id, "denied", async (place) => {
          await execute(place, { ...byGateway(), type: "RecordDenial", denial });
          return { recorded: true };
        }),
    },
    perform: async (_action, { idempotencyKey }) => {
      const ticket = claimed.get(idempotencyKey);
      if (!ticket) throw new Error("nobody claimed what acts");
      acted(around.missionOf(ticket.team, ticket.missionId), ticket.fence);
      // Every eighth vendor leaves the outcome open.
      return Number.parseInt(idempotencyKey.slice(-1), 16) % 8 === 0 ? UNKNOWN : SUCCEEDED;
    },
    log: () => {},
  };
  return {
    deliver(messageId: string, body: TicketMessage): void {
      void present({ messageId, attempts: 1, body }, deps);
    },
  };
}
