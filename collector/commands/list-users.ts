import { jsonLine } from '@certherd/command-line/printable';
import { spelled } from '../accounts/name.ts';
import { isOver } from '../serve/access/session-cookie.ts';
import { sessionView } from '../serve/session-view.ts';
import type { UserState } from '../store/accounts.ts';
import { nobody } from './change-user.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { storeOf } from './database.ts';
import { printTable } from './print-table.ts';
import { startFailure } from '../failure.ts';

/** `user list`: who may sign in, in how many browsers they are, and with how many API tokens of their own. */
export async function listUsers(options: JsonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const users = await store.accounts.userStates(console.clock.now());
  await store.close();
  if (options.json) console.print(jsonLine({ version: 1, items: users.map(item) }));
  else if (users.length === 0) console.print('There are no users. Next: certherd-collector user add NAME --role admin');
  else
    printTable(
      ['NAME', 'ROLE', 'SIGNS IN BY', 'SINCE', 'BROWSERS', 'LAST SEEN', 'API TOKENS'],
      users.map((user) => [
        user.name,
        user.role,
        user.disabledAt === undefined ? signsIn(user) : `disabled ${day(user.disabledAt)}`,
        day(user.createdAt),
        String(user.sessions),
        user.seenAt === undefined ? '' : minute(instant(user.seenAt)),
        String(user.apiTokens),
      ]),
      console,
    );
  return exitCodes.ok;
}

/** `user sessions NAME`: the browsers that are signed in with that name, the newest first. */
export async function listSessions(word: string, options: JsonOptions, console: Console): Promise<number> {
  const name = spelled(word);
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const now = console.clock.now();
  const user = await store.accounts.user(name);
  const all = user ? await store.accounts.sessionsOf(name) : [];
  await store.close();
  if (!user) throw startFailure(nobody(name));
  const items = all
    .filter((one) => !isOver(one, now))
    .map((one) => {
      const { own: _own, ...session } = sessionView(one, false);
      return session;
    });
  if (options.json) console.print(jsonLine({ version: 1, items }));
  else if (items.length === 0) console.print(`${name} is signed in nowhere.`);
  else
    printTable(
      ['BROWSER', 'FROM', 'SINCE', 'LAST SEEN', 'ENDS'],
      items.map(({ id, address, createdAt, seenAt, endsAt }) => [
        id,
        address,
        ...[createdAt, seenAt, endsAt].map(minute),
      ]),
      console,
      'none',
    );
  return exitCodes.ok;
}

function item(user: UserState): object {
  const { name, role, createdAt, disabledAt, sessions, seenAt, apiTokens, inviteEndsAt } = user;
  return {
    name,
    role,
    signsIn: signsIn(user),
    createdAt: instant(createdAt),
    ...(disabledAt !== undefined && { disabledAt: instant(disabledAt) }),
    sessions,
    ...(seenAt !== undefined && { seenAt: instant(seenAt) }),
    apiTokens,
    ...(inviteEndsAt !== undefined && { inviteEndsAt: instant(inviteEndsAt) }),
  };
}

function signsIn({ password, identity, elsewhere }: UserState): string {
  return password === undefined ? (identity?.issuer ?? (elsewhere ? 'elsewhere' : 'link')) : 'password';
}

function day(at: number): string {
  return instant(at).slice(0, 10);
}

function minute(at: string): string {
  return at.slice(0, 16).replace('T', ' ');
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
