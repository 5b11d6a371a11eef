/**
 * The strict JSON reader: what it refuses that JSON.parse lets through, where it says the offence is,
 * and that it agrees with JSON.parse on everything it accepts.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../shared/canonical.ts";
import {
  checkHashable,
  decodeUtf8Strict,
  parseStrictJson,
  type JsonReject,
  type JsonValue,
} from "../../shared/strict-json.ts";

const LAW = { numRuns: 1_000, verbose: true } as const;

function read(text: string): JsonValue {
  const result = parseStrictJson(text);
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

function refuse(text: string): JsonReject {
  const result = parseStrictJson(text);
  if (result.ok) throw new Error(`accepted: ${text.slice(0, 80)}`);
  return result.error;
}

describe("accepted texts", () => {
  test.each([
    "null",
    "true",
    "false",
    "0",
    "-1",
    "9007199254740991",
    "-9007199254740991",
    "0.1",
    "1.5e300",
    "5e-324",
    "1.7976931348623157e308",
    "2.2250738585072014E-308",
    "1E30",
    "4.50",
    "2e-3",
    "0e99999999999999999999",
    "333333333.33333329",
    "0.30000000000000005",
    '""',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"',
    '"\\ud83d\\ude00"',
    '"😀\u2028\u2029\u007f"',
    "[]",
    "{}",
    ' \t\r\n[ 1 , { "a" : [ ] } ] \n',
    '{"a":{"a":{"a":[]}},"b":[{"a":1},{"a":2}]}',
    '{"constructor":1,"toString":2,"hasOwnProperty":3,"valueOf":4,"":5,"proto":6}',
    "[1e0,10e-1,100E-2]",
  ])("%s reads as JSON.parse reads it", (text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  test("keys that name members of every object are plain own keys", () => {
    const value = read('{"constructor":1,"toString":null,"__defineGetter__":[]}');
    expect(Object.entries(value as object)).toEqual([
      ["constructor", 1],
      ["toString", null],
      ["__defineGetter__", []],
    ]);
  });

  test.each(["-0", "-0.0", "-0e5", "0e-400"])("%s is read as plain zero", (text) => {
    expect(Object.is(read(text), 0)).toBe(true);
  });

  test("32 containers nest, and a wider limit may be given", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(read(nested(32))).toEqual(JSON.parse(nested(32)));
    expect(parseStrictJson(nested(40), { depthMax: 40 }).ok).toBe(true);
    expect(parseStrictJson(nested(41), { depthMax: 40 }).ok).toBe(false);
  });
});

describe("refusals", () => {
  const cases: readonly [string, string, JsonReject["reason"], string][] = [
    ["nothing", "", "json_malformed", ""],
    ["only space", " \n", "json_malformed", ""],
    ["text after the value", "1 2", "json_malformed", ""],
    ["a second value", "{}{}", "json_malformed", ""],
    ["a byte order mark", "\uFEFF{}", "json_malformed", ""],
    ["a no-break space", "\u00a0{}", "json_malformed", ""],
    ["a comment", "/* */1", "json_malformed", ""],
    ["a trailing comma in an array", "[1,]", "json_malformed", "/1"],
    ["a trailing comma in an object", '{"a":1,}', "json_malformed", ""],
    ["a missing comma", "[1 2]", "json_malformed", ""],
    ["a missing colon", '{"a" 1}', "json_malformed", "/a"],
    ["a missing value", '{"a":}', "json_malformed", "/a"],
    ["a bare key", "{a:1}", "json_malformed", ""],
    ["single quotes", "'a'", "json_malformed", ""],
    ["an open array", "[1", "json_malformed", ""],
    ["an open object", '{"a":1', "json_malformed", ""],
    ["an open string", '"abc', "json_malformed", ""],
    ["a string ending in a backslash", '"abc\\', "json_malformed", ""],
    ["mismatched brackets", "[1}", "json_malformed", ""],
    ["a cut word", "tru", "json_malformed", ""],
    ["a capital word", "True", "json_malformed", ""],
    ["NaN", "NaN", "json_malformed", ""],
    ["Infinity", "-Infinity", "json_malformed", ""],
    ["a leading zero", "01", "json_malformed", ""],
    ["a leading plus", "+1", "json_malformed", ""],
    ["a bare fraction", ".5", "json_malformed", ""],
    ["an open fraction", "1.", "json_malformed", ""],
    ["an open exponent", "1e", "json_malformed", ""],
    ["a lone minus", "-", "json_malformed", ""],
    ["a hexadecimal number", "0x10", "json_malformed", ""],
    ["other digits", "１", "json_malformed", ""],
    ["a raw newline in a string", '"a\nb"', "json_malformed", ""],
    ["a raw NUL in a string", '["\u0000"]', "json_malformed", "/0"],
    ["an unknown escape", '"\\x41"', "json_malformed", ""],
    ["a short unicode escape", '"\\u12"', "json_malformed", ""],
    ["a signed unicode escape", '"\\u+123"', "json_malformed", ""],
    ["a duplicate key", '{"a":1,"b":2,"a":1}', "json_duplicate_key", "/a"],
    ["a duplicate key spelled by escape", '{"a":1,"\\u0061":2}', "json_duplicate_key", "/a"],
    ["a nested duplicate key", '{"x":[0,{"k/~":1,"k/~":2}]}', "json_duplicate_key", "/x/1/k~1~0"],
    ["a duplicate empty key", '{"":1,"":2}', "json_duplicate_key", "/"],
    [
      "a duplicate of a member every object has",
      '{"toString":1,"toString":2}',
      "json_duplicate_key",
      "/toString",
    ],
    ["an escaped lone high surrogate", '{"a":"\\ud800"}', "json_lone_surrogate", "/a"],
    ["an escaped lone low surrogate", '["\\udc00x"]', "json_lone_surrogate", "/0"],
    ["surrogates in the wrong order", '"\\ude00\\ud83d"', "json_lone_surrogate", ""],
    ["a raw lone surrogate", '"\ud800"', "json_lone_surrogate", ""],
    ["a lone surrogate in a key", '{"\\ud800":1}', "json_lone_surrogate", ""],
    ["2^53", "9007199254740992", "json_number_unsafe", ""],
    ["2^53 + 1", '{"n":9007199254740993}', "json_number_unsafe", "/n"],
    ["-2^53", "-9007199254740992", "json_number_unsafe", ""],
    ["2^53 with a fraction of zero", "9007199254740992.0", "json_number_unsafe", ""],
    ["10^20 by exponent, printed as a whole literal", "1e20", "json_number_unsafe", ""],
    ["10^22 as a whole literal", "10000000000000000000000", "json_number_unsafe", ""],
    ["an overflow", "[1e400]", "json_number_unsafe", "/0"],
    ["a negative overflow", "-1e400", "json_number_unsafe", ""],
    ["an underflow", "1e-400", "json_number_unsafe", ""],
    ["18 significant digits", "0.123456789012345678", "json_number_unsafe", ""],
    ["a subnormal with more digits than it has", "1.23456e-323", "json_number_unsafe", ""],
    ["__proto__", '{"__proto__":{"admin":true}}', "json_key_forbidden", "/__proto__"],
    ["__proto__ by escape", '[{"\\u005f_proto__":1}]', "json_key_forbidden", "/0/__proto__"],
    ["33 nested arrays", "[".repeat(33) + "]".repeat(33), "json_too_deep", "/0".repeat(32)],
  ];

  test.each(cases)("%s is refused", (_name, text, reason, pointer) => {
    expect(refuse(text)).toMatchObject({ reason, pointer });
  });

  test("the offset is the place of the offence", () => {
    expect(refuse('{"a":1, "a":2}').offset).toBe(8);
    expect(refuse("[1,2,x]").offset).toBe(5);
    expect(refuse('["ab\ncd"]').offset).toBe(4);
    expect(refuse('"abc').offset).toBe(4);
    expect(refuse("[0,9007199254740993]").offset).toBe(3);
    expect(refuse("true false").offset).toBe(5);
  });

  test("a million open brackets are refused at the 33rd without a deep stack", () => {
    const rejected = refuse("[".repeat(1_000_000));
    expect(rejected).toMatchObject({ reason: "json_too_deep", offset: 32 });
    expect(refuse('{"a":'.repeat(1_000_000)).reason).toBe("json_too_deep");
  });

  test("a number of a million digits is judged without a quadratic scan", () => {
    const zeros = "0".repeat(1_000_000);
    expect(read(`0.1${zeros}`)).toBe(0.1);
    expect(refuse(`0.${zeros}1`).reason).toBe("json_number_unsafe");
    expect(refuse(`1${zeros}`).reason).toBe("json_number_unsafe");
    expect(refuse(`0.1${zeros}1`).reason).toBe("json_number_unsafe");
  });
});

