/**
 * From zod to the JSON Schema of the OpenAPI document, by zod's own converter. The other converter, which
 * comes with the router, knows neither recursive JSON values nor exact optionals.
 */
import * as z from "zod";
import type { JsonObject } from "../shared/strict-json.ts";

type SchemaObject = Readonly<Record<string, unknown>>;

/** Any JSON value, named once; JSON Schema says that with an empty schema. */
const JSON_VALUE_REF = "#/components/schemas/JsonValue";

/** Components that routes point to and that are written here by hand. */
export const COMPONENT_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  JsonValue: { description: "Any JSON value." },
  Problem: {
    type: "object",
    description: "RFC 9457. Further members hold the facts of the refusal.",
    required: ["type", "title", "status", "instance", "code"],
    properties: {
      type: { type: "string", format: "uri" },
      title: { type: "string" },
      status: { type: "integer" },
      detail: { type: "string" },
      instance: { type: "string", description: "The request's id, also in x-request-id." },
      code: { type: "string" },
      errors: {
        type: "array",
        items: {
          type: "object",
          required: ["pointer", "detail"],
          properties: {
            pointer: { type: "string", description: "RFC 6901." },
            detail: { type: "string" },
            fix: { type: "string" },
            code: { type: "string" },
          },
        },
      },
    },
  },
};

/**
 * The JSON Schema of what a schema accepts (`input`) or yields (`output`), made when the document is
 * written out: converting every body at start-up would cost each cold start what few requests need.
 */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): { toJSON(): SchemaObject } {
  return { toJSON: () => convert(schema, io) };
}

function convert(schema: z.ZodType, io: "input" | "output"): SchemaObject {
  const {
    $schema: _dialect,
    $defs: _defs,
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  // z.json() is the only recursive schema in use, so every definition is one of its copies.
  const text = JSON.stringify(rest).replaceAll(/"#\/\$defs\/[^"]+"/g, `"${JSON_VALUE_REF}"`);
  return JSON.parse(text) as SchemaObject;
}
