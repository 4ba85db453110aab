import type { OptionEntry } from '@certherd/command-line/command';
import { completionEntry } from '@certherd/command-line/completion-entry';
import { accountEntries } from './account-entries.ts';
import { campaignEntries } from './campaign-entries.ts';
import { exitCodes } from './command.ts';
import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';
import { labelEntries } from './label-entries.ts';
import { listEntries } from './list-entries.ts';
import { moveEntry } from './move-entry.ts';
import { readEntries } from './read-entries.ts';
import { scanEntries } from './scan-entries.ts';
import { targetEntries } from './target-entries.ts';
import { timeEntries } from './time-entries.ts';
import { notifyEntries } from './notify-entries.ts';

export const programName = 'certherd-collector';

/** What the program is, in one sentence. */
export const programSummary =
  'Collects what the agents of a fleet prove about their certificates, keeps it, and shows it.';

/** What commands of two words are about. */
export const commandGroups: Readonly<Record<string, string>> = {
  token: 'join strings, by which hosts enrol',
  certificate: 'what was issued, and where it is configured and served',
  endpoint: 'what clients can connect to',
  host: 'machines with an agent',
  user: 'who may sign in at the page',
  'api-token': 'tokens of programs that read the API or /metrics',
  label: 'owner, team and other labels of hosts and names',
  target: 'what is asked from outside, again and again',
  campaign: 'certificates that are replaced in waves',
  notify: 'channels by which people are told',
};

/** The options of this command, in the order in which they are told. */
export function optionsOf({ options, settled }: CommandEntry): OptionEntry[] {
  return [...options, ...(settled ? settingOptions : []), verboseOption];
}

const settingOptions: readonly OptionEntry[] = [
  {
    flag: '--config',
    value: 'FILE',
    values: 'file',
    summary: 'settings (default: /etc/certherd/collector.toml, if it is there)',
  },
  {
    flag: '--data',
    value: 'DIR',
    values: 'directory',
    summary: 'data directory (takes the place of data_directory)',
  },
];

const verboseOption: OptionEntry = {
  flag: '--verbose',
  summary: 'log everything; show where an error came from',
};

