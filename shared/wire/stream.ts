/**
 * How the API worker asks a mission's object for a stream: by a WebSocket handshake, whose address says who
 * asks for what. The object answers every handshake and says no by closing (shared/stream, STREAM_ENDS).
 */
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
