import { printable } from '@certherd/command-line/printable';
import { mistakeInName, spelled } from '../accounts/name.ts';
import { hashPassword, mistakeInPassword } from '../accounts/password.ts';
import { roleOf, roles } from '../accounts/roles.ts';
import type { Accounts, AuditEntry, UserChange, UserChanged } from '../store/accounts.ts';
import type { Kept } from '../store/kept.ts';
import { changing, nobody, type Outcome } from './change-user.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';

export interface UserOptions extends JsonOptions {
  role?: string | undefined;
  /** Signs in elsewhere: OpenID Connect, a proxy. */
  noPassword?: boolean;
  /** Also the last admin. */
  force?: boolean;
}

/** `user add NAME --role ROLE`: the password is asked for at a terminal, else read from standard input. Beside a serving collector too. */
export async function addUser(word: string, options: UserOptions, console: Console): Promise<number> {
  const name = spelled(word);
  const role = roleOf(options.role);
  const mistake = mistakeInName(name);
  if (mistake !== undefined) return wrong(`${JSON.stringify(word)}: ${mistake}`, console);
  if (!role) return wrong(expectedRole(options.role), console);
  const password = options.noPassword ? undefined : await newPassword(name, console);
  if (password?.ok === false) return wrong(password.mistake, console);
  const hash = password && (await hashPassword(password.value));
  return changing(options, console, {
    action: 'user-added',
    name,
    detail: { role, password: hash === undefined ? 'none' : 'set' },
    change: ({ accounts }, entry) =>
      accounts.addUser(
        { name, role, password: hash, identity: undefined, createdAt: entry.at, elsewhere: hash === undefined },
        entry,
      ),
    outcome: doneOr(
      `${name} is added as ${role}.`,
      `${name} is there already: certherd-collector user role, or user password`,
      { role },
    ),
  });
}

/** `user role NAME ROLE`: whoever is signed in with that name signs in again. The last admin stays, unless with `force`. */
export function setRole(
  word: string,
  wanted: string,
  options: UserOptions,
  console: Console,
): Promise<number> | number {
  const name = spelled(word);
  const role = roleOf(wanted);
  if (!role) return wrong(expectedRole(wanted), console);
  return changing(options, console, {
    action: 'user-role-changed',
    name,
    detail: { role },
    change: ({ accounts }, entry) => changedUser(accounts, name, { role }, entry, options),
    outcome: changedOr(name, `${name} is ${role} now; browsers that were signed in with that name sign in again.`, {
      role,
    }),
  });
}

/** `user password NAME`: asked for as `user add` does. */
export async function setPassword(word: string, options: JsonOptions, console: Console): Promise<number> {
  const name = spelled(word);
  const password = await newPassword(name, console);
  if (!password.ok) return wrong(password.mistake, console);
  const hash = await hashPassword(password.value);
  return changing(options, console, {
    action: 'user-password-changed',
    name,
    change: ({ accounts }, entry) => accounts.setPassword(name, hash, entry),
    outcome: doneOr(
      `${name} has a new password; browsers that were signed in with that name sign in again, and the API tokens of ${name} are revoked.`,
      nobody(name),
    ),
  });
}

/** `user remove NAME`: ends their sessions. The last admin stays, unless with `force`. */
export function removeUser(word: string, options: UserOptions, console: Console): Promise<number> {
  const name = spelled(word);
  return changing(options, console, {
    action: 'user-removed',
    name,
    change: ({ accounts }, entry) => changedUser(accounts, name, 'removed', entry, options),
    outcome: changedOr(
      name,
      `${name} is removed with the API tokens of that name; those made by command stay until they are revoked: certherd-collector api-token list`,
    ),
  });
}

/** Whoever types a command has the database: the last admin is kept from slips, and not from them. */
async function changedUser(
  accounts: Accounts,
  name: string,
  change: UserChange,
  entry: AuditEntry,
  { force = false }: UserOptions,
): Promise<Kept<UserChanged>> {
  if (!force) return accounts.changeUser(name, change, entry);
  const kept = await (change === 'removed' || !('role' in change)
    ? accounts.removeUser(name, entry)
    : accounts.setRole(name, change.role, entry));
  return kept.ok ? { ok: true, value: kept.value ? 'done' : 'unknown' } : kept;
}

function changedOr(name: string, done: string, told: object = {}): (changed: UserChanged) => Outcome {
  return (changed) => {
    if (changed === 'last-admin')
      return { undone: `${name} is the last admin: make another one first, or leave the page without one: --force` };
    return changed === 'done' ? { done, told: { ...told } } : { undone: nobody(name) };
  };
}

/** False: nothing was done, and why. */
function doneOr(done: string, undone: string, told: object = {}): (kept: boolean) => Outcome {
  return (kept) => (kept ? { done, told: { ...told } } : { undone });
}

async function newPassword(
  name: string,
  console: Console,
): Promise<{ ok: true; value: string } | { ok: false; mistake: string }> {
  const value = await console.secret(`New password for ${printable(name)}: `);
  if (value === undefined)
    return { ok: false, mistake: 'no password was given: type it, or write it to standard input' };
  const mistake = mistakeInPassword(value, name);
  return mistake === undefined ? { ok: true, value } : { ok: false, mistake };
}

function expectedRole(found: string | undefined): string {
  return `expected a role, ${roles.join(', ')}, found ${JSON.stringify(found ?? '')}`;
}

function wrong(mistake: string, console: Console): number {
  console.complain(mistake);
  return exitCodes.usage;
}
