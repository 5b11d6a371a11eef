/** Text of strangers brought to a length, for a log or a chat. Refuses to leave half of a surrogate pair. */

/** The text, or as much of it as fits with an ellipsis behind it. `charsMax` counts UTF-16 units. */
export function cutText(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const start = text.slice(0, charsMax - 1);
  return `${start.isWellFormed() ? start : start.slice(0, -1)}…`;
}
