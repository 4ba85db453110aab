import { jsonLine } from '@certherd/command-line/printable';
import { mistakeInName, spelled } from '../accounts/name.ts';
import { roleOf, roles } from '../accounts/roles.ts';
import { apiTokenPrefix, freshSecret, hashSecret } from '../accounts/secret.ts';
import { type ApiToken, type ApiTokenAdded, mostApiTokens } from '../store/accounts.ts';
import { account } from './account.ts';
import { byCommand } from './by-command.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { notWritten } from './directory.ts';
import { storeOf } from './database.ts';
import { printTable } from './print-table.ts';

export interface ApiTokenOptions extends JsonOptions {
  role?: string | undefined;
  expires?: string | undefined;
  /** Whose it is: it may no more than they, and goes with them. */
  user?: string | undefined;
}

const dayMs = 86_400_000;

/** `api-token create NAME`: prints the token, once; only its hash is kept. */
export async function createApiToken(word: string, options: ApiTokenOptions, console: Console): Promise<number> {
  const name = spelled(word);
  const mistake = mistakeInName(name);
  if (mistake !== undefined) return wrong(`${JSON.stringify(word)}: ${mistake}`, console);
  const role = roleOf(options.role ?? 'viewer');
  if (!role) return wrong(`--role: expected ${roles.join(', ')}, found ${JSON.stringify(options.role)}`, console);
  const days = /^([1-9]\d{0,3})d$/.exec(options.expires ?? '90d')?.[1];
  if (days === undefined || Number(days) > 3650)
    return wrong(
      `--expires: expected days from 1d to 3650d, as 90d, found ${JSON.stringify(options.expires)}`,
      console,
    );
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  try {
    const secret = apiTokenPrefix + freshSecret();
    const createdAt = console.clock.now();
    const expiresAt = createdAt + Number(days) * dayMs;
    const until = new Date(expiresAt).toISOString();
    const user = options.user === undefined ? undefined : spelled(options.user);
    const token = { name, role, createdBy: account(process.env), createdAt, expiresAt, user };
    const entry = byCommand(console, 'api-token-created', name, { role, expiresAt: until, ...(user && { user }) });
    const kept = await store.accounts.addApiToken(hashSecret(secret), token, entry);
    if (!kept.ok) throw notWritten(config, kept.failure);
    if (kept.value !== 'done') {
      console.complain(`certherd-collector: ${undone(kept.value, name, user ?? '')}`);
      return exitCodes.failed;
    }
    console.print(options.json ? jsonLine({ version: 1, name, role, token: secret, expiresAt: until }) : secret);
    if (!options.json)
      console.complain(`Shown this once; ${role} until ${until}. Send it as: Authorization: Bearer TOKEN`);
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

/** `api-token list`: never the tokens themselves, which nobody has. */
export async function listApiTokens(options: JsonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const items = (await store.accounts.apiTokens()).map(view);
  await store.close();
  const now = new Date(console.clock.now()).toISOString();
  if (options.json) console.print(jsonLine({ version: 1, items }));
  else if (items.length === 0)
    console.print('There are no API tokens. Next: certherd-collector api-token create NAME --role viewer');
  else
    printTable(
      ['NAME', 'ROLE', 'UNTIL', 'LAST USED', 'OF', 'MADE BY'],
      items.map(({ name, role, user = 'nobody', expiresAt, usedAt, createdBy }) => [
        name,
        role,
        expiresAt <= now ? `${expiresAt.slice(0, 10)}, over` : expiresAt.slice(0, 10),
        usedAt?.slice(0, 16).replace('T', ' ') ?? 'never',
        user,
        createdBy,
      ]),
      console,
    );
  return exitCodes.ok;
}

/** `api-token revoke NAME`: at once. */
export async function revokeApiToken(word: string, options: JsonOptions, console: Console): Promise<number> {
  const name = spelled(word);
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  try {
    const kept = await store.accounts.revokeApiToken(name, byCommand(console, 'api-token-revoked', name));
    if (!kept.ok) throw notWritten(config, kept.failure);
    if (!kept.value) {
      console.complain(
        `certherd-collector: ${JSON.stringify(word)}: no such API token: certherd-collector api-token list`,
      );
      return exitCodes.failed;
    }
    console.print(options.json ? jsonLine({ version: 1, name, revoked: true }) : `${name} is revoked.`);
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

function undone(why: Exclude<ApiTokenAdded, 'done'>, name: string, user: string): string {
  if (why === 'unknown') return `${user}: no such user, or one who is disabled: certherd-collector user list`;
  if (why === 'too-many') return `${user} has ${mostApiTokens} API tokens: revoke one first`;
  return `${name} is there already: certherd-collector api-token revoke ${name}`;
}

function view({ name, role, user, createdBy, createdAt, expiresAt, usedAt }: ApiToken) {
  return {
    name,
    role,
    ...(user !== undefined && { user }),
    createdBy,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    ...(usedAt !== undefined && { usedAt: new Date(usedAt).toISOString() }),
  };
}

function wrong(mistake: string, console: Console): number {
  console.complain(mistake);
  return exitCodes.usage;
}
