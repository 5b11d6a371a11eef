/**
 * Holds the repository to what its documents say: named paths exist, every refusal and reason is documented,
 * README commands exist, files say what they are, and no file names a place on somebody's machine. Reads
 * the files git knows or would take, and reports each finding as one line. Repairs nothing.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { REASON_CODES } from "../shared/gates/index.ts";
import { PROBLEMS } from "../shared/wire/problem.ts";
import { ROOT, runTool } from "./tool.ts";

/** Written so that this file does not match itself. */
const MACHINE_PATH = /(?<![\w.~-])\/(?:work|root|home)\//;
const BINARY = /\.(png|jpg|ico|woff2|wasm|gz)$/;
const CODE_FILE = /\.(tsx?|mjs)$/;
const LONE_FILE = /^[\w.-]+\.(tsx?|mjs|json|toml|md|sql)$/;

/** All findings, empty when the repository is tidy. */
export async function findUntidy(): Promise<readonly string[]> {
  const files = await listFiles();
  return [
    ...["ARCHITECTURE.md", "README.md"].flatMap((document) => findLostPaths(document, files)),
    ...findUndocumented("docs/errors.md", Object.keys(PROBLEMS), "rejection"),
    ...findUndocumented("docs/reasons.md", Object.keys(REASON_CODES), "reason"),
    ...(await findUnknownCommands("README.md")),
    ...files
      .filter((file) => CODE_FILE.test(file) && !hasHeader(file))
      .map((file) => `${file}: no header comment`),
    ...files.flatMap(findMachinePaths),
  ];
}

/** Tracked files and those about to be; in a fresh clone, exactly what is committed. */
async function listFiles(): Promise<readonly string[]> {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const { code, output } = await runTool("git", { args });
  if (code !== 0) throw new Error(`git cannot list the files: ${output}`);
  const isFile = (file: string) =>
    file !== "" && statSync(path.join(ROOT, file), { throwIfNoEntry: false })?.isFile() === true;
  return output.split("\n").filter(isFile);
}

function read(file: string): string | null {
  const place = path.join(ROOT, file);
  return existsSync(place) ? readFileSync(place, "utf8") : null;
}

/** A token in backticks is a path when it starts in one of our folders, or is a file name on its own. */
function findLostPaths(document: string, files: readonly string[]): readonly string[] {
  const text = read(document);
  if (text === null) return [`${document} is missing`];
  const folders = new Set(
    files.filter((file) => file.includes("/")).map((file) => file.split("/")[0]),
  );
  const names = new Set(files.map((file) => path.basename(file)));
  const isLost = (token: string) => {
    if (/[\s<>*{}$]|NNNN/.test(token)) return false;
    const [head = "", ...rest] = token.replace(/:\d+$/, "").split("/");
    if (rest.length === 0) return LONE_FILE.test(token) && !names.has(token);
    return folders.has(head) && !existsSync(path.join(ROOT, head, ...rest));
  };
  const tokens = [...text.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map((match) => match[1] ?? "");
  return [...new Set(tokens)].filter(isLost).map((token) => `${document}: there is no ${token}`);
}

function findUndocumented(
  document: string,
  words: readonly string[],
  kind: string,
): readonly string[] {
  const text = read(document);
  if (text === null) return [`${document} is missing`];
  return words
    .filter((word) => !text.includes(`\`${word}\``))
    .map((word) => `${document}: ${kind} ${word} is not described`);
}

/** `npm run X`, `npm X` and `sekisho X` against package.json and the command line's own help. */
async function findUnknownCommands(document: string): Promise<readonly string[]> {
  const text = read(document);
  if (text === null) return []; // reported once, by its paths
  const { scripts } = JSON.parse(read("package.json") ?? "{}") as {
    scripts: Record<string, string>;
  };
  const { output: help } = await runTool(process.execPath, {
    args: ["scripts/sekisho.ts", "--help"],
  });
  const npm = [...text.matchAll(/\bnpm (?:run (?<run>[\w:-]+)|(?<plain>test|start)\b)/g)]
    .map(({ groups }) => groups?.["run"] ?? groups?.["plain"] ?? "")
    .filter((name) => scripts[name] === undefined)
    .map((name) => `${document}: package.json has no script ${name}`);
  // Only as a command: after a prompt, a backtick, npx, a pipe or at a line's start.
  const own = [...text.matchAll(/(?:^|[`$|] ?|npx )sekisho ((?:[a-z]+)(?: [a-z]+\b(?![./-]))?)/gm)]
    .map((match) => match[1] ?? "")
    .filter((words) => !isCommand(words, help))
    .map((words) => `${document}: there is no command sekisho ${words}`);
  return [...new Set([...npm, ...own])];
}

/** Help prints one line a command; the second word may be an argument there or a verb. */
function isCommand(words: string, help: string): boolean {
  const [noun = ""] = words.split(" ");
  const lines = help.split("\n").map((line) => line.trim());
  const isOneWord = lines.some((line) => new RegExp(`^sekisho ${noun}( [^a-z]|$)`).test(line));
  return (
    isOneWord ||
    lines.some((line) => line === `sekisho ${words}` || line.startsWith(`sekisho ${words} `))
  );
}

function hasHeader(file: string): boolean {
  return /^(#!.*\n)?\s*(\/\*\*?|\/\/)/.test(read(file) ?? "");
}

function findMachinePaths(file: string): readonly string[] {
  if (BINARY.test(file)) return [];
  return (read(file) ?? "")
    .split("\n")
    .flatMap((line, index) =>
      MACHINE_PATH.test(line) ? [`${file}:${index + 1}: names a path of one machine`] : [],
    );
}

if (process.argv[1] === import.meta.filename) {
  const findings = await findUntidy();
  for (const finding of findings) console.log(finding);
  process.exitCode = findings.length > 0 ? 1 : 0;
}
