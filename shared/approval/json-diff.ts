/**
 * What differs between two JSON values, place by place, for a person who approved the one and is shown the
 * other. Lists are compared position by position: what moved is told as changed, never hidden.
 */
import type { JsonValue } from "../strict-json.ts";

/** One difference; `path` is an RFC 6901 pointer. A side that is absent had nothing there. */
export interface JsonChange {
  readonly path: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
}

/** What a person reads of one diff; more changes than this are another proposal. */
const CHANGES_MAX = 200;

/**
 * The differences in order of path, at most 200.
 * Shape: `truncated` when there are more. Empty exactly when the two are the same JSON value.
 */
export function diffJson(
  before: JsonValue,
  after: JsonValue,
): { readonly changes: readonly JsonChange[]; readonly truncated: boolean } {
  const changes: JsonChange[] = [];
  compare("", before, after, changes);
  return { changes: changes.slice(0, CHANGES_MAX), truncated: changes.length > CHANGES_MAX };
}

/** Depth is bounded by what was parsed; stops once there is more than a person is shown. */
function compare(
  path: string,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  changes: JsonChange[],
): void {
  if (changes.length > CHANGES_MAX || Object.is(before, after)) return;
  if (
    !isContainer(before) ||
    !isContainer(after) ||
    Array.isArray(before) !== Array.isArray(after)
  ) {
    changes.push({
      path,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
    return;
  }
  for (const key of keysOf(before, after)) {
    const [was, is] = [memberOf(before, key), memberOf(after, key)];
    compare(`${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, was, is, changes);
  }
}

type Container = Readonly<Record<string, JsonValue>> | readonly JsonValue[];

function isContainer(value: JsonValue | undefined): value is Container {
  return typeof value === "object" && value !== null;
}

function keysOf(before: Container, after: Container): readonly string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Array.isArray(before) ? keys : keys.sort();
}

function memberOf(of: Container, key: string): JsonValue | undefined {
  if (!Object.hasOwn(of, key)) return undefined;
  return (of as Readonly<Record<string, JsonValue>>)[key];
}
