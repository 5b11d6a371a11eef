/**
 * `npm run demo [-- --example NAME] [--json]`: plays one story against the real local system and exits 0
 * only when every step came out as told. Nothing is left running, also after a failure or Ctrl-C.
 * Specification: README.md, "Try it"; the stories are in scripts/demo/stories/.
 */
import { parseArgs } from "node:util";
import { playStory } from "./demo/run.ts";
import { STORIES } from "./demo/stories/index.ts";
import { createTeller, silentTeller } from "./demo/terminal.ts";

const DEFAULT_EXAMPLE = "vendor-switch";

process.exitCode = await main();

async function main(): Promise<number> {
  const { example, json } = readArgs();
  const story = STORIES.get(example);
  if (story === undefined) {
    const names = [...STORIES.keys()].join(", ");
    process.stderr.write(`demo: there is no example "${example}"; there are ${names}\n`);
    return 2;
  }
  const teller = json ? silentTeller() : createTeller();
  const interrupt = onInterrupt();
  try {
    const summary = await playStory(story, teller, interrupt.signal);
    if (json) process.stdout.write(`${JSON.stringify({ ok: true, ...summary })}\n`);
    const { received } = summary.vendor;
    teller.end(
      true,
      `All as told, in ${summary.seconds} s. The vendor was reached ${times(received)}.`,
    );
    return 0;
  } catch (cause) {
    if (interrupt.signal.aborted) {
      teller.end(false, "Interrupted; everything is stopped.");
      return 130;
    }
    const detail = cause instanceof Error ? cause.message : String(cause);
    teller.end(false, `Not as told: ${detail}`);
    if (json) process.stdout.write(`${JSON.stringify({ ok: false, detail })}\n`);
    process.stderr.write(`demo: ${detail}\n`);
    return 1;
  }
}

function readArgs(): { readonly example: string; readonly json: boolean } {
  try {
    const { values } = parseArgs({
      options: { example: { type: "string" }, json: { type: "boolean" } },
    });
    return { example: values.example ?? DEFAULT_EXAMPLE, json: values.json ?? false };
  } catch (cause) {
    process.stderr.write(`demo: ${cause instanceof Error ? cause.message : String(cause)}\n`);
    process.exit(2);
  }
}

/** The first Ctrl-C ends the story in order, the second at once. */
function onInterrupt(): AbortController {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller;
}

function times(count: number): string {
  return count === 1 ? "exactly once" : `${count} times`;
}
