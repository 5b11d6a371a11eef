/**
 * The gateway's log: one line of JSON per event, and its only console call. The API worker's is not
 * imported, because the gateway carries nothing of that worker. Takes ids, codes and counts; never a
 * ticket, an argument or an answer.
 */
export type LogFacts = Readonly<Record<string, string | number | boolean | null>>;

export type Log = (level: "info" | "warn" | "error", event: string, facts: LogFacts) => void;

export const log: Log = (level, event, facts) => {
  console[level](JSON.stringify({ level, event, ...facts }));
};

/** A thrown thing in one line: class and message. */
export function faultText(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
