/**
 * How the API worker asks a mission's object for a stream: by a WebSocket handshake, whose address says who
 * asks for what. The object answers every handshake and says no by closing (shared/stream, STREAM_ENDS).
 * And the calls around it: who is let in, and by which ticket.
 */
import type { Rejection } from "../mission/index.ts";
import type { Result } from "../result.ts";
import { type Detail, parseSeq } from "../stream/index.ts";

export interface StreamAsk {
  readonly team: string;
  /** The receiver has everything up to this seq; -1 for nothing. */
  readonly after: number;
  readonly detail: Detail;
}

/** The address of the handshake. The host is nobody's: the object is reached through its stub. */
export function streamAskToUrl({ team, after, detail }: StreamAsk): string {
  const query = new URLSearchParams({ team, after: String(after), detail });
  return `https://mission/stream?${query.toString()}`;
}

/** Reads such an address; null for any other. */
export function parseStreamAsk(url: string): StreamAsk | null {
  const { pathname, searchParams } = new URL(url);
  const after = parseSeq(searchParams.get("after") ?? "");
  const detail = searchParams.get("detail");
  if (pathname !== "/stream" || after === null) return null;
  if (detail !== "event" && detail !== "outline") return null;
  return { team: searchParams.get("team") ?? "", after, detail };
}

/** Who a stream ticket speaks for. */
export interface StreamBearer {
  readonly sub: string;
  readonly roles: readonly string[];
}

export interface StreamAdmission {
  /** True when the receiver has everything and nothing more is to come. */
  readonly isOver: boolean;
}

export type StreamReject =
  | { readonly reason: "stream_full"; readonly max: number }
  /** The receiver names a seq that the trace does not have. */
  | { readonly reason: "replay_point_unknown"; readonly after: number; readonly lastSeq: number };

/** What a mission answers about streams; the rest of its calls are MissionRpc's. */
export interface MissionStreamRpc {
  /** Whether a stream from `after` would be taken; the handshake itself is `streamAskToUrl`'s. */
  admitStream(
    team: string,
    after: number,
  ): Promise<Result<StreamAdmission, Rejection | StreamReject>>;
  /** Keeps a stream ticket by its hash; single use, LIMITS.streamTicketMs. */
  issueStreamTicket(
    team: string,
    hash: string,
    bearer: StreamBearer,
  ): Promise<Result<{ readonly expiresAtMs: number }, Rejection | StreamReject>>;
  /** Uses a stream ticket up; null for every one that opens nothing. */
  redeemStreamTicket(team: string, hash: string): Promise<StreamBearer | null>;
}
