/**
 * The contract as the API itself tells it: the OpenAPI document, the docs page and a page per problem
 * code. No page makes an outside request, and the content security policy holds it to that.
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import * as z from "zod";
import { isProblemCode } from "../../shared/wire/problem.ts";
import type { AppContext } from "../context.ts";
import { defineRoute } from "../contract.ts";
import { docsPage, errorPage } from "../docs/page.ts";
import { apiDocument, type ApiDocument } from "../openapi.ts";
import { problemResponse } from "../problems.ts";
import { createRouter } from "../router.ts";

const documentRoute = defineRoute({
  method: "get",
  path: "/openapi.json",
  tag: "docs",
  summary: "This contract as OpenAPI 3.1",
  audience: "anonymous",
  answers: { 200: { description: "The document.", schema: z.record(z.string(), z.json()) } },
});

const pageRoute = defineRoute({
  method: "get",
  path: "/docs",
  tag: "docs",
  summary: "This contract as a page",
  audience: "anonymous",
  answers: { 200: { description: "HTML.", mediaType: "text/html" } },
});

const errorRoute = defineRoute({
  method: "get",
  path: "/docs/errors/{code}",
  tag: "docs",
  summary: "One problem code; where a problem's type leads",
  audience: "anonymous",
  params: z.object({ code: z.string().max(64) }),
  answers: { 200: { description: "HTML.", mediaType: "text/html" } },
});

/** The routes that describe `app`, themselves included once they are mounted. */
export function createDocsRoutes(app: OpenAPIHono<AppContext>): OpenAPIHono<AppContext> {
  const routes = createRouter();
  const documentOf = (c: Context<AppContext>): ApiDocument => apiDocument(app, c.env.API_ORIGIN);
  routes.openapi(documentRoute, (c) => c.json(documentOf(c), 200));
  routes.openapi(pageRoute, (c) => page(c, (nonce) => docsPage(documentOf(c), nonce)));
  routes.openapi(errorRoute, (c) => {
    const { code } = c.req.valid("param");
    if (!isProblemCode(code)) return problemResponse(c, { code: "not_found" });
    return page(c, (nonce) => errorPage(documentOf(c), code, nonce));
  });
  return routes;
}

async function page(
  c: Context<AppContext>,
  render: (nonce: string) => ReturnType<typeof docsPage>,
): Promise<Response> {
  const nonce = crypto.randomUUID();
  c.header(
    "content-security-policy",
    `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  c.header("referrer-policy", "no-referrer");
  return c.html(await render(nonce));
}
