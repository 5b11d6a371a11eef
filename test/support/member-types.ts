/**
 * The members of a type as a type: an object that does not name every member, down to what has none, does not
 * compile. What stands in several events is named once and told by its name.
 */
import type { PublicJwk } from "../../shared/crypto.ts";
import type { EvidenceBundle, RecordedVerification } from "../../shared/evidence/index.ts";
import type { AgentFacts } from "../../shared/mission/index.ts";
import type { HeldProposal } from "../../shared/mission/state.ts";
import type { Amendment, NodeSpec, Plan } from "../../shared/plan/index.ts";
import type { PinnedPolicy } from "../../shared/policy/index.ts";

/** Things that stand in several events and are looked for in all of them together. */
export interface Things {
  readonly plan: Plan;
  readonly node: NodeSpec;
  readonly amendment: Amendment;
  readonly agent: AgentFacts;
  readonly policy: PinnedPolicy;
  readonly bundle: EvidenceBundle;
  readonly verification: RecordedVerification;
  readonly proposal: HeldProposal;
}

export type Thing = keyof Things;

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type ThingOf<T> = { [K in Thing]: Same<T, Things[K]> extends true ? K : never }[Thing];
type ObjectIn<T> = Extract<T, object>;
type KeysIn<T> = T extends unknown ? keyof T : never;
type ValueAt<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;

/** Members of an object, down to what has none; free-form objects and keys count as a whole. */
export type Inside<T> = T extends readonly (infer E)[]
  ? MembersOf<E>
  : string extends keyof T
    ? true
    : { readonly [K in KeysIn<T>]-?: MembersOf<Exclude<ValueAt<T, K>, undefined>> };

type MembersOf<T> = string | number | boolean | null extends T
  ? true
  : [ObjectIn<T>] extends [PublicJwk]
    ? true
    : [ThingOf<ObjectIn<T>>] extends [never]
      ? Inside<UnionOf<ObjectIn<T>>>
      : ThingOf<ObjectIn<T>>;

/** Several kinds of object as one with the members of all. */
export type UnionOf<T> = [T] extends [readonly unknown[]]
  ? T
  : string extends KeysIn<T>
    ? T
    : { readonly [K in KeysIn<T>]: ValueAt<T, K> };

export type Members = true | Thing | { readonly [member: string]: Members };
