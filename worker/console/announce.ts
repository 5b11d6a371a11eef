/** What a screen reader is told of changes that only the eye would see. One live region for the whole console. */
import { useEffect, useState } from "preact/hooks";

const listeners = new Set<(text: string) => void>();

/** Says something, politely: after whatever is being read. */
export function announce(text: string): void {
  for (const listener of listeners) listener(text);
}

/** The text the live region holds. */
export function useAnnounced(): string {
  const [text, setText] = useState("");
  useEffect(() => {
    listeners.add(setText);
    return () => void listeners.delete(setText);
  }, []);
  return text;
}
