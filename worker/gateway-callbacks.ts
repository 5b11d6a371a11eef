/**
 * The three calls the gateway may make of the API worker, and nothing else it can reach here: confirm a
 * permission, report an outcome, report a denial. Decides nothing; the mission does.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { createEntropy } from "../durable-objects/index.ts";
import { TEAM_NAME, MISSION_ID } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Command } from "../shared/mission/index.ts";
import { err, type Result } from "../shared/result.ts";
import type { Denial, Receipt, TicketClaims } from "../shared/ticket/index.ts";
import { unixMsToIso } from "../shared/time.ts";
import type { GatewayCallbacksRpc } from "../shared/wire/rpc.ts";
import { openIncident, operatorTeam } from "./consumers/index.ts";
import type { Env } from "./env.ts";
import { log } from "./log.ts";
import { missionStub, teamStub } from "./missions.ts";

export class GatewayCallbacks extends WorkerEntrypoint<Env> implements GatewayCallbacksRpc {
  /**
   * Asks the directory whether the agent may still act, then the mission the signed claims name whether
   * this exact permission still stands. A directory that cannot be asked throws: nothing is confirmed.
   */
  async confirm(
    claims: TicketClaims,
  ): Promise<Result<{ confirmed: true }, { reason: "gate_not_confirmed"; detail: string }>> {
    const agent = await teamStub(this.env, claims.team).agentFacts(claims.sub);
    if (agent === null) return notConfirmed(`the directory knows no agent ${claims.sub}`);
    if (agent.banned) return notConfirmed(`agent ${agent.id} is banned`);
    return missionStub(this.env, claims.team, claims.txn).confirmTicket(claims);
  }

  /** Returns once the mission has the receipt durably; throws when it does not, so that the gateway retries. */
  async report(team: string, missionId: string, receipt: Receipt): Promise<void> {
    const command: Command = { type: "RecordReceipt", receipt, ...this.#base() };
    const recorded = await missionStub(this.env, team, missionId).execute({
      team,
      command,
      idempotency: null,
      ifMatch: null,
    });
    if (!recorded.ok) {
      throw new Error(`the mission refused the receipt: ${recorded.error.reason}`);
    }
  }

  /**
   * Puts a denial into the mission's trace. What no mission records becomes an incident of the
   * operators, because a ticket that belongs nowhere was made by somebody.
   */
  async denied(team: string, missionId: string, denial: Denial): Promise<{ recorded: boolean }> {
    if (!TEAM_NAME.test(team) || !MISSION_ID.test(missionId)) {
      return this.#unrecorded("the message names no mission", denial);
    }
    const command: Command = { type: "RecordDenial", denial, ...this.#base() };
    const recorded = await missionStub(this.env, team, missionId).execute({
      team,
      command,
      idempotency: null,
      ifMatch: null,
    });
    if (recorded.ok) return { recorded: isRecorded(recorded.value.answer) };
    return this.#unrecorded(`${recorded.error.reason}, ${team}/${missionId}`, denial);
  }

  async #unrecorded(cause: string, denial: Denial): Promise<{ recorded: false }> {
    const { reason, jti } = denial;
    log("error", "ticket.denial_unrecorded", { cause, reason, jti });
    await openIncident(this.env, operatorTeam(this.env), {
      missionId: null,
      nodeId: null,
      seq: null,
      kind: "ticket_denied",
      severity: "high",
      reasonCodes: [reason],
      // The jti may be a stranger's text: shortened and made well-formed before it is stored.
      summary: `A refused ticket belongs to no mission (${cause}); jti ${plain(jti ?? "none")}`,
      openedAt: unixMsToIso(Date.now()),
    });
    return { recorded: false };
  }

  #base() {
    return {
      at: Date.now(),
      actor: { kind: "gateway", id: this.env.GATEWAY_ID },
      entropy: createEntropy(),
      terms: {
        issuer: this.env.API_ORIGIN,
        audience: this.env.GATEWAY_ID,
        ttlMs: LIMITS.ticketTtlMs,
      },
    } as const;
  }
}

function notConfirmed(detail: string) {
  return err({ reason: "gate_not_confirmed", detail } as const);
}

/** An expected duplicate leaves no event. */
function isRecorded(answer: { readonly type: string; readonly events?: unknown }): boolean {
  return answer.type === "recorded" && typeof answer.events === "number" && answer.events > 0;
}

function plain(text: string): string {
  return text.slice(0, 64).toWellFormed();
}
