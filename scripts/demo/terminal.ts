/**
 * How the demo talks: headings, short lines, name-value pairs, one live line while something is awaited.
 * Colour only on a terminal that wants it (NO_COLOR unset). Refuses to know what is told.
 */

export interface Teller {
  title(text: string, below: string): void;
  step(number: number, text: string): void;
  line(text: string): void;
  fact(name: string, value: string): void;
  good(text: string): void;
  refused(what: string, why: string): void;
  reason(code: string, detail: string, counterfactual: string | undefined): void;
  /** Shows that something is under way until `work` settles, then how long it took. */
  during<T>(text: string, work: Promise<T>): Promise<T>;
  end(ok: boolean, text: string): void;
}

const WIDTH = 80;
/** Digits of a hash that are shown. */
const HASH_SHOWN = 16;

/** A teller on standard output. */
export function createTeller(out: NodeJS.WriteStream = process.stdout): Teller {
  const live = out.isTTY === true;
  const paint = painter(live && (process.env["NO_COLOR"] ?? "") === "");
  const print = (text: string) => void out.write(`${text}\n`);
  return {
    title(text, below) {
      print(`\n  ${paint.strong(text)}\n  ${paint.quiet(below)}\n`);
    },
    step(number, text) {
      print(`\n${paint.accent(`  ${number}`)}  ${paint.strong(text)}`);
    },
    line: (text) => print(wrap(text, 5)),
    fact: (name, value) => print(wrap(value, 22, `     ${paint.quiet(name.padEnd(16))} `)),
    good: (text) => print(wrap(text, 7, `     ${paint.good("✓")} `)),
    refused(what, why) {
      print(wrap(what, 7, `     ${paint.bad("✗")} `));
      print(paint.quiet(wrap(why, 7)));
    },
    reason(code, detail, counterfactual) {
      print(wrap(detail, 7, `     ${paint.warn(code)}\n       `));
      if (counterfactual !== undefined)
        print(paint.quiet(wrap(`would pass with: ${counterfactual}`, 7)));
    },
    async during(text, work) {
      const started = performance.now();
      if (live) out.write(paint.quiet(`  … ${text}`));
      try {
        return await work;
      } finally {
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        if (live) out.write("\r\u001b[2K");
        print(paint.quiet(`  ${text}, ${seconds} s`));
      }
    },
    end: (ok, text) => print(`\n  ${ok ? paint.good(text) : paint.bad(text)}\n`),
  };
}

/** A teller that says nothing, for tests and machines. */
export function silentTeller(): Teller {
  const nothing = () => undefined;
  return {
    title: nothing,
    step: nothing,
    line: nothing,
    fact: nothing,
    good: nothing,
    refused: nothing,
    reason: nothing,
    during: (_text, work) => work,
    end: nothing,
  };
}

/**
 * Breaks a text at spaces into lines of at most 80 columns, the first after `first`, all indented; hashes
 * are cut to what an eye compares.
 */
function wrap(full: string, indent: number, first = " ".repeat(indent)): string {
  const text = full.replaceAll(/\b[0-9a-f]{64}\b/g, (hash) => `${hash.slice(0, HASH_SHOWN)}…`);
  const pad = " ".repeat(indent);
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1] ?? "";
    const fits = last === "" || indent + last.length + 1 + word.length <= WIDTH;
    if (fits) lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
    else lines.push(word);
  }
  return first + lines.join(`\n${pad}`);
}

function painter(colour: boolean) {
  const code = (open: number, close: number) => (text: string) =>
    colour ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    strong: code(1, 22),
    quiet: code(2, 22),
    accent: code(36, 39),
    good: code(32, 39),
    bad: code(31, 39),
    warn: code(33, 39),
  };
}
