/**
 * The last step of every story: the trace is exported, verified and replayed without the server, and one
 * flipped byte is found at the seq where it is.
 */
import { replayTrace } from "../../shared/mission/index.ts";
import { verifyTraceText } from "../../shared/trace/index.ts";
import { isRecord } from "../cli/api-client.ts";
import { type Stage, exportTrace, parseTrace } from "./hands.ts";
import { must, mustEqual } from "./must.ts";
import type { Teller } from "./terminal.ts";
import { get } from "./world.ts";

/** What a machine may compare between runs. */
export interface Proof {
  readonly events: number;
  readonly head: string;
  readonly stateHash: string;
}

export async function tellProof(stage: Stage, teller: Teller): Promise<Proof> {
  const text = await exportTrace(stage.world, stage.missionId);
  const verified = verifyTraceText(text, { missionId: stage.missionId });
  must(verified.ok, "the exported trace verifies offline", verified);
  const { events, head } = verified.value;
  teller.good(`Exported ${events} events; every hash follows from the one before.`);
  teller.fact("head", `${head.seq}-${head.hash}`);

  const replayed = replayTrace(parseTrace(text), head.seq);
  must(replayed.ok, "the trace replays offline", replayed);
  const { stateHash } = replayed.value;
  const served = await get(
    stage.world.auditor,
    `/v1/missions/${stage.missionId}/replay?at=${head.seq}`,
  );
  must(isRecord(served), "the API replays too", served);
  mustEqual(served["stateHash"], stateHash, "the API replays to the same state hash");
  teller.good("Replayed here and by the API: the same state, to the last bit.");
  teller.fact("state hash", stateHash);

  const flipped = flipOneByte(text, Math.floor(events / 2));
  const falsified = verifyTraceText(flipped.text, { missionId: stage.missionId });
  must(!falsified.ok, "a flipped byte is found");
  mustEqual(falsified.error.seq, flipped.seq, "it is found at the seq where it is");
  teller.refused(
    `one byte flipped in line ${flipped.seq + 1}: found at seq ${falsified.error.seq}`,
    `${falsified.error.reason}: ${falsified.error.detail}`,
  );
  return { events, head: `${head.seq}-${head.hash}`, stateHash };
}

/** Changes one digit of the event's time: still JSON, still a time, no longer what was recorded. */
function flipOneByte(text: string, seq: number): { text: string; seq: number } {
  const lines = text.split("\n");
  const line = lines[seq] ?? "";
  lines[seq] = line.replace(
    /("at":"[^"]*)(\d)(Z")/,
    (_all, start: string, digit: string, end: string) => {
      return `${start}${(Number(digit) + 1) % 10}${end}`;
    },
  );
  must(lines[seq] !== line, "a byte was flipped");
  return { text: lines.join("\n"), seq };
}
