import type { OptionEntry } from '@certherd/command-line/command';
import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';

const name = { name: 'name', values: 'text' } as const;
const roleOption: OptionEntry = {
  flag: '--role',
  value: 'ROLE',
  values: 'text',
  summary:
    'viewer (reads), operator (also asks hosts and sets labels) or admin (also lets hosts in, and reads the history)',
};
const json: OptionEntry = { flag: '--json', summary: 'the same for scripts' };
const force: OptionEntry = { flag: '--force', summary: 'also the last admin: nobody is one any more then' };
const common = { exits: usualExits, settled: true } as const;

/** Who may open the page and the API, and what was changed by whom. */
export const accountEntries: readonly CommandEntry[] = [
  {
    ...common,
    name: 'user add',
    summary: 'let somebody sign in at the page',
    details:
      'The password is asked for at a terminal, else it is the first line of standard input. With the first user the page asks everybody to sign in.',
    arguments: [name],
    options: [
      roleOption,
      { flag: '--no-password', summary: 'signs in elsewhere: OpenID Connect, or a proxy that names who it is' },
      json,
    ],
    examples: [
      { command: 'user add anna --role admin', what: 'asks for a password' },
      { command: 'user add anna --role viewer < password.txt', what: 'for scripts' },
    ],
    run: async ([word = ''], options, console) =>
      (await import('./user.ts')).addUser(
        word,
        { ...commonOf(options), role: textOf(options['role']), noPassword: options['password'] === false },
        console,
      ),
  },
  {
    ...common,
    name: 'user list',
    summary: 'list who may sign in, with role, browsers and API tokens of their own',
    options: [{ flag: '--json', summary: 'print {version, items}' }],
    examples: [{ command: 'user list', what: 'everybody' }],
    run: async (_args, options, console) => (await import('./list-users.ts')).listUsers(commonOf(options), console),
  },
  {
    ...common,
    name: 'user role',
    summary:
      'change what somebody may do; browsers that were signed in with that name sign in again; the last admin stays',
    arguments: [name, { name: 'role', values: 'text' }],
    options: [force, json],
    examples: [{ command: 'user role anna operator', what: 'viewer, operator or admin' }],
    run: async ([word = '', role = ''], options, console) =>
      (await import('./user.ts')).setRole(
        word,
        role,
        { ...commonOf(options), force: options['force'] === true },
        console,
      ),
  },
  {
    ...common,
    name: 'user password',
    summary:
      'set a new password; browsers that were signed in with that name sign in again, and API tokens of theirs are revoked',
    arguments: [name],
    options: [json],
    examples: [{ command: 'user password anna', what: 'asks for it; else it is the first line of standard input' }],
    run: async ([word = ''], options, console) =>
      (await import('./user.ts')).setPassword(word, commonOf(options), console),
  },
  {
    ...common,
    name: 'user invite',
    summary: 'print a link by which they set a password, good once and for three days; the one before is over',
    arguments: [name],
    options: [{ flag: '--json', summary: 'print {version, action, name, link, expiresAt}' }],
    examples: [{ command: 'user invite anna', what: 'for who has none yet, or forgot it' }],
    run: async ([word = ''], options, console) =>
      (await import('./user-access.ts')).inviteUser(word, commonOf(options), console),
  },
  {
    ...common,
    name: 'user sessions',
    summary: 'list the browsers that are signed in with a name, and from where',
    arguments: [name],
    options: [{ flag: '--json', summary: 'print {version, items}, each as /api/v1/me/sessions has it' }],
    examples: [{ command: 'user sessions anna', what: 'the newest first' }],
    run: async ([word = ''], options, console) =>
      (await import('./list-users.ts')).listSessions(word, commonOf(options), console),
  },
  {
    ...common,
    name: 'user sign-out',
    summary: 'sign them out of every browser, or of one',
    arguments: [name],
    options: [
      { flag: '--browser', value: 'ID', values: 'text', summary: 'only of this one, as user sessions names it' },
      json,
    ],
    examples: [{ command: 'user sign-out anna', what: 'they sign in again' }],
    run: async ([word = ''], options, console) =>
      (await import('./user-access.ts')).signOut(
        word,
        { ...commonOf(options), browser: textOf(options['browser']) },
        console,
      ),
  },
  {
    ...common,
    name: 'user disable',
    summary: 'let somebody sign in no more, and keep them; the last admin stays',
    arguments: [name],
    options: [json],
    examples: [{ command: 'user disable anna', what: 'signed out at once, with the API tokens of their own' }],
    run: async ([word = ''], options, console) =>
      (await import('./user-access.ts')).disableUser(word, commonOf(options), console),
  },
  {
    ...common,
    name: 'user enable',
    summary: 'let a disabled user sign in again',
    arguments: [name],
    options: [json],
    examples: [{ command: 'user enable anna', what: 'with the password and the role from before' }],
    run: async ([word = ''], options, console) =>
      (await import('./user-access.ts')).enableUser(word, commonOf(options), console),
  },
  {
    ...common,
    name: 'user remove',
    summary: 'take somebody out, and end their sessions; the last admin stays',
    arguments: [name],
    options: [force, json],
    examples: [{ command: 'user remove anna', what: 'at once' }],
    run: async ([word = ''], options, console) =>
      (await import('./user.ts')).removeUser(word, { ...commonOf(options), force: options['force'] === true }, console),
  },
  {
    ...common,
    name: 'api-token create',
    summary: 'print a token for a program that reads the API or /metrics; only its hash is kept',
    arguments: [name],
    options: [
      { ...roleOption, summary: 'viewer (default), operator or admin' },
      { flag: '--expires', value: 'DAYS', values: 'text', summary: 'how long it is good: 1d to 3650d (default: 90d)' },
      {
        flag: '--user',
        value: 'NAME',
        values: 'text',
        summary: 'whose it is: it may no more than they, and goes with them (default: nobody is)',
      },
      { flag: '--json', summary: 'print {version, name, role, token, expiresAt}' },
    ],
    examples: [{ command: 'api-token create prometheus --expires 365d', what: 'for the scraper of /metrics' }],
    run: async ([word = ''], options, console) =>
      (await import('./api-token.ts')).createApiToken(
        word,
        {
          ...commonOf(options),
          role: textOf(options['role']),
          expires: textOf(options['expires']),
          user: textOf(options['user']),
        },
        console,
      ),
  },
  {
    ...common,
    name: 'api-token list',
    summary: 'list API tokens: role, until when, and when they were last used',
    options: [{ flag: '--json', summary: 'print {version, items}' }],
    examples: [{ command: 'api-token list', what: 'all that were not revoked' }],
    run: async (_args, options, console) => (await import('./api-token.ts')).listApiTokens(commonOf(options), console),
  },
  {
    ...common,
    name: 'api-token revoke',
    summary: 'take an API token away, at once',
    arguments: [name],
    options: [json],
    examples: [{ command: 'api-token revoke prometheus', what: 'by its name' }],
    run: async ([word = ''], options, console) =>
      (await import('./api-token.ts')).revokeApiToken(word, commonOf(options), console),
  },
  {
    ...common,
    name: 'audit',
    summary:
      'show what people changed, newest first: users, tokens, labels, lists, requests, and sign-ins that failed too often',
    options: [
      { flag: '--limit', value: 'N', values: 'text', summary: 'so many (default: 100)' },
      { flag: '--actor', value: 'WHO', values: 'text', summary: 'by whom; * stands for any characters' },
      { flag: '--action', value: 'WHAT', values: 'text', summary: 'what was done: user-added, labels-set, …' },
      { flag: '--subject', value: 'OF', values: 'text', summary: 'to what; * stands for any characters' },
      { flag: '--via', value: 'WAY', values: 'text', summary: 'by which way: command, page, api-token, …' },
      { flag: '--since', value: 'DAY', values: 'text', summary: 'on this day (UTC) or later: 2026-11-28' },
      { flag: '--until', value: 'DAY', values: 'text', summary: 'on this day (UTC) or before' },
      { flag: '--csv', summary: 'print what the page saves as CSV' },
      { flag: '--json', summary: 'print {version, items}' },
    ],
    examples: [
      { command: 'audit --limit 20', what: 'the last twenty' },
      { command: 'audit --actor anna --since 2026-11-01 --csv', what: 'what one person changed, for a spreadsheet' },
    ],
    run: async (_args, options, console) =>
      (await import('./audit.ts')).showAudit(
        {
          ...commonOf(options),
          limit: textOf(options['limit']),
          actor: textOf(options['actor']),
          action: textOf(options['action']),
          subject: textOf(options['subject']),
          via: textOf(options['via']),
          since: textOf(options['since']),
          until: textOf(options['until']),
          csv: options['csv'] === true,
        },
        console,
      ),
  },
];
