/**
 * The console's entry: takes the session, starts the router, draws the page. Nothing is drawn by the server.
 */
import { render } from "preact";
import { App } from "./app.tsx";
import { startRouter } from "./router.ts";
import { restoreSession } from "./session.ts";

restoreSession();
startRouter();
const place = document.querySelector("#app");
if (place !== null) {
  place.replaceChildren();
  render(<App />, place);
}
