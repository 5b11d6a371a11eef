/** Where one signs in: through the configured issuer, or with a token of one's own. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ConsoleConfig } from "../../../shared/wire/console.ts";
import { finishSignIn, isComingBack, startSignIn } from "../oidc.ts";
import { Page, ProblemNote } from "../parts/page.tsx";
import { ask, type Problem } from "../api.ts";
import type { Place } from "../router.ts";
import { signIn, signOutNotice } from "../session.ts";

/** `place` is where the reader wanted to go; it stays in the address. */
export function SignInPage({ place: _wanted }: { place: Place }): JSX.Element {
  const [config, setConfig] = useState<ConsoleConfig | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    void ask<ConsoleConfig>("/console/config.json").then((answered) =>
      answered.ok ? setConfig(answered.value) : setProblem(answered.error),
    );
  }, []);
  const notice = signOutNotice();
  return (
    <Page title="Sign in">
      {notice === null ? null : (
        <p class="note tone-wait" role="alert">
          {notice}
        </p>
      )}
      <ProblemNote problem={problem} />
      {config?.oidc ? <IssuerSignIn issuer={config.oidc} /> : null}
      <TokenForm isLocal={config?.mode === "local"} />
    </Page>
  );
}

/** Leaves for the issuer, and takes the token when the reader has come back. */
function IssuerSignIn({ issuer }: { issuer: NonNullable<ConsoleConfig["oidc"]> }): JSX.Element {
  const [refused, setRefused] = useState<string | null>(null);
  useEffect(() => {
    if (!isComingBack()) return;
    void finishSignIn(issuer).then((token) => {
      if (!token.ok) return setRefused(token.error);
      if (!signIn(token.value)) setRefused("The issuer's access token is no JWT.");
    });
  }, [issuer]);
  const start = () =>
    void startSignIn(issuer).then((refusal) => {
      if (!refusal.ok) setRefused(refusal.error);
    });
  return (
    <section class="card narrow">
      <h2>At {new URL(issuer.issuer).host}</h2>
      {refused === null ? null : (
        <p class="note tone-bad" role="alert">
          {refused}
        </p>
      )}
      <button type="button" class="primary" onClick={start}>
        Sign in there
      </button>
    </section>
  );
}

function TokenForm({ isLocal }: { isLocal: boolean }): JSX.Element {
  const [token, setToken] = useState("");
  const [isRefused, setRefused] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setRefused(!signIn(token));
  };
  return (
    <form class="card narrow" onSubmit={submit}>
      <h2>With a token</h2>
      <p>
        It stays in this tab until you sign out or close it, and is sent to this server only.
        {isLocal ? " A local instance makes one with:" : null}
      </p>
      {isLocal ? (
        <pre class="json" tabIndex={0} role="region" aria-label="Command">
          npx sekisho token --team acme --sub me --roles operator,auditor,admin
        </pre>
      ) : null}
      <label class="field wide">
        <span>Access token</span>
        <textarea
          rows={4}
          spellcheck={false}
          autocomplete="off"
          required
          value={token}
          aria-invalid={isRefused}
          aria-describedby={isRefused ? "token-refused" : undefined}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      {isRefused ? (
        <p id="token-refused" class="tone-bad" role="alert">
          This is no access token: three parts with dots between them.
        </p>
      ) : null}
      <button type="submit" class="primary">
        Sign in
      </button>
    </form>
  );
}
