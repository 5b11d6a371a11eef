/**
 * How a route is declared: address, who may call it, what it takes, answers and refuses, in one place
 * from which come the checks, the types and the OpenAPI document. Request bodies are documented here but
 * read by body.ts, because the strict parser must see the bytes first.
 */
import { createRoute, type RouteConfig } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import * as z from "zod";
import { LIMITS } from "../shared/limits.ts";
import { PROBLEMS, type ProblemCode } from "../shared/wire/problem.ts";
import { ROLES, type Role } from "./auth.ts";
import { problemResponse } from "./problems.ts";
import { requireRole, type AppContext } from "./router.ts";
import { jsonSchema } from "./schemas.ts";

/** Who may call a route: nobody in particular, whoever signed the message, or the holders of one of these roles. */
export type Audience = "anonymous" | "signed" | readonly Role[];

/** Every role: any token of the team. */
export const ANY_ROLE: readonly Role[] = ROLES;

type Method = "get" | "post" | "patch" | "delete";
type Shape = z.ZodObject;

interface AnswerSpec {
  readonly description: string;
  /** Absent: the answer is not JSON, see `mediaType`; 204 has no body at all. */
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
}

interface RouteSpec<P extends string, Params extends Shape, Query extends Shape> {
  readonly method: Method;
  /** As OpenAPI spells it: `/v1/missions/{id}`. */
  readonly path: P;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly audience: Audience;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: z.ZodType;
  /** True where no body at all stands for an empty object. */
  readonly bodyOptional?: boolean;
  /** True where the answer's ETag is the mission's head. */
  readonly etag?: boolean;
  /** True where If-Match is honoured. */
  readonly ifMatch?: boolean;
  readonly answers: Readonly<Record<number, AnswerSpec | readonly AnswerSpec[]>>;
  /** Beyond those that follow from the rest: tokens, roles, bodies, faults. */
  readonly problems?: readonly ProblemCode[];
}

type NoFields = z.ZodObject<Record<never, never>>;

/** What `router.openapi` needs to know of a route's types. */
export type DefinedRoute<P extends string, Params extends Shape, Query extends Shape> = {
  readonly method: Method;
  readonly path: P;
  readonly request: { readonly params: Params; readonly query: Query };
  readonly responses: { readonly 200: { readonly description: string } };
};

/** What every read body may be refused for. */
const BODY_PROBLEMS: readonly ProblemCode[] = [
  "media_type_unsupported",
  "body_too_large",
  "json_malformed",
  "json_duplicate_key",
  "json_lone_surrogate",
  "json_number_unsafe",
  "json_key_forbidden",
  "json_too_deep",
  "request_invalid",
];

/**
 * Declares a route. The role guard is part of it, so a declared route cannot be mounted without one.
 * Shape: the document lists `x-roles` (none when anonymous) and, per status, `x-problem-codes`.
 */
export function defineRoute<
  const P extends string,
  Params extends Shape = NoFields,
  Query extends Shape = NoFields,
>(spec: RouteSpec<P, Params, Query>): DefinedRoute<P, Params, Query> {
  const problems = problemCodes(spec);
  const roles = rolesOf(spec.audience);
  const middleware: MiddlewareHandler<AppContext>[] = roles === null ? [] : [requireRole(...roles)];
  if (ignoresIfMatch(spec)) middleware.push(refuseIfMatch);
  const query = queryOf(spec);
  const config = {
    method: spec.method,
    path: spec.path,
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    security: securityOf(spec.audience),
    "x-roles": roles === null ? [] : [...roles],
    parameters: headerParameters(spec),
    request: {
      ...(spec.params === undefined ? {} : { params: spec.params }),
      ...(query === undefined ? {} : { query }),
      ...(spec.body === undefined
        ? {}
        : { body: requestBody(spec.body, spec.bodyOptional !== true) }),
    },
    responses: { ...answerResponses(spec), ...problemResponses(problems) },
    middleware,
  };
  return createRoute(config as RouteConfig) as unknown as DefinedRoute<P, Params, Query>;
}

/**
 * What a route takes in its query. A command that takes nothing refuses whatever is there: who writes
 * `?dryRun=true` where nothing is dry must not find that it was done.
 */
function queryOf<P extends string, A extends Shape, B extends Shape>(
  spec: RouteSpec<P, A, B>,
): Shape | undefined {
  const isCommand = spec.method !== "get" && rolesOf(spec.audience) !== null;
  return spec.query ?? (isCommand ? z.strictObject({}) : undefined);
}

