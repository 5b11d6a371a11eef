/**
 * Golden traces: recorded once, never edited. A stored trace is not edited either, so what a golden
 * one folds to is what every stored mission folds to.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { PublicJwk } from "../../shared/crypto.ts";
import type { Head, TraceEvent } from "../../shared/trace/index.ts";

export interface Golden {
  readonly stateHash: string;
  readonly head: Head;
  /** The public half of the key that signed its tickets. */
  readonly ticketKey: PublicJwk;
  readonly events: readonly TraceEvent[];
}

/** Reads test/golden/<name>.json. */
export function goldenTrace(name: string): Golden {
  const file = path.join(import.meta.dirname, "../golden", `${name}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as Golden;
}
