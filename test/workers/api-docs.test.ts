/**
 * The contract as the API tells it: the document is whole, and the pages ask nothing of the outside.
 */
import { describe, expect, it } from "vitest";
import { PROBLEMS } from "../../shared/wire/problem.ts";
import { expectStatus, send } from "../support/api.ts";

/** Every value under a key of this name, anywhere in a JSON value. */
function valuesOf(value: unknown, key: string): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Object.entries(value).flatMap(([name, member]) => (name === key ? [member] : []));
  return [...own, ...Object.values(value).flatMap((member) => valuesOf(member, key))];
}

describe("the document", () => {
  it("is OpenAPI 3.1 and every reference in it leads somewhere", async () => {
    const { body } = await expectStatus(send("/openapi.json"), 200);
    expect(body["openapi"]).toBe("3.1.0");
    const { schemas } = body["components"] as { schemas: Record<string, unknown> };
    const refs = new Set(valuesOf(body, "$ref"));
    expect(refs).toEqual(
      new Set(Object.keys(schemas).map((name) => `#/components/schemas/${name}`)),
    );
  });

  it("gives every path parameter a name and every operation its answers", async () => {
    const { body } = await send("/openapi.json");
    for (const [path, operations] of Object.entries(body["paths"] as object)) {
      const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(operations as object) as Record<string, unknown>[]) {
        const parameters = operation["parameters"] as { in: string; name: string }[] | undefined;
        const inPath = (parameters ?? []).filter((p) => p.in === "path").map((p) => p.name);
        expect(inPath).toEqual(names);
        expect(Object.keys(operation["responses"] as object)).toContain("500");
      }
    }
  });

  it("takes no secret and no default that zod alone would know", async () => {
    const { body } = await send("/openapi.json");
    const text = JSON.stringify(body);
    expect(text).not.toContain("$defs");
    expect(text).not.toContain("~standard");
  });
});

describe("the pages", () => {
  const pages = ["/docs", "/docs/errors/gate_blocked"];

  it.each(pages)("%s asks nothing of the outside and runs no script", async (path) => {
    const { headers, text } = await expectStatus(send(path), 200);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'nonce-[0-9a-f-]{36}';/);
    expect(policy).not.toContain("unsafe");
    expect(text).not.toMatch(/<script|<img|<link|<iframe|@import|url\(/i);
    expect(text.match(/(?:src|href)="(?!\/|#)[^"]*"/g)).toBeNull();
    expect(text).toContain('name="viewport"');
    expect(text).toContain("prefers-color-scheme:dark");
  });

  it("the docs page shows every route, its roles and its problems", async () => {
    const { body } = await send("/openapi.json");
    const { text } = await send("/docs");
    const paths = Object.keys(body["paths"] as object);
    expect(paths.length).toBeGreaterThan(20);
    for (const path of paths) expect(text).toContain(`<code>${path}</code>`);
    for (const code of new Set(valuesOf(body, "x-problem-codes").flat())) {
      expect(text).toContain(`href="/docs/errors/${String(code)}"`);
    }
  });

  it.each(Object.keys(PROBLEMS))("the type of %s leads to a page", async (code) => {
    const { text } = await expectStatus(send(`/docs/errors/${code}`), 200);
    expect(text).toContain(code);
  });

  it("a code nobody gives has no page", async () => {
    const answer = await send("/docs/errors/%3Cscript%3E");
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  });
});
