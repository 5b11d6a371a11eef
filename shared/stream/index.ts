/** The face of the stream: what a connection is sent, when, and how it is written. */
export {
  acknowledge,
  type Connection,
  type Detail,
  finish,
  openConnection,
  roomOf,
  sentOne,
} from "./connection.ts";
export { type EventOutline, outlineOf, parseSeq, STREAM_SEQ, type StreamedEvent } from "./event.ts";
export { type StreamEnd, STREAM_ENDS } from "./end.ts";
export {
  createSseReader,
  SSE_HEARTBEAT,
  type SseMessage,
  sseEnd,
  sseEvent,
  sseRetry,
} from "./sse.ts";
