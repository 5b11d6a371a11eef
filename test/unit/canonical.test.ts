/**
 * Canonical JSON: the official RFC 8785 vectors where they are at hand, and the laws every hash relies on.
 */
import fc from "fast-check";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { canonicalJson, hashJson } from "../../shared/canonical.ts";
import { sha256Hex } from "../../shared/crypto.ts";
import { Breach } from "../../shared/invariant.ts";
import { parseStrictJson } from "../../shared/strict-json.ts";

const LAW = { numRuns: 1_000, verbose: true } as const;
const vectors = path.resolve(import.meta.dirname, "../../../shared/vectors/jcs");
const present = existsSync(vectors);
const absent = present ? "" : " (skipped: ../shared/vectors/jcs is absent)";

describe.skipIf(!present)(`official vectors${absent}`, () => {
  const names = present ? readdirSync(path.join(vectors, "input")) : [];

  test("there are six of them", () => {
    expect(names).toHaveLength(6);
  });

  test.each(names)("%s has the published bytes", (name) => {
    const input = parseStrictJson(readFileSync(path.join(vectors, "input", name), "utf8"));
    if (!input.ok) throw new Error(`the strict reader refused it: ${input.error.reason}`);
    const text = canonicalJson(input.value);
    expect(text).toBe(readFileSync(path.join(vectors, "output", name), "utf8"));
    const hex = readFileSync(path.join(vectors, "outhex", name.replace(".json", ".txt")), "utf8");
    expect(Buffer.from(text, "utf8").toString("hex")).toBe(hex.replaceAll(/\s/g, ""));
  });

  test("10,000 published numbers print as published", () => {
    const lines = readFileSync(path.join(vectors, "es6-numbers-10000.txt"), "utf8").split("\n");
    const view = new DataView(new ArrayBuffer(8));
    let compared = 0;
    for (const line of lines) {
      if (line === "") continue;
      const [bits = "", expected] = line.split(",");
      view.setBigUint64(0, BigInt(`0x${bits}`));
      const value = view.getFloat64(0);
      if (canonicalJson(value) !== expected) throw new Error(`${bits}: expected ${expected}`);
      compared += 1;
    }
    expect(compared).toBe(10_000);
  });
});

describe("canonical text", () => {
  test("keys are ordered by UTF-16 code units, strings keep their content", () => {
    const value = {
      "\u20ac": 1,
      "\r": 2,
      "\ufb33": 3,
      "1": 4,
      "\ud83d\ude00": 5,
      "\u0080": 6,
      ö: "e\u0301",
    };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"ö":"e\u0301","\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    );
  });

  test("minus zero is written as zero", () => {
    expect(canonicalJson([-0, 0])).toBe("[0,0]");
  });

  test("the hash is SHA-256 over the UTF-8 bytes", () => {
    expect(hashJson({ b: 1, a: "é" })).toBe(sha256Hex(new TextEncoder().encode('{"a":"é","b":1}')));
    expect(hashJson({})).toBe("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  });

  test("the text is independent of key order", () => {
    const object = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue(), { maxKeys: 12 });
    fc.assert(
      fc.property(object, fc.infiniteStream(fc.nat()), (value, order) => {
        const entries = Object.entries(value).map((entry) => [order.next().value, entry] as const);
        const shuffled = entries.sort(([a], [b]) => a - b).map(([, entry]) => entry);
        expect(canonicalJson(Object.fromEntries(shuffled))).toBe(canonicalJson(value));
      }),
      LAW,
    );
  });

  test("equal texts mean equal values: the text reads back to what was written", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.stringify(JSON.parse(text)).length).toBe(text.length);
      }),
      LAW,
    );
  });
});

describe("breaches", () => {
  const holed: unknown[] = [];
  holed[1] = 1;
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

  test.each([
    ["undefined", undefined],
    ["an undefined member", { a: 1, b: undefined }],
    ["an undefined element", [undefined]],
    ["a hole", holed],
    ["a function", { f: () => 1 }],
    ["a symbol", Symbol("s")],
    ["a bigint", 1n],
    ["NaN", { n: Number.NaN }],
    ["infinity", Number.NEGATIVE_INFINITY],
    ["a lone surrogate", ["\ud800"]],
    ["a lone surrogate in a key", { "\udc00": 1 }],
    ["a Date, which would turn into a string", new Date(0)],
    ["a Map, which would turn into {}", new Map([[1, 2]])],
    ["bytes", new Uint8Array(1)],
    ["a boxed number", Object(1)],
    ["an object with its own toJSON", { toJSON: () => 1 }],
    ["a cycle", cyclic],
    ["65 levels", deep(65)],
  ])("%s is a breach", (_name, value) => {
    expect(() => canonicalJson(value)).toThrow(Breach);
  });

  test("64 levels and the same object twice are fine", () => {
    const shared = { a: 1 };
    expect(canonicalJson(deep(64))).toHaveLength(129);
    expect(canonicalJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
  });
});