describe("laws", () => {
  test("what is accepted reads as JSON.parse reads it, and its canonical text reads back", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, stringUnit: "binary" }), (text) => {
        const result = parseStrictJson(text);
        if (!result.ok) {
          if (/^json_(?:number_unsafe|key_forbidden)$/.test(result.error.reason)) return;
          throw new Error(`refused: ${result.error.reason}`);
        }
        accepted += 1;
        // Minus zero is the one value the two readers differ in; JCS prints both as 0.
        const canonical = canonicalJson(result.value);
        expect(canonical).toBe(canonicalJson(JSON.parse(text)));
        expect(canonicalJson(read(canonical))).toBe(canonical);
        expect(checkHashable(result.value).ok).toBe(true);
      }),
      LAW,
    );
    expect(accepted).toBeGreaterThan(LAW.numRuns / 2);
  });

  test("what is accepted after one character changed, JSON.parse accepts too", () => {
    let accepted = 0;
    const change = fc.record({
      text: fc.json({ maxDepth: 4 }),
      at: fc.nat(),
      character: fc.constantFrom(...Array.from('{}[]",:\\ue+-.019 \n\t\u0000\ud800')),
    });
    fc.assert(
      fc.property(change, ({ text, at, character }) => {
        const place = at % text.length;
        const changed = text.slice(0, place) + character + text.slice(place + 1);
        if (!parseStrictJson(changed).ok) return;
        JSON.parse(changed);
        accepted += 1;
      }),
      LAW,
    );
    expect(accepted).toBeGreaterThan(50);
  });

  test("a double is accepted exactly when it is safe, and comes back bit for bit", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const isWhole = Number.isInteger(value);
        const safe = !isWhole || Number.isSafeInteger(value) || Math.abs(value) >= 1e21;
        const result = parseStrictJson(canonicalJson(value));
        expect(result.ok).toBe(safe);
        expect(checkHashable(value).ok).toBe(safe);
        if (!result.ok) return;
        accepted += 1;
        expect(result.value).toBe(value === 0 ? 0 : value);
      }),
      { ...LAW, numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(5_000);
  });

  test("a double printed with 17 digits is accepted and comes back bit for bit", () => {
    const fraction = fc.double({ noNaN: true, min: -1e15, max: 1e15 });
    fc.assert(
      fc.property(fraction, (value) => {
        expect(read(value.toExponential(16))).toBe(value === 0 ? 0 : value);
      }),
      LAW,
    );
  });

  test("a repeated key is refused wherever it stands", () => {
    const keys = fc.uniqueArray(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(keys, fc.nat(), (all, pick) => {
        fc.pre(!all.includes("__proto__"));
        const again = all[pick % all.length] ?? "";
        const members = [...all, again].map((key) => `${JSON.stringify(key)}:0`);
        expect(refuse(`[{${members.join(",")}}]`).reason).toBe("json_duplicate_key");
      }),
      LAW,
    );
  });
});

