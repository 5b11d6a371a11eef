/**
 * Problems: the table is documented row by row, and a refusal becomes a document that tells its facts
 * below 500 and nothing from there on.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  isProblemCode,
  jsonRejectToProblem,
  PROBLEMS,
  problemDocument,
  rejectionToProblem,
  toPointer,
  type ProblemCode,
} from "../../shared/wire/problem.ts";

const ORIGIN = "https://api.sekisho.test";
const codes = Object.keys(PROBLEMS) as ProblemCode[];

describe("docs/errors.md", () => {
  const text = readFileSync(path.join(import.meta.dirname, "../../docs/errors.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([a-z_]+)` \| (\d{3}) \| (.+) \| (.+) \|$/gm)];

  it("has exactly one row for every code, and no other", () => {
    const documented = rows.map(([, code]) => code);
    expect(documented).toHaveLength(codes.length);
    expect(new Set(documented)).toEqual(new Set(codes));
  });

  it.each(rows.map(([, code, status]) => ({ code, status })))(
    "gives $code the status it has",
    ({ code, status }) => {
      expect(PROBLEMS[code as ProblemCode].status).toBe(Number(status));
    },
  );
});

describe("the table", () => {
  it("holds client and server errors only, so that no refusal looks like success", () => {
    for (const code of codes) {
      expect(PROBLEMS[code].status).toBeGreaterThanOrEqual(400);
      expect(PROBLEMS[code].status).toBeLessThan(600);
    }
  });

  it("names codes in snake_case and does not know what every object has", () => {
    for (const code of codes) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    for (const name of ["constructor", "__proto__", "toString", ""]) {
      expect(isProblemCode(name)).toBe(false);
    }
  });
});

describe("a rejection", () => {
  it("becomes a problem of its own reason, with its facts beside the fixed members", () => {
    const problem = rejectionToProblem({
      reason: "evidence_kind_unexpected",
      nodeId: "n1",
      kind: "memo",
      expected: ["brief"],
    });
    expect(problemDocument(problem, ORIGIN, "req-1")).toEqual({
      type: `${ORIGIN}/docs/errors/evidence_kind_unexpected`,
      title: "The node does not take this kind of evidence",
      status: 422,
      instance: "req-1",
      code: "evidence_kind_unexpected",
      nodeId: "n1",
      kind: "memo",
      expected: ["brief"],
    });
  });

  it("keeps its detail as the detail", () => {
    const problem = rejectionToProblem({ reason: "approver_not_permitted", detail: "why" });
    expect(problem).toEqual({ code: "approver_not_permitted", detail: "why" });
  });

  it("of a plan names each place under /plan, with the fix", () => {
    const violations = [
      { code: "edge_self_loop", pointer: "/edges/0", detail: "a to a", fix: "remove it" },
    ] as const;
    expect(rejectionToProblem({ reason: "plan_invalid", violations })).toEqual({
      code: "plan_invalid",
      errors: [
        { pointer: "/plan/edges/0", detail: "a to a", fix: "remove it", code: "edge_self_loop" },
      ],
    });
  });

  it("whose facts are named like fixed members cannot change those", () => {
    const facts = {
      status: 200,
      type: "about:blank",
      code: "not_found",
      instance: "x",
      title: "y",
    };
    const document = problemDocument({ code: "gate_blocked", facts }, ORIGIN, "req-1");
    expect(document).toEqual({
      type: `${ORIGIN}/docs/errors/gate_blocked`,
      title: PROBLEMS.gate_blocked.title,
      status: 409,
      instance: "req-1",
      code: "gate_blocked",
    });
  });
});

describe("a fault", () => {
  const faults = codes.filter((code) => PROBLEMS[code].status >= 500);

  it.each(faults)("%s tells nothing but its code, whatever the problem holds", (code) => {
    const problem = {
      code,
      detail: "secret",
      errors: [{ pointer: "/secret", detail: "secret" }],
      facts: { secret: true },
    };
    expect(JSON.stringify(problemDocument(problem, ORIGIN, "req-1"))).not.toContain("secret");
  });

  it("has at least two codes, or the test above asserts nothing", () => {
    expect(faults).toEqual(["unavailable", "internal"]);
  });
});

describe("a refused JSON text", () => {
  it("names the place", () => {
    const reject = {
      reason: "json_duplicate_key",
      pointer: "/a/0",
      offset: 7,
      detail: "the key appears twice",
    } as const;
    expect(jsonRejectToProblem(reject)).toEqual({
      code: "json_duplicate_key",
      detail: "the key appears twice",
      errors: [{ pointer: "/a/0", detail: "the key appears twice" }],
      facts: { offset: 7 },
    });
  });
});

describe("a pointer", () => {
  it.each([
    [[], ""],
    [["a", 0, "b"], "/a/0/b"],
    [["x/y", "~"], "/x~1y/~0"],
    [["~1"], "/~01"],
    [[""], "/"],
  ] as const)("of %j is %j", (steps, pointer) => {
    expect(toPointer(steps)).toBe(pointer);
  });
});
