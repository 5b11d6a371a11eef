/** A thread of an exploration: explores the slices it is sent, and answers each with its tally. */
import { parentPort } from "node:worker_threads";
import { roundsOf } from "./rounds.ts";
import { exploreSlice, type Share } from "./slice.ts";

export interface Order extends Share {
  /** Place of the round among those of a deep exploration. */
  readonly round: number;
}

const rounds = roundsOf(true);

parentPort?.on("message", (order: Order) => {
  const round = rounds[order.round];
  if (!round) throw new Error(`there is no round ${order.round}`);
  parentPort?.postMessage(exploreSlice(round, order));
});