describe("decoding bytes", () => {
  test("UTF-8 comes out as its text", () => {
    const bytes = new TextEncoder().encode('{"é":"😀"}');
    expect(decodeUtf8Strict(bytes)).toEqual({ ok: true, value: '{"é":"😀"}' });
  });

  test.each([
    ["a byte order mark", [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ["a cut sequence", [0x22, 0xc3]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["an encoded surrogate", [0xed, 0xa0, 0x80]],
    ["a code point beyond the last", [0xf4, 0x90, 0x80, 0x80]],
    ["latin-1", [0x22, 0xe9, 0x22]],
  ])("%s is refused", (_name, bytes) => {
    expect(decodeUtf8Strict(Uint8Array.from(bytes))).toMatchObject({
      ok: false,
      error: { reason: "json_malformed" },
    });
  });
});

describe("values from other doors", () => {
  const holed: unknown[] = [];
  holed[1] = 1;
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const cases: readonly [string, unknown, JsonReject["reason"], string][] = [
    ["undefined", undefined, "json_malformed", ""],
    ["an undefined member", { a: { b: undefined } }, "json_malformed", "/a/b"],
    ["a hole", holed, "json_malformed", "/0"],
    ["a function", [() => 1], "json_malformed", "/0"],
    ["a symbol", Symbol("s"), "json_malformed", ""],
    ["a bigint", { n: 1n }, "json_malformed", "/n"],
    ["a Date", { at: new Date(0) }, "json_malformed", "/at"],
    ["a Map", new Map(), "json_malformed", ""],
    ["bytes", new Uint8Array(2), "json_malformed", ""],
    ["NaN", [Number.NaN], "json_number_unsafe", "/0"],
    ["infinity", Number.POSITIVE_INFINITY, "json_number_unsafe", ""],
    ["2^53", 2 ** 53, "json_number_unsafe", ""],
    ["a lone surrogate", { a: "\ud800" }, "json_lone_surrogate", "/a"],
    ["a lone surrogate in a key", { "\udc00": 1 }, "json_lone_surrogate", ""],
    ["an own __proto__", JSON.parse('{"a":{"__proto__":1}}'), "json_key_forbidden", "/a/__proto__"],
    ["a cycle", cyclic, "json_too_deep", "/self".repeat(32)],
  ];

  test.each(cases)("%s is refused", (_name, value, reason, pointer) => {
    expect(checkHashable(value)).toMatchObject({ ok: false, error: { reason, pointer } });
  });

  test("a plain tree is answered unchanged", () => {
    const value = { a: [1, "x", null, { constructor: true }], b: -0, c: Object.create(null) };
    const result = checkHashable(value);
    expect(result.ok && result.value).toBe(value);
  });
});
