/** Words for requests: figures, seats, and what follows from each decision. Pure text, no drawing. */

/** Names of arguments whose numbers are what an action costs; docs/console.md, "Deciding". */
const FIGURE = /amount|cost|price|total|budget|fee|sum|count|limit/i;

/** The numbers of an action's arguments that say how much; null when there is none. */
export function figuresIn(args: unknown): string | null {
  if (typeof args !== "object" || args === null) return null;
  const figures = Object.entries(args).filter(
    ([name, value]) => typeof value === "number" && FIGURE.test(name),
  );
  if (figures.length === 0) return null;
  return figures
    .map(([name, value]) => `${name} ${(value as number).toLocaleString("en")}`)
    .join(", ");
}

/** How many have approved of how many, and from where they must come. */
export function seatsText(
  have: number,
  requirement: {
    readonly quorum: number;
    readonly group?: string | null | undefined;
    readonly all?: readonly { readonly group: string; readonly quorum: number }[] | undefined;
    readonly also?: readonly string[] | undefined;
  },
): string {
  const { quorum, group, all = [], also = [] } = requirement;
  const parts = [
    ...all.map((seat) => `${seat.quorum} of ${seat.group}`),
    ...(group === null || group === undefined ? [] : [`from ${group}`]),
    ...also.map((name) => `or from ${name}`),
  ];
  return `${have} of ${quorum}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
}
