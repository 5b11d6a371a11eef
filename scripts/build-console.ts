/**
 * Builds the console: the browser code under worker/console/ into static files whose names carry the hash of
 * their content, and the one page that names them. Makes no request; what it needs lies in the repository.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build, type Metafile } from "esbuild";
import { ROOT } from "./tool.ts";

const SOURCE = path.join(ROOT, "worker/console");
const TARGET = path.join(ROOT, "dist/console");

/** The page of the built console, absolute. */
export const CONSOLE_PAGE = path.join(TARGET, "index.html");

/** Builds into dist/console and puts it in place whole. Throws with the bundler's message when it fails. */
export async function buildConsole(): Promise<void> {
  const draft = `${TARGET}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  try {
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: ["main.tsx", "style.css"].map((name) => path.join(SOURCE, name)),
      outdir: path.join(draft, "assets"),
      entryNames: "[name]-[hash]",
      chunkNames: "[name]-[hash]",
      bundle: true,
      splitting: true,
      format: "esm",
      target: "es2023",
      minify: true,
      metafile: true,
      sourcemap: true,
      sourcesContent: true,
      legalComments: "none",
      jsx: "automatic",
      jsxImportSource: "preact",
      // shared/crypto.ts is the core's only door to node:crypto; here the same door leads to pure JavaScript.
      alias: {
        "node:crypto": path.join(SOURCE, "node-crypto.ts"),
        zod: path.join(ROOT, "worker/bundled-zod.ts"),
      },
      // zod tries whether it may compile code; the page's policy says no and the browser reports the attempt.
      banner: { js: "globalThis.__zod_globalConfig??={jitless:true};" },
      logLevel: "silent",
    });
    writeFileSync(path.join(draft, "index.html"), page(metafile));
    rmSync(TARGET, { recursive: true, force: true });
    renameSync(draft, TARGET);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** The page with the names of the entry's script and style put in. */
function page(metafile: Metafile): string {
  const addressOf = (entry: string) => {
    const source = `worker/console/${entry}`;
    const built = Object.entries(metafile.outputs).find(([, from]) => from.entryPoint === source);
    if (built === undefined) throw new Error(`the console's ${entry} was not built`);
    return `/console/assets/${path.basename(built[0])}`;
  };
  return readFileSync(path.join(SOURCE, "index.html"), "utf8")
    .replace("{{script}}", addressOf("main.tsx"))
    .replace("{{style}}", addressOf("style.css"));
}
