/**
 * The console's entry: takes the session, starts the router, draws the page. Nothing is drawn by the server.
 */
import { render } from "preact";
import { App } from "./app.tsx";
import { startRouter } from "./router.ts";
import { restoreSession } from "./session.ts";

restoreSession();
// The address of a token, opened over the console that is already open, loads no page.
addEventListener("hashchange", restoreSession);
startRouter();
const place = document.querySelector("#app");
if (place !== null) {
  place.replaceChildren();
  render(<App />, place);
}
