import { hashPassword } from '../../../collector/accounts/password.ts';
import type { Role } from '../../../collector/accounts/role.ts';
import { apiTokenPrefix, freshSecret, hashSecret } from '../../../collector/accounts/secret.ts';
import type { Accounts, AuditEntry } from '../../../collector/store/accounts.ts';
import { openStore } from '../../../collector/store/open.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';

export const password = 'correct horse battery';
let hash: Promise<string> | undefined;

/** Works on the accounts of a data directory, beside the collector that serves it, as the commands do. */
export async function withAccounts<T>(
  directory: string,
  work: (accounts: Accounts) => Promise<T>,
  store?: string,
): Promise<T> {
  const place = { dataDirectory: directory, store, storePasswordFile: undefined };
  const opened = await openStore(place, { clock: systemClock, log: silentLog });
  if (!opened.ok) throw new Error(opened.failure.message);
  try {
    return await work(opened.value.accounts);
  } finally {
    await opened.value.close();
  }
}

const entry = (action: AuditEntry['action'], subject: string): AuditEntry => ({
  at: Date.now(),
  actor: 'root',
  via: 'command',
  action,
  subject,
  detail: {},
});

/** A user of each name and role, with the one password of the tests. */
export async function addUsers(
  directory: string,
  users: Readonly<Record<string, Role>>,
  store?: string,
): Promise<void> {
  hash ??= hashPassword(password);
  const made = await hash;
  await withAccounts(
    directory,
    async (accounts) => {
      for (const [name, role] of Object.entries(users)) {
        const user = { name, role, password: made, identity: undefined, createdAt: Date.now() };
        await accounts.addUser(user, entry('user-added', name));
      }
    },
    store,
  );
}

/** An API token of this role. */
export function addApiToken(
  directory: string,
  name: string,
  role: Role,
  lifeMs = 3_600_000,
  store?: string,
): Promise<string> {
  return withAccounts(
    directory,
    async (accounts) => {
      const secret = apiTokenPrefix + freshSecret();
      const createdAt = Date.now();
      const token = { name, role, createdBy: 'root', createdAt, expiresAt: createdAt + lifeMs };
      await accounts.addApiToken(hashSecret(secret), token, entry('api-token-created', name));
      return secret;
    },
    store,
  );
}

/** What a browser sends with a form of the collector's own page. */
export function form(url: string, fields: Record<string, string>, cookie?: string): RequestInit {
  return {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams(fields),
    headers: { origin: new URL(url).origin, ...(cookie !== undefined && { cookie }) },
  };
}

/** Signs in at the page; the cookie as the browser sends it back. */
export async function signIn(url: string, name: string, typed = password): Promise<string> {
  const answer = await fetch(new URL('/sign-in', url), form(url, { name, password: typed, next: '/' }));
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
  if (answer.status !== 303 || cookie === undefined) throw new Error(`${name} cannot sign in: ${answer.status}`);
  return cookie;
}

/** Resolves once the page asks everybody to sign in: it looks for users once a second. */
export async function closed(url: string): Promise<void> {
  await until('the page asks to sign in', async () => (await fetch(new URL('/api/v1/hosts', url))).status === 401);
}
