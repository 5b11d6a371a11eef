/**
 * What a story is: an example's name, what the vendor does, and steps that are told and checked as they
 * happen. The runner names the step in which a difference shows. Refuses to skip a step.
 */
import type { Proof } from "./proof.ts";
import type { Stage } from "./hands.ts";
import type { Teller } from "./terminal.ts";
import type { WorldOptions } from "./world.ts";

export interface Step {
  readonly title: string;
  play(stage: Stage, teller: Teller): Promise<void>;
}

export interface Story extends WorldOptions {
  readonly title: string;
  readonly subtitle: string;
  /** Between the mission's opening and the proof at the end. */
  readonly steps: readonly Step[];
  /** Requests the vendor must have seen when all is over, and how many distinct idempotency keys. */
  readonly vendorExpects: { readonly received: number; readonly distinct: number };
}

/** What a run found, for machines and tests. */
export interface Summary {
  readonly example: string;
  readonly missionId: string;
  readonly vendor: { readonly received: number; readonly distinct: number };
  readonly incidents: readonly string[];
  readonly proof: Proof;
  readonly seconds: number;
}
