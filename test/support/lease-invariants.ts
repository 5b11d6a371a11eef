/**
 * The invariants of leases: who holds a slice, under which number, and when it is given up.
 */
import type { Model, ModelNode, Say } from "./mission-model.ts";

/** I10: exclusive slices, strictly rising fencing numbers. */
export function takeLease(
  model: Model,
  node: ModelNode,
  fence: Readonly<Record<string, number>>,
  seq: number,
  say: Say,
): void {
  const slices = Object.keys(fence).sort();
  if (JSON.stringify(slices) !== JSON.stringify([...new Set(node.spec.writeSet)].sort()))
    say("I10", `seq ${seq}: the lease is not the write-set`);
  for (const [slice, number] of Object.entries(fence)) {
    if (number <= (model.fences.get(slice) ?? 0))
      say("I10", `seq ${seq}: fence ${number} of ${slice} does not rise`);
    if (model.holders.has(slice))
      say("I10", `seq ${seq}: ${slice} is held by ${model.holders.get(slice)}`);
    model.fences.set(slice, number);
    model.holders.set(slice, node.spec.id);
  }
  node.fence = fence;
}

/** The node gives up what it has. */
export function release(model: Model, node: ModelNode): void {
  for (const slice of Object.keys(node.fence)) model.holders.delete(slice);
  node.fence = {};
}

/** A mission that has ended keeps no slice but those that an open ticket may still write. */
export function releaseIdle(model: Model): void {
  if (!isShared(model)) return;
  for (const nodeId of new Set(model.holders.values())) {
    const node = model.nodes.get(nodeId);
    if (node && node.ticket?.outcome !== "outstanding") release(model, node);
  }
}

/** Whether arbiters give the fencing numbers. */
export function isShared({ opened }: Model): boolean {
  return (opened.rules ?? 0) >= 3;
}
