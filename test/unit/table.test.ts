/** The forkable table: a fork sees its base and its own writes, and its base sees none of them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTable, type Table } from "../../shared/mission/table.ts";

const KEYS = ["a", "b", "c", "__proto__", "constructor", ""] as const;

type Write = {
  readonly op: "set" | "delete" | "fork";
  readonly key: string;
  readonly value: number;
};

const write: fc.Arbitrary<Write> = fc.record({
  op: fc.constantFrom("set", "set", "delete", "fork"),
  key: fc.constantFrom(...KEYS),
  value: fc.nat(),
});

function expectSame(table: Table<number>, model: ReadonlyMap<string, number>): void {
  expect([...table.keys()].sort()).toEqual([...model.keys()].sort());
  for (const key of KEYS)
    expect([key, table.has(key), table.get(key)]).toEqual([key, model.has(key), model.get(key)]);
}

describe("a table", () => {
  test("behaves as a map, through any chain of forks, and no fork changes its base", () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        let table: Table<number> = createTable([["a", 1]]);
        let model = new Map([["a", 1]]);
        const frozen: (readonly [Table<number>, ReadonlyMap<string, number>])[] = [];
        for (const { op, key, value } of writes) {
          if (op === "set") {
            table.set(key, value);
            model.set(key, value);
          } else if (op === "delete") {
            table.delete(key);
            model.delete(key);
          } else {
            frozen.push([table, model]);
            table = table.fork();
            model = new Map(model);
          }
        }
        expectSame(table, model);
        for (const [base, asItWas] of frozen) expectSame(base, asItWas);
      }),
      { numRuns: 500 },
    );
  });

  test("a deleted key comes back when it is set again, once", () => {
    const fork = createTable([["a", 1]]).fork();
    fork.delete("a");
    expect([...fork.keys()]).toEqual([]);
    fork.set("a", 2);
    expect([...fork.keys()]).toEqual(["a"]);
    expect(fork.get("a")).toBe(2);
  });
});
