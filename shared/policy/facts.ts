/**
 * The context of a condition: every name an expression may use, as plain data. Holds nothing that is
 * not recorded, so a condition asked again over a replayed trace gives the same answer.
 * Specification: docs/policy.md, "The context".
 */
import type { HistoryFacts } from "./history.ts";

/** What a condition may ask about besides the action and its arguments. */
export interface PolicyFacts {
  /** RFC 3339: the moment of the question; the only clock there is. */
  readonly at: string;
  readonly node: {
    readonly id: string;
    readonly kind: string;
    readonly risk: number;
    readonly phase: string;
    /** "" where the node has none. */
    readonly zone: string;
    readonly attempt: number;
  };
  readonly mission: {
    readonly id: string;
    readonly state: string;
    readonly done: number;
    readonly total: number;
  };
  /** `id` is "system" where the system advances the node by itself, "" where nobody is known. */
  readonly agent: {
    readonly id: string;
    readonly skills: readonly string[];
    readonly zone: string;
  };
  /** Newest bundle of each kind the node requires. */
  readonly evidence: readonly {
    readonly kind: string;
    /** The least sure of its claims, 0 to 1; 0 for a bundle without claims. */
    readonly confidence: number;
    /** Whether every claim has a primary source. */
    readonly primary: boolean;
    readonly claims: number;
  }[];
  readonly history: HistoryFacts;
}
