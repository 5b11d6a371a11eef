/**
 * The log: one line of JSON per event, and the only console call of the worker. Takes no request or
 * response and no header, so that a token or a body cannot slip in whole.
 */
import type { JsonValue } from "../shared/strict-json.ts";

export type LogLevel = "info" | "warn" | "error";

/** Facts of one log line; texts come from us or are ids, never bodies, tokens or keys. */
export type LogFacts = Readonly<Record<string, JsonValue | undefined>>;

/** Writes one line. `event` is a stable dotted name such as `request.failed`. */
export function log(level: LogLevel, event: string, facts: LogFacts = {}): void {
  console[level](JSON.stringify({ level, event, ...facts }));
}

/** A thrown thing as facts: its class and message, and those of its causes, three deep. */
export function errorFacts(thrown: unknown): LogFacts {
  const causes: string[] = [];
  let cause = thrown;
  for (let depth = 0; depth < 3 && cause instanceof Error; depth += 1) {
    causes.push(`${cause.name}: ${cause.message}`);
    cause = cause.cause;
  }
  return { error: causes.length > 0 ? causes.join(" <- ") : String(thrown) };
}
