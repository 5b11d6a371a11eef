/**
 * Why a connection ends. Each way has a WebSocket close code, whose reason text is its name; codes of 4000
 * and above are ours (RFC 6455 section 7.4.2). Specification: docs/stream.md.
 */

/** `again`: whether the receiver should connect once more, with the last seq it has. */
export const STREAM_ENDS = {
  /** The mission has ended and everything was sent. */
  ended: { code: 1000, again: false },
  /** Something failed here. */
  fault: { code: 1011, again: true },
  /** The receiver left what it was sent unacknowledged for too long. */
  behind: { code: 4001, again: true },
  /** The connection is so old that its receiver has to say anew who it is. */
  renew: { code: 4002, again: true },
  /** Connections to this mission are used up. */
  full: { code: 4003, again: true },
  /** The trace cannot be read beyond the last event sent. */
  broken: { code: 4004, again: false },
  /** The receiver sent something that acknowledges nothing. */
  malformed: { code: 4005, again: false },
  /** There is no such mission, or no such point in its trace. */
  unknown: { code: 4006, again: false },
} as const satisfies Record<string, { readonly code: number; readonly again: boolean }>;

export type StreamEnd = keyof typeof STREAM_ENDS;
