import { inviteMs, invitePath, mistakeInInvite } from '../accounts/invitation.ts';
import { spelled } from '../accounts/name.ts';
import { freshSecret, hashSecret } from '../accounts/secret.ts';
import { isLoopback } from '../authority.ts';
import type { Config } from '../config.ts';
import { sessionId } from '../serve/session-view.ts';
import type { AuditEntry } from '../store/accounts.ts';
import type { Kept } from '../store/kept.ts';
import type { Store } from '../store/store.ts';
import { webUrlOf } from '../web-url.ts';
import { changing, nobody } from './change-user.ts';
import type { Console, JsonOptions } from './command.ts';

/** `user disable NAME`: they may not sign in, and are kept. Never the last admin. */
export function disableUser(word: string, options: JsonOptions, console: Console): Promise<number> {
  const name = spelled(word);
  return changing(options, console, {
    action: 'user-disabled',
    name,
    change: ({ accounts }, entry) => accounts.changeUser(name, { disabledAt: entry.at }, entry),
    outcome: (changed) => {
      if (changed === 'last-admin') return { undone: `${name} is the last admin: make another one first.` };
      if (changed === 'unknown') return { undone: nobody(name) };
      return { done: `${name} is disabled: signed out everywhere, with every API token of their own.` };
    },
  });
}

/** `user enable NAME` */
export function enableUser(word: string, options: JsonOptions, console: Console): Promise<number> {
  const name = spelled(word);
  return changing(options, console, {
    action: 'user-enabled',
    name,
    change: ({ accounts }, entry) => accounts.changeUser(name, { disabledAt: undefined }, entry),
    outcome: (changed) => (changed === 'done' ? { done: `${name} may sign in again.` } : { undone: nobody(name) }),
  });
}

/** `user sign-out NAME`: of all browsers, or of one. Where there was none nothing changed, and nothing is history. */
export function signOut(
  word: string,
  options: JsonOptions & { browser: string | undefined },
  console: Console,
): Promise<number> {
  const name = spelled(word);
  const { browser } = options;
  if (browser !== undefined)
    return changing(options, console, {
      action: 'signed-out',
      name,
      async change({ accounts }, entry): Promise<Kept<boolean>> {
        const found = (await accounts.sessionsOf(name)).find(({ hash }) => sessionId(hash) === browser);
        if (!found) return { ok: true, value: false };
        return accounts.endSession(found.hash, { ...entry, detail: { address: found.address } });
      },
      outcome: (changed) =>
        changed
          ? { done: `${name} is signed out of that browser.`, told: { changed: 1 } }
          : { undone: `${name} is in no such browser: certherd-collector user sessions ${name}` },
    });
  return changing(options, console, {
    action: 'user-signed-out',
    name,
    async change({ accounts }, entry): Promise<Kept<number | undefined>> {
      const known = await accounts.user(name);
      return known ? accounts.endSessions(name, entry) : { ok: true, value: undefined };
    },
    outcome: (changed) => {
      if (changed === undefined) return { undone: nobody(name) };
      return {
        done: `${name} is signed out of ${changed} ${changed === 1 ? 'browser' : 'browsers'}.`,
        told: { changed },
      };
    },
  });
}

/** `user invite NAME`: prints a link by which they set a password, this once; only its hash is kept. The one before is over with it. */
export function inviteUser(word: string, options: JsonOptions, console: Console): Promise<number> {
  const name = spelled(word);
  const secret = freshSecret();
  const expires = console.clock.now() + inviteMs;
  const expiresAt = new Date(expires).toISOString();
  return changing(options, console, {
    action: 'user-invited',
    name,
    detail: { expiresAt },
    change: (store, entry) => invited(store, name, hashSecret(secret), expires, entry),
    outcome: (mistake, config) => {
      if (mistake !== undefined) return { undone: mistake };
      const link = `${config.notify.page ?? webUrlOf(config, config.webListen)}${invitePath(secret)}`;
      const doubt = doubtAbout(config);
      if (doubt !== undefined) console.complain(doubt);
      return { done: link, told: { link, expiresAt } };
    },
  });
}

/** Only [notify] page says what browsers call the page where something stands before it. */
function doubtAbout({ notify, web, webListen }: Config): string | undefined {
  if (notify.page !== undefined || web.tls !== undefined) return undefined;
  if (web.proxies.length === 0 && (!isLoopback(webListen.host) || web.names.length === 0)) return undefined;
  return 'The page is behind a proxy, and its address there is not known here: put it before /invite, and set page = "https://…" in [notify].';
}

/** Why there is no link; undefined: it is kept. */
async function invited(
  { accounts }: Store,
  name: string,
  hash: Uint8Array,
  expires: number,
  entry: AuditEntry,
): Promise<Kept<string | undefined>> {
  const user = await accounts.user(name);
  const mistake = user ? mistakeInInvite(user) : nobody(name);
  if (mistake !== undefined) return { ok: true, value: mistake };
  const kept = await accounts.invite(name, hash, expires, entry);
  return kept.ok ? { ok: true, value: kept.value ? undefined : nobody(name) } : kept;
}
