/**
 * What a condition may be made of: a list of what is allowed, so that a function a later version of
 * the evaluator brings along is refused until somebody has thought about it. Also counts what bounds
 * the cost of an evaluation. Refuses to know types; the checker of expression.ts does.
 * Specification: docs/policy.md, "Conditions".
 */

/** The part of the evaluator's syntax tree that is looked at. */
export interface SyntaxNode {
  readonly op: string;
  readonly args: unknown;
  readonly start: number;
}

export interface ShapeFlaw {
  /** Characters before the offence. */
  readonly offset: number;
  readonly detail: string;
}

/** What bounds the work: nodes by how many macros enclose them, linear ones a level deeper. */
export interface Shape {
  readonly nodesByDepth: readonly number[];
  readonly additions: number;
}

/** Macros inside macros: two lists may be compared, three are a program. */
const MACRO_DEPTH_MAX = 2;
/** An addition may double a list or a text; beside macros more of them would make the bound useless. */
const ADDITIONS_BESIDE_MACROS_MAX = 4;

const GLOBAL_CALLS = new Set(["size", "has", "int", "double", "string", "duration"]);
const MACROS = new Set(["all", "exists", "exists_one", "filter", "map"]);
const METHODS = new Set([
  "size",
  "startsWith",
  "endsWith",
  "contains",
  "getFullYear",
  "getMonth",
  "getDayOfMonth",
  "getDayOfWeek",
  "getHours",
  "getMinutes",
  "count",
  "countWithin",
  "sum",
  "sumWithin",
  "distinct",
  "seen",
  "after",
]);
/** The evaluator takes a time zone here, and zones change with the machine's tables. */
const ZONELESS = /^get/;
const BINARY = new Set(["||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"]);

interface Walk {
  readonly flaws: ShapeFlaw[];
  readonly nodesByDepth: number[];
  additions: number;
  macros: number;
}

/** Walks the whole tree. Answers every flaw, or the counts that bound the cost. */
export function shapeOf(root: SyntaxNode): { readonly flaws: readonly ShapeFlaw[]; shape: Shape } {
  const walk: Walk = { flaws: [], nodesByDepth: [], additions: 0, macros: 0 };
  visit(walk, root, 0);
  if (walk.macros > 0 && walk.additions > ADDITIONS_BESIDE_MACROS_MAX) {
    const detail = `at most ${ADDITIONS_BESIDE_MACROS_MAX} additions beside all, exists, filter and map`;
    walk.flaws.push({ offset: root.start, detail });
  }
  return {
    flaws: walk.flaws,
    shape: { nodesByDepth: walk.nodesByDepth, additions: walk.additions },
  };
}

function visit(walk: Walk, node: SyntaxNode, depth: number): void {
  count(walk, depth);
  const refuse = (detail: string) => walk.flaws.push({ offset: node.start, detail });
  const children = (nodes: readonly SyntaxNode[]) => {
    for (const child of nodes) visit(walk, child, depth);
  };
  switch (node.op) {
    case "value":
      return;
    case "id":
      if (node.args === "cel") refuse("cel is not a name of the context");
      return;
    case ".":
      return children([(node.args as [SyntaxNode, string])[0]]);
    case "[]":
    case "?:":
    case "list":
      return children(node.args as readonly SyntaxNode[]);
    case "map":
      return children((node.args as readonly (readonly SyntaxNode[])[]).flat());
    case "!_":
    case "-_":
      return children([node.args as SyntaxNode]);
    case "in":
      // Looks through a whole list, so it weighs like one more macro.
      count(walk, depth + 1);
      return children(node.args as readonly SyntaxNode[]);
    case "call":
      return visitCall(walk, node, depth);
    case "rcall":
      return visitMethod(walk, node, depth);
    default:
      if (!BINARY.has(node.op)) {
        refuse(`${node.op} is not allowed`);
        return;
      }
      if (node.op === "+") walk.additions += 1;
      children(node.args as readonly SyntaxNode[]);
  }
}

function visitCall(walk: Walk, node: SyntaxNode, depth: number): void {
  const [name, args] = node.args as [string, readonly SyntaxNode[]];
  if (!GLOBAL_CALLS.has(name))
    walk.flaws.push({ offset: node.start, detail: `there is no function ${name}` });
  for (const child of args) visit(walk, child, depth);
}

function visitMethod(walk: Walk, node: SyntaxNode, depth: number): void {
  const [name, receiver, args] = node.args as [string, SyntaxNode, readonly SyntaxNode[]];
  const refuse = (detail: string) => walk.flaws.push({ offset: node.start, detail });
  visit(walk, receiver, depth);
  if (MACROS.has(name)) {
    walk.macros += 1;
    if (depth + 1 > MACRO_DEPTH_MAX) refuse(`${name} nests deeper than ${MACRO_DEPTH_MAX}`);
    for (const child of args) visit(walk, child, depth + 1);
    return;
  }
  if (name === "matches") refuse("matches is refused: a pattern may run for seconds");
  else if (!METHODS.has(name)) refuse(`there is no function ${name}`);
  else if (ZONELESS.test(name) && args.length > 0) refuse(`${name} takes no time zone; it is UTC`);
  else if (name === "contains" && args.every((child) => child.op !== "value"))
    refuse("contains looks for a literal");
  for (const child of args) visit(walk, child, depth);
}

function count(walk: Walk, depth: number): void {
  walk.nodesByDepth[depth] = (walk.nodesByDepth[depth] ?? 0) + 1;
  for (let at = 0; at < depth; at += 1) walk.nodesByDepth[at] ??= 0;
}

/** Whether anything in it is done more than once. */
export function isLooping({ nodesByDepth }: Shape): boolean {
  return nodesByDepth.length > 1;
}

/** An upper bound on the steps of one evaluation over a context of this weight. */
export function costOf({ nodesByDepth, additions }: Shape, weight: number): number {
  // The elements of a literal list are nodes themselves.
  const wide = weight + (nodesByDepth[0] ?? 0);
  const widest = wide * 2 ** Math.min(additions, ADDITIONS_BESIDE_MACROS_MAX);
  return nodesByDepth.reduce((sum, nodes, depth) => sum + nodes * widest ** depth, 0);
}

/** What must all be true for the root to be: the operands of its outermost `&&`, spelt unambiguously. */
export function conjunctsOf(root: SyntaxNode): readonly string[] {
  if (root.op !== "&&") return [spell(root)];
  return (root.args as readonly SyntaxNode[]).flatMap(conjunctsOf);
}

function spell(part: unknown): string {
  if (Array.isArray(part)) return `[${part.map(spell).join(",")}]`;
  if (isNode(part)) return `(${part.op} ${spell(part.args)})`;
  return typeof part === "string" ? JSON.stringify(part) : `${typeof part}:${String(part)}`;
}

function isNode(part: unknown): part is SyntaxNode {
  return typeof part === "object" && part !== null && "op" in part && "args" in part;
}
