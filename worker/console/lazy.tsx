/** Pages that are fetched when they are first looked at: those that bring the core with them. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

type Loaded<P> = { readonly page: ComponentType<P> } | "failed" | null;

/** A page in a file of its own; `load` imports it. */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
): (props: P) => JSX.Element {
  let known: Loaded<P> = null;
  return function Lazy(props: P) {
    const [loaded, setLoaded] = useState<Loaded<P>>(known);
    useEffect(() => {
      if (loaded !== null) return;
      load().then(
        (page) => setLoaded((known = { page })),
        () => setLoaded("failed"),
      );
    }, [loaded]);
    if (loaded === null) return <p class="empty">Loading…</p>;
    if (loaded === "failed") {
      return (
        <p class="note tone-bad" role="alert">
          This part of the console could not be loaded; it may have been replaced by a newer one.
          Please reload the page.
        </p>
      );
    }
    return <loaded.page {...props} />;
  };
}
