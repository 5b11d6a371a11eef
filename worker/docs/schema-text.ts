/**
 * A JSON Schema as a few lines a person can read, in the notation of TypeScript types with the bounds as
 * comments. For the docs page only; the exact schema is in /openapi.json.
 */
import type { JsonObject, JsonValue } from "../../shared/strict-json.ts";

/** Writes a schema out. `indent` is the column its closing bracket stands in. */
export function schemaText(schema: JsonValue | undefined, indent = 0): string {
  if (!isObject(schema)) return "any";
  const { $ref, const: constant, enum: choices, anyOf, oneOf } = schema;
  if (typeof $ref === "string") return $ref.slice($ref.lastIndexOf("/") + 1);
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(choices)) return choices.map((choice) => JSON.stringify(choice)).join(" | ");
  const options = anyOf ?? oneOf;
  if (Array.isArray(options)) return options.map((o) => schemaText(o, indent)).join(" | ");
  const { type } = schema;
  if (type === "object") return objectText(schema, indent);
  if (type === "array") {
    return `${wrapped(schemaText(schema["items"], indent))}[]${bounds(schema, "Items", "")}`;
  }
  if (type === "string") return `string${format(schema)}${bounds(schema, "Length", " chars")}`;
  if (type === "integer" || type === "number") return `${type}${bounds(schema, "imum", "")}`;
  return typeof type === "string" ? type : "any";
}

function objectText(schema: JsonObject, indent: number): string {
  const { properties, required, additionalProperties } = schema;
  if (!isObject(properties)) {
    return `{ [key]: ${schemaText(additionalProperties, indent)} }`;
  }
  const needed = Array.isArray(required) ? required : [];
  const pad = " ".repeat(indent + 2);
  const lines = Object.entries(properties).map(([name, value]) => {
    const mark = needed.includes(name) ? "" : "?";
    return `${pad}${name}${mark}: ${schemaText(value, indent + 2)}`;
  });
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${" ".repeat(indent)}}`;
}

function format(schema: JsonObject): string {
  return schema["format"] === "date-time" ? " /* RFC 3339 UTC, milliseconds */" : "";
}

/** The bounds that mean something: what every number or text is bounded by anyway is left out. */
function bounds(schema: JsonObject, suffix: string, unit: string): string {
  const low = schema[`min${suffix}`];
  const high = schema[`max${suffix}`];
  const min = typeof low === "number" && low > Number.MIN_SAFE_INTEGER ? low : null;
  const max = typeof high === "number" && high < Number.MAX_SAFE_INTEGER ? high : null;
  if (max !== null) return ` /* ${min ?? 0} to ${max}${unit} */`;
  return min === null ? "" : ` /* ${min} or more${unit} */`;
}

function wrapped(text: string): string {
  const isOneObject = text.startsWith("{") && text.endsWith("}") && !text.includes("} | {");
  return !isOneObject && /[|/]/.test(text) ? `(${text})` : text;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