/** Every command. Each is loaded where it runs. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'receive agents, keep what they tell, and serve the status page until SIGTERM or SIGINT',
    details: 'No settings are needed. It prints "agents: HOST:PORT" and "web: URL" when it is ready.',
    options: [],
    examples: [
      { command: 'serve', what: 'with the settings of /etc/certherd/collector.toml, or none' },
      { command: 'serve --data /srv/certherd', what: 'with its database and key in another directory' },
    ],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) => (await import('./serve.ts')).serve(commonOf(options), console),
  },
  {
    name: 'token create',
    summary: 'print a join string: one word for certherd-agent enroll on the host',
    details:
      'It is good for one host, and names the TLS key of this collector, so that the token is sent to nobody else.',
    options: [
      {
        flag: '--url',
        value: 'HOST:PORT',
        values: 'text',
        summary: 'where agents reach this collector (default: public_address, else this machine)',
      },
      {
        flag: '--trust',
        value: 'WHAT',
        values: 'text',
        summary: 'what agents trust there: own-key, system-ca, or a certificate file (default: public_trust)',
      },
      {
        flag: '--expires',
        value: 'TIME',
        values: 'text',
        summary: 'how long it may be used: 30m, 1h, 2d (default: 1h)',
      },
      {
        flag: '--labels',
        value: 'KEY=VALUE,…',
        values: 'text',
        summary: 'what the host is labelled as it enrols: owner=payments,team=checkout',
      },
      { flag: '--count', value: 'N', values: 'text', summary: 'so many, one a line (default: 1)' },
      { flag: '--json', summary: 'print {version, join, expiresAt}' },
    ],
    examples: [
      { command: 'token create', what: 'for a host that knows this machine by its name' },
      { command: 'token create --url collector.example:8443 --expires 2d', what: 'for a host that is set up tomorrow' },
    ],
    exits: usualExits,
    settled: true,
    run: async (_args, options, console) =>
      (await import('./token.ts')).createToken(
        {
          ...commonOf(options),
          ...(typeof options['url'] === 'string' && { url: options['url'] }),
          ...(typeof options['trust'] === 'string' && { trust: options['trust'] }),
          ...(typeof options['labels'] === 'string' && { labels: options['labels'] }),
          expires: typeof options['expires'] === 'string' ? options['expires'] : '1h',
          ...(typeof options['count'] === 'string' && { count: options['count'] }),
        },
        console,
      ),
  },
  ...timeEntries,
  ...readEntries,
  ...accountEntries,
  ...labelEntries,
  ...listEntries,
  ...scanEntries,
  ...targetEntries,
  ...campaignEntries,
  ...notifyEntries,
  {
    name: 'request',
    summary: 'ask a host for something: rescan, verify, reload, renew, restore or rehearse',
    details:
      'SUBJECT is the id of something that the host itself reported: a lineage, a server, an endpoint; it may be left out where there is only one. ' +
      "The host's own policy has the last word: what it says is shown with --wait, and kept at /api/v1/requests. A host that is away is asked when it connects.",
    arguments: [
      { name: 'verb', values: 'text' },
      { name: 'subject', values: 'text', count: 'optional' },
    ],
    options: [
      { flag: '--host', value: 'HOST', values: 'text', summary: 'which host: its name, or its agent id' },
      { flag: '--reason', value: 'TEXT', values: 'text', summary: 'why, for the history' },
      {
        flag: '--within',
        value: 'TIME',
        values: 'text',
        summary: 'not to be begun later: 30s, 10m, 1d (default: 10m)',
      },
      {
        flag: '--key',
        value: 'WORD',
        values: 'text',
        summary: 'the same word again is the same request, and is done once',
      },
      { flag: '--wait', summary: 'until the host has answered; exit 1 where it failed, refused or did not' },
      { flag: '--json', summary: 'print {version, id, state, ...}' },
    ],
    examples: [
      {
        command: 'request renew shop --host web-1 --reason "the key leaked" --wait',
        what: 'and wait for what came of it',
      },
      { command: 'request reload nginx --host web-1 --reason drift', what: 'when it connects, within ten minutes' },
    ],
    exits: usualExits,
    settled: true,
    run: async ([verb = '', subject], options, console) =>
      (await import('./request.ts')).request(
        verb,
        subject,
        {
          ...commonOf(options),
          host: textOf(options['host']),
          reason: textOf(options['reason']),
          within: textOf(options['within']),
          key: textOf(options['key']),
          wait: options['wait'] === true,
        },
        console,
      ),
  },
  {
    name: 'backup',
    summary: 'write the database as of one moment to FILE, checked, while the collector goes on serving',
    details:
      'A collector that serves makes the copy itself; where none does, this command makes it. FILE is there only once it is whole, with ' +
      'rights for its owner alone; an earlier backup of that name is replaced. The TLS key is not in it: keep a copy of DATA/tls, once.',
    arguments: [{ name: 'file', values: 'file' }],
    options: [{ flag: '--json', summary: 'print {version, file, at, hosts, certificates, events, bytes}' }],
    examples: [
      { command: 'backup /var/backups/certherd.db', what: 'nightly, from cron or a timer' },
      { command: 'backup --data /srv/certherd certherd.db', what: 'of a collector with its data in another directory' },
    ],
    exits: usualExits,
    settled: true,
    run: async ([file = ''], options, console) =>
      (await import('./backup.ts')).backUp(file, commonOf(options), console),
  },
  {
    name: 'restore',
    summary: 'put a backup in the place of the database, which is kept beside it',
    details:
      'It refuses while a collector serves, and a backup that is damaged or of a newer version. Every agent then sends all it sees; events that ' +
      'came after the backup are told as missing. Hosts that were enrolled after it must be enrolled again.',
    arguments: [{ name: 'file', values: 'file' }],
    options: [{ flag: '--json', summary: 'print {version, backedUpAt, hosts, certificates, events, bytes, keptAs?}' }],
    examples: [{ command: 'restore /var/backups/certherd.db', what: 'after systemctl stop certherd-collector' }],
    exits: usualExits,
    settled: true,
    run: async ([file = ''], options, console) =>
      (await import('./restore.ts')).restore(file, commonOf(options), console),
  },
  moveEntry,
  {
    name: 'host revoke',
    summary: "take a host's identity away: its agent is cut off within 5 s, and nothing it says is taken any more",
    details:
      'HOST is its name, or its agent id where several have that name. It cannot be taken back. The host may enrol anew: certherd-agent enroll --replace JOIN',
    arguments: [{ name: 'host', values: 'text' }],
    options: [
      { flag: '--yes', summary: 'do not ask' },
      { flag: '--json', summary: 'print {version, agentId, name, revokedAt}; asks nothing, so that it needs --yes' },
    ],
    examples: [
      { command: 'host revoke web-1.example.org', what: 'a host that was taken over, cloned or given away' },
      { command: 'host revoke --yes --json web-1.example.org', what: 'for scripts' },
    ],
    exits: usualExits,
    settled: true,
    run: async ([host = ''], options, console) =>
      (await import('./revoke.ts')).revokeHost(
        host,
        { ...commonOf(options), json: options['json'] === true, yes: options['yes'] === true },
        console,
      ),
  },
  {
    name: 'doctor',
    summary: 'what is wrong with this installation, and what mends it; changes nothing',
    details:
      'Looks at the settings, data directory, database, TLS key, ports, agents, channels, clock and limits, while the collector serves and when it does not. A line for each; what is wrong with the reason why it matters and the exact command or setting that mends it. To measure the disk it writes a file of 36 KiB into the data directory and removes it.',
    options: [{ flag: '--json', summary: 'the same for scripts' }],
    examples: [
      { command: 'doctor', what: 'after an installation, or where something is not as it should be' },
      { command: 'doctor --data /srv/certherd', what: 'of a collector that serves from there' },
    ],
    exits: [
      { code: 0, what: 'fine' },
      { code: 1, what: 'something is wrong' },
      { code: 3, what: 'something could not be told, and nothing is wrong' },
      { code: exitCodes.usage, what: 'wrong usage' },
    ],
    settled: true,
    run: async (_args, options, console) =>
      (await import('./doctor.ts')).showDoctor({ ...commonOf(options), json: options['json'] === true }, console),
  },
  {
    name: 'health',
    summary: 'ask the collector that serves here whether it can keep what it is told, for probes',
    details:
      'It asks /healthz at web_listen, opens nothing and changes nothing. doctor tells more. The container image has it as its health check.',
    options: [],
    examples: [{ command: 'health', what: 'where there is no curl' }],
    exits: [
      { code: exitCodes.ok, what: 'it answers, and what agents tell is kept' },
      { code: exitCodes.failed, what: 'nobody answers, or nothing can be written' },
      { code: exitCodes.usage, what: 'wrong usage' },
      { code: exitCodes.config, what: 'wrong settings' },
    ],
    settled: true,
    run: async (_args, options, console) => (await import('./health.ts')).showHealth(commonOf(options), console),
  },
  {
    ...completionEntry(programName, exitCodes),
    settled: false,
    run: async ([shell = ''], _options, console) => (await import('./completion.ts')).printCompletion(shell, console),
  },
  {
    name: 'version',
    summary: 'print the versions of this program, of the protocol and of node, and the commit that it was built from',
    options: [],
    examples: [{ command: 'version', what: 'for a report of a defect' }],
    exits: [{ code: exitCodes.ok, what: 'printed' }],
    settled: false,
    run: async (_args, _options, console) => (await import('./version.ts')).showVersion(console),
  },
];
