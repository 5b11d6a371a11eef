/**
 * What the shadow policy would have said: the same question to the same gates, under the other
 * document. Recorded beside the verdict that counts; decides nothing.
 */
import { evaluateEntry, type GateQuestion, type GateResult } from "../gates/index.ts";
import type { EventData } from "./event.ts";
import { underPolicy } from "./question.ts";
import type { MissionState } from "./state.ts";

/** The shadow's verdict on a question just decided, as a member of the event; nothing without a shadow. */
export function shadowOf(
  state: MissionState,
  question: GateQuestion,
  result: GateResult,
): Pick<EventData["gate.evaluated"], "shadow"> {
  const { shadow: policy, rules = 0 } = state;
  if (!policy) return {};
  // Before the third generation a shadow was asked with the purposes that the pinned policy forbids.
  const asked = rules >= 3 ? underPolicy(state, question, policy) : { ...question, policy };
  const { verdict } = evaluateEntry(asked);
  const { version, hash } = policy;
  return { shadow: { version, hash, verdict, differs: verdict !== result.verdict } };
}
