/**
 * What the shadow policy would have said: the same question to the same gates, under the other
 * document. Recorded beside the verdict that counts; decides nothing.
 */
import { evaluateEntry, type GateQuestion, type GateResult } from "../gates/index.ts";
import type { PinnedPolicy } from "../policy/index.ts";
import type { EventData } from "./event.ts";

/** The shadow's verdict on a question just decided, as a member of the event; nothing without a shadow. */
export function shadowOf(
  policy: PinnedPolicy | undefined,
  question: GateQuestion,
  result: GateResult,
): Pick<EventData["gate.evaluated"], "shadow"> {
  if (!policy) return {};
  // The digest stays the recorded one: the shadow is asked as if people had approved under it.
  const { verdict } = evaluateEntry({ ...question, policy });
  const { version, hash } = policy;
  return { shadow: { version, hash, verdict, differs: verdict !== result.verdict } };
}
