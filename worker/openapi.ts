/**
 * The OpenAPI 3.1 document, made once per isolate from the declared routes. Refuses to hold anything that
 * a route does not say itself, except what the document as a whole needs.
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { JsonObject } from "../shared/strict-json.ts";
import type { AppContext } from "./context.ts";
import { COMPONENT_SCHEMAS } from "./schemas.ts";

/** A parameter of an operation as the document holds it. */
export interface DocumentParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: JsonObject;
}

export interface DocumentAnswer {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema?: JsonObject }>>;
  readonly "x-problem-codes"?: readonly string[];
}

/** One operation as the document holds it. */
export interface DocumentOperation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly DocumentParameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: JsonObject }>>;
  };
  readonly responses: Readonly<Record<string, DocumentAnswer>>;
  /** Empty: anonymous. */
  readonly "x-roles": readonly string[];
}

export interface ApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: JsonObject;
}

const INFO = {
  title: "Sekisho",
  version: "1",
  description:
    "Fail-closed governance of agent missions. The team comes from the token; an id of another team answers like one that does not exist.",
};

let cached: { readonly origin: string; readonly document: ApiDocument } | null = null;

/** The document of an app's routes, as plain JSON. */
export function apiDocument(app: OpenAPIHono<AppContext>, origin: string): ApiDocument {
  if (cached?.origin === origin) return cached.document;
  const generated = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: INFO,
    servers: [{ url: origin }],
  });
  // Schemas are written out by toJSON, so the document is complete only once it has been text.
  const plain = JSON.parse(JSON.stringify(generated)) as ApiDocument;
  const document = {
    ...plain,
    components: { schemas: COMPONENT_SCHEMAS, securitySchemes: SECURITY },
  };
  cached = { origin, document };
  return document;
}

const SECURITY: JsonObject = {
  accessToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: 'EdDSA or ES256; aud "sekisho"; claims sub, team and roles.',
  },
  standardWebhook: {
    type: "apiKey",
    in: "header",
    name: "webhook-signature",
    description: "A Standard Webhooks signature with the key of the hook in the address.",
  },
};

/** The methods each path takes, upper-case, for 405. HEAD goes wherever GET goes. */
export function methodsByPath(
  app: OpenAPIHono<AppContext>,
): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== "route") continue;
    const { method, path } = definition.route;
    const names = method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()];
    methods.set(path, [...(methods.get(path) ?? []), ...names]);
  }
  return methods;
}
