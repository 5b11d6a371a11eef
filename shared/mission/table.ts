/**
 * A keyed table that can be forked: a fork reads through to its base and keeps its own writes, so
 * `decide` can run events forward over 10,000 nodes at the cost of those it touches.
 */
export interface Table<V> {
  get(key: string): V | undefined;
  has(key: string): boolean;
  set(key: string, value: V): void;
  delete(key: string): void;
  /** Keys in no promised order. O(size of base + writes). */
  keys(): Iterable<string>;
  fork(): Table<V>;
}

/** An empty table, or one holding `entries`. Keys may be any string, `__proto__` included. */
export function createTable<V>(entries: Iterable<readonly [string, V]> = []): Table<V> {
  return baseTable(new Map(entries));
}

function baseTable<V>(map: Map<string, V>): Table<V> {
  const table: Table<V> = {
    get: (key) => map.get(key),
    has: (key) => map.has(key),
    set: (key, value) => void map.set(key, value),
    delete: (key) => void map.delete(key),
    keys: () => map.keys(),
    fork: () => forkedTable(table),
  };
  return table;
}

function forkedTable<V>(base: Table<V>): Table<V> {
  // null marks a deleted key; values themselves are wrapped so that no value is mistaken for it.
  const own = new Map<string, { value: V } | null>();
  const table: Table<V> = {
    get(key) {
      const entry = own.get(key);
      if (entry === undefined) return base.get(key);
      return entry?.value;
    },
    has(key) {
      const entry = own.get(key);
      return entry === undefined ? base.has(key) : entry !== null;
    },
    set: (key, value) => void own.set(key, { value }),
    delete: (key) => void own.set(key, null),
    *keys() {
      for (const key of base.keys()) if (own.get(key) !== null) yield key;
      for (const [key, entry] of own) if (entry !== null && !base.has(key)) yield key;
    },
    fork: () => forkedTable(table),
  };
  return table;
}