/** A command that is not held to the head its caller has seen. */
function ignoresIfMatch(spec: { readonly method: Method; readonly ifMatch?: boolean }): boolean {
  return spec.method !== "get" && spec.ifMatch !== true;
}

/** Who sends If-Match takes the command to be undone by a newer head; where it is not, they must learn so. */
const refuseIfMatch: MiddlewareHandler<AppContext> = async (c, next) => {
  if (c.req.header("if-match") === undefined) return next();
  const detail = "this command does not take If-Match; send it without";
  return problemResponse(c, {
    code: "request_invalid",
    errors: [{ pointer: "/header/if-match", detail }],
  });
};

/** The roles of which one is needed; null where no token is. */
function rolesOf(audience: Audience): readonly Role[] | null {
  return audience === "anonymous" || audience === "signed" ? null : audience;
}

function securityOf(audience: Audience): Record<string, string[]>[] {
  if (audience === "anonymous") return [];
  return [audience === "signed" ? { standardWebhook: [] } : { accessToken: [] }];
}

function problemCodes<P extends string, A extends Shape, B extends Shape>(
  spec: RouteSpec<P, A, B>,
): readonly ProblemCode[] {
  const codes: ProblemCode[] = [...(spec.problems ?? [])];
  if (rolesOf(spec.audience) !== null) codes.push("unauthenticated", "role_missing");
  if (spec.params !== undefined) codes.push("not_found");
  if (queryOf(spec) !== undefined || ignoresIfMatch(spec)) codes.push("request_invalid");
  if (spec.body !== undefined) codes.push(...BODY_PROBLEMS);
  if (takesKey(spec)) codes.push("idempotency_key_malformed", "idempotency_key_reused");
  if (spec.ifMatch === true) codes.push("if_match_malformed", "head_stale");
  codes.push("unavailable", "internal");
  return [...new Set(codes)];
}

function headerParameters<P extends string, A extends Shape, B extends Shape>(
  spec: RouteSpec<P, A, B>,
) {
  const parameters = [];
  if (spec.audience === "signed") parameters.push(...SIGNATURE_HEADERS);
  if (takesKey(spec)) {
    parameters.push({
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description: "The same key and body again replays the first answer, for 24 hours at least.",
      schema: { type: "string", minLength: 1, maxLength: LIMITS.idempotencyKeyCharsMax },
    });
  }
  if (spec.ifMatch === true) {
    parameters.push({
      name: "If-Match",
      in: "header",
      required: false,
      description: "The ETag last seen; refused with head_stale when the mission has moved on.",
      schema: { type: "string" },
    });
  }
  return parameters;
}

/** A signed message has its own id, which does the same. */
function takesKey(spec: { readonly method: Method; readonly audience: Audience }): boolean {
  return spec.method !== "get" && spec.audience !== "signed";
}

const SIGNATURE_HEADERS = [
  ["webhook-id", "Names the message: once with one body, for 24 hours at least."],
  ["webhook-timestamp", "Seconds since 1970, within 300 of our clock."],
  ["webhook-signature", "Standard Webhooks: `v1,<base64>` or `v1a,<base64>`, parted by spaces."],
].map(([name, description]) => ({
  name,
  in: "header",
  required: true,
  description,
  schema: { type: "string" },
}));

function requestBody(schema: z.ZodType, required: boolean) {
  return {
    required,
    content: { "application/json": { schema: jsonSchema(schema, "input") } },
  };
}

function answerResponses<P extends string, A extends Shape, B extends Shape>(
  spec: RouteSpec<P, A, B>,
) {
  return Object.fromEntries(
    Object.entries(spec.answers).map(([status, answer]) => {
      const kinds: readonly AnswerSpec[] = Array.isArray(answer) ? answer : [answer as AnswerSpec];
      const content = Object.fromEntries(
        kinds.map(({ schema, mediaType }) => [
          mediaType ?? "application/json",
          { schema: schema === undefined ? { type: "string" } : jsonSchema(schema, "output") },
        ]),
      );
      const headers = spec.etag === true ? { headers: { ETag: ETAG_HEADER } } : {};
      const body = Number(status) === 204 ? {} : { content };
      return [status, { description: kinds[0]?.description ?? "", ...body, ...headers }];
    }),
  );
}

const ETAG_HEADER = {
  description: 'The head of the mission\'s trace, `"<seq>-<hash>"`.',
  schema: { type: "string" },
};

/** One response per status, naming every code that may come with it. */
function problemResponses(codes: readonly ProblemCode[]) {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.join(", "),
        "x-problem-codes": ofStatus,
        content: {
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        },
      },
    ]),
  );
}
