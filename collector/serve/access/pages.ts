import type { FastifyReply } from 'fastify';
import type { Caller } from './caller.ts';

/** A page without a script: it works where nothing else of the page does. */
export interface PlainPage {
  title: string;
  /** HTML, in which all that came from elsewhere is escaped. */
  body: string;
  /** Where a browser goes on by itself. */
  refresh?: string;
}

/** Forms go to this very collector; Referer tells other pages of it, so that a browser says Origin with them. */
export function sendPage(reply: FastifyReply, { title, body, refresh }: PlainPage, status = 200): FastifyReply {
  return reply
    .code(status)
    .header('content-security-policy', plainPolicy)
    .header('referrer-policy', 'same-origin')
    .header('cache-control', 'no-store')
    .header('content-type', 'text/html; charset=utf-8')
    .send(`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />${refresh === undefined ? '' : `\n    <meta http-equiv="refresh" content="0;url=${escaped(refresh)}" />`}
    <title>${escaped(title)} · Certherd</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/assets/page.css" />
  </head>
  <body>
    <main class="plain">
      <p class="brand">Certherd</p>
      <h1>${escaped(title)}</h1>
${body}
    </main>
  </body>
</html>
`);
}

const plainPolicy =
  "default-src 'none';style-src 'self';img-src 'self' data:;form-action 'self';frame-ancestors 'none';base-uri 'none'";

export interface SignInPage {
  next: string;
  name: string;
  mistake: string | undefined;
  hasUsers: boolean;
  /** Where else somebody may sign in: an issuer. */
  provider: string | undefined;
}

export function signInPage({ next, name, mistake, hasUsers, provider }: SignInPage): PlainPage {
  const form = `      <form method="post" action="/sign-in">
        <input type="hidden" name="next" value="${escaped(next)}" />
        <label>Name <input name="name" value="${escaped(name)}" autocomplete="username" autocapitalize="none" spellcheck="false" required${name === '' ? ' autofocus' : ''} /></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required${name === '' ? '' : ' autofocus'} /></label>
        <button>Sign in</button>
      </form>`;
  const nobody = `      <p>Nobody can sign in yet: open the set-up link, which <code>certherd-collector serve</code> printed as it started, or as a service left in
      <code>set-up-link</code> in its data directory, or run
      <code>certherd-collector user add NAME --role admin</code>.</p>`;
  const elsewhere =
    provider === undefined
      ? ''
      : `      <p><a href="/sign-in/provider?next=${escaped(encodeURIComponent(next))}">Sign in with ${escaped(new URL(provider).host)}</a></p>\n`;
  return { title: 'Sign in', body: `${complaint(mistake)}${elsewhere}${hasUsers ? form : nobody}` };
}

export function setUpPage(token: string, name: string, mistake: string | undefined): PlainPage {
  return {
    title: 'Set up',
    body: `      <p>The first user is an admin. From then on everybody signs in.</p>
${complaint(mistake)}      <form method="post" action="/set-up">
        <input type="hidden" name="token" value="${escaped(token)}" />
        <label>Name <input name="name" value="${escaped(name)}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus /></label>
        <label>Password, 12 characters at least <input name="password" type="password" autocomplete="new-password" minlength="12" required /></label>
        <button>Set up</button>
      </form>`,
  };
}

export const overPage: PlainPage = {
  title: 'This link is over',
  body: `      <p>It was good once, for an hour, and while nobody could sign in. A start of <code>certherd-collector serve</code> makes another, or run
      <code>certherd-collector user add NAME --role admin</code> on the collector’s machine.</p>
      <p><a href="/sign-in">Sign in</a></p>`,
};

/** For whom an admin made a link. */
export function invitePage(token: string, name: string, mistake?: string): PlainPage {
  return {
    title: `Welcome, ${name}`,
    body: `      <p>Choose the password with which you sign in as ${escaped(name)}. This link is then over, and so are API tokens that you had.</p>
${complaint(mistake)}      <form method="post" action="/invite">
        <input type="hidden" name="token" value="${escaped(token)}" />
        <input type="hidden" name="username" value="${escaped(name)}" autocomplete="username" />
        <label>Password, 12 characters at least <input name="password" type="password" autocomplete="new-password" minlength="12" required autofocus /></label>
        <button>Set it, and sign in</button>
      </form>`,
  };
}

export const overInvitePage: PlainPage = {
  title: 'This link is over',
  body: `      <p>It was good once and for three days; a newer one takes its place. Ask an admin for another.</p>
      <p><a href="/sign-in">Sign in</a></p>`,
};

export function accountPage(
  { name = '', role, by }: Caller,
  said: { mistake?: string; done?: string } = {},
): PlainPage {
  const password = `      <h2>New password</h2>
      <form method="post" action="/account/password">
        <input type="hidden" name="username" value="${escaped(name)}" autocomplete="username" />
        <label>Password of now <input name="current" type="password" autocomplete="current-password" required /></label>
        <label>New one, 12 characters at least <input name="password" type="password" autocomplete="new-password" minlength="12" required /></label>
        <p>Every other browser is signed out, and your API tokens are revoked.</p>
        <button>Change, and sign out everywhere else</button>
      </form>`;
  const out = `      <form method="post" action="/sign-out"><button>Sign out</button></form>`;
  const who = name === '' ? 'Nobody has signed in: the page is open to this machine.' : `${escaped(name)}, ${role}.`;
  return {
    title: 'Your account',
    body: `${said.done === undefined ? '' : `      <p role="status" class="done">${escaped(said.done)}</p>\n`}${complaint(said.mistake)}      <p>${who} <a href="/">Open the page</a></p>
${by === 'session' ? `${out}\n${password}` : ''}`,
  };
}

/** For whom a provider sent, and who does not get in. */
export function strangerPage(why: string, name = ''): PlainPage {
  const how =
    name === ''
      ? ''
      : ` An admin may run <code>certherd-collector user add ${escaped(name)} --role viewer --no-password</code>.`;
  return {
    title: 'Not signed in',
    body: `      <p role="alert" class="mistake">${escaped(why)}</p>
      <p><a href="/sign-in">Sign in</a>.${how}</p>`,
  };
}

export function signedInPage(name: string): PlainPage {
  return {
    title: 'Signed in',
    body: `      <p>You are signed in as ${escaped(name)}. A page that waited for this goes on by itself.</p>
      <p><a href="/">Open the page</a> · <a href="/account">Your account</a></p>`,
  };
}

/** Of what a browser sends to a page that another site led to: asked again from here, it has the session with it. */
export function againPage(url: string): PlainPage {
  return { title: 'Opening', body: `      <p><a href="${escaped(url)}">Open the page</a></p>`, refresh: url };
}

function complaint(mistake: string | undefined): string {
  return mistake === undefined ? '' : `      <p role="alert" class="mistake">${escaped(mistake)}</p>\n`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
