/**
 * The edges of a picture: which of them others imply, and what placing them costs. Both are for a few hundred
 * boxes; edges that run in a circle are left as they are, though no plan has any.
 */

interface Edge {
  readonly from: string;
  readonly to: string;
}

/** The transitive reduction: an edge goes when a longer way leads from its start to its end. O(V E / 32). */
export function withoutImplied(ids: readonly string[], edges: readonly Edge[]): readonly Edge[] {
  const order = topologicalIndex(ids, edges);
  if (!order) return edges;
  const words = Math.ceil(ids.length / 32);
  const reach = ids.map(() => new Uint32Array(words));
  const successors = new Map<number, number[]>();
  for (const { from, to } of edges) {
    const [a, b] = [order.get(from), order.get(to)];
    if (a === undefined || b === undefined) continue;
    successors.set(a, [...(successors.get(a) ?? []), b]);
  }
  const kept = new Set<number>();
  for (let at = ids.length - 1; at >= 0; at -= 1) {
    const own = reach[at];
    // Nearest first, so that whatever a nearer one reaches is implied by the time it is looked at.
    for (const to of (successors.get(at) ?? []).toSorted((a, b) => a - b)) {
      if (!own || hasBit(own, to)) continue;
      kept.add(at * ids.length + to);
      setBit(own, to);
      const theirs = reach[to];
      for (let word = 0; word < words; word += 1)
        own[word] = (own[word] ?? 0) | (theirs?.[word] ?? 0);
    }
  }
  return edges.filter(({ from, to }) =>
    kept.has((order.get(from) ?? 0) * ids.length + (order.get(to) ?? 0)),
  );
}

/** What a layered layout works on: every box, and every layer that an edge passes. */
export function layoutSteps(ids: readonly string[], edges: readonly Edge[]): number {
  const order = topologicalIndex(ids, edges);
  if (!order) return Number.POSITIVE_INFINITY;
  const layer = new Map<string, number>();
  const byStart = edges.toSorted((a, b) => (order.get(a.from) ?? 0) - (order.get(b.from) ?? 0));
  for (const { from, to } of byStart) {
    layer.set(to, Math.max(layer.get(to) ?? 0, (layer.get(from) ?? 0) + 1));
  }
  return edges.reduce(
    (steps, { from, to }) => steps + (layer.get(to) ?? 0) - (layer.get(from) ?? 0),
    ids.length,
  );
}

/** The place of each id in a topological order; null when edges run in a circle. */
function topologicalIndex(
  ids: readonly string[],
  edges: readonly Edge[],
): ReadonlyMap<string, number> | null {
  const waiting = new Map(ids.map((id) => [id, 0]));
  const successors = new Map<string, string[]>();
  for (const { from, to } of edges) {
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
    const own = successors.get(from);
    if (own) own.push(to);
    else successors.set(from, [to]);
  }
  const queue = ids.filter((id) => waiting.get(id) === 0);
  for (const id of queue) {
    for (const to of successors.get(id) ?? []) {
      const left = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, left);
      if (left === 0) queue.push(to);
    }
  }
  return queue.length === ids.length ? new Map(queue.map((id, index) => [id, index])) : null;
}

function hasBit(bits: Uint32Array, at: number): boolean {
  return (((bits[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 1;
}

function setBit(bits: Uint32Array, at: number): void {
  bits[at >>> 5] = (bits[at >>> 5] ?? 0) | (1 << (at & 31));
}
