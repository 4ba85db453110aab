import type { OptionEntry, Options } from '@certherd/command-line/command';
import { type CommandEntry, commonOf, textOf, usualExits } from './command-entry.ts';

/** What rows may be chosen by, as the page's facets are named. */
const labels = ['owner', 'team', 'environment', 'platform'];
export const chosenBy = {
  certificate: ['state', ...labels, 'issuer', 'key', 'automation'],
  endpoint: ['status', ...labels, 'host', 'port', 'key', 'outside'],
  host: ['status', 'mode', 'version', 'system', ...labels],
  target: ['state', 'finding', 'from', 'issuer', 'owner', 'environment'],
} as const;
type Noun = keyof typeof chosenBy;

const common = { exits: usualExits, settled: true } as const;
/** Of lists. */
export const words = [{ name: 'word', values: 'text', count: 'any' }] as const;
export const details =
  'Every WORD has to be in a row, as on the page. The value of an option is one that --counts shows, in any case; none: those that have none. ' +
  'In a terminal, columns that find no room are left out.';

const meanings: Readonly<Record<string, string>> = {
  automation: 'renewed so: certherd, certbot, by hand',
  finding: 'those about which this was found',
  from: 'those that are asked from there: the collector, or a host',
  host: 'those of this host',
  issuer: 'those of this issuer',
  key: 'those with this kind of key',
  mode: 'those whose agent may so much: observes only, may reload, may renew',
  outside: 'what is presented to those who look from outside: the same, another, nothing',
  port: 'those on this port',
  state: 'those in this state: proved, drift, expired, unserved, …',
  status: 'those in this state',
  system: 'those that run this system',
  version: 'those whose agent is of this version',
};

/** What the page lists, for a terminal and for scripts. */
export const readEntries: readonly CommandEntry[] = [
  {
    ...common,
    name: 'certificate list',
    summary: 'list certificates, those first that are served and end first: searched and narrowed down as on the page',
    details,
    arguments: words,
    options: [...listOptions('certificate'), { flag: '--authorities', summary: 'with those of authorities' }],
    examples: [
      { command: 'certificate list', what: 'all that is served, what ends first at the top' },
      { command: 'certificate list shop.example.com --state drift', what: 'what hangs, of one name' },
      { command: 'certificate list --issuer none --counts', what: 'how many there are of each kind' },
      { command: 'certificate list --owner payments --csv', what: 'for a spreadsheet' },
    ],
    run: async (args, options, console) =>
      (await import('./certificate.ts')).listCertificates(
        { ...listed('certificate', args, options), authorities: options['authorities'] === true },
        console,
      ),
  },
  {
    ...common,
    name: 'certificate show',
    summary:
      'tell everything of one certificate: names, chain, how far it got at each endpoint, files, who still serves an older one, its past',
    details:
      'CERTIFICATE is one of its names where only one certificate has it, or the begin of its SHA-256, of at least eight characters.',
    arguments: [{ name: 'certificate', values: 'text' }],
    options: [
      { flag: '--pem', summary: 'print the certificate itself instead' },
      {
        flag: '--json',
        summary:
          'print {version, at, certificate, chains, endpoints, waiting, older, successor, relatives, outside, history}',
      },
    ],
    examples: [
      { command: 'certificate show shop.example.com', what: 'by its name' },
      { command: 'certificate show 3f9a01c2 --pem | openssl x509 -text', what: 'for a tool of your own' },
    ],
    run: async ([wanted = ''], options, console) =>
      (await import('./show-certificate.ts')).showCertificate(
        wanted,
        { ...commonOf(options), pem: options['pem'] === true },
        console,
      ),
  },
  {
    ...common,
    name: 'endpoint list',
    summary: 'list everything that a client can connect to, the worst first, and whether it serves what was issued',
    details,
    arguments: words,
    options: listOptions('endpoint'),
    examples: [
      { command: 'endpoint list --status drift', what: 'what does not serve the newest' },
      { command: 'endpoint list --host web-1 --csv', what: 'what one host serves, for a spreadsheet' },
    ],
    run: async (args, options, console) =>
      (await import('./endpoint.ts')).listEndpoints(listed('endpoint', args, options), console),
  },
  {
    ...common,
    name: 'endpoint show',
    summary:
      'tell everything of one endpoint: issued, configured and served, the six states, findings, what the outside sees',
    details:
      'ENDPOINT is its id, as shop.example.com@0.0.0.0:443/ecdsa, or its server name where only one endpoint has it.',
    arguments: [{ name: 'endpoint', values: 'text' }],
    options: [
      { flag: '--host', value: 'HOST', values: 'text', summary: 'on this host: its name, or its agent id' },
      { flag: '--json', summary: 'print {version, at, endpoint, outside, lineage, findings, places}' },
    ],
    examples: [{ command: 'endpoint show shop.example.com --host web-1', what: 'as its page has it' }],
    run: async ([wanted = ''], options, console) =>
      (await import('./show-endpoint.ts')).showEndpoint(
        wanted,
        { ...commonOf(options), host: textOf(options['host']) },
        console,
      ),
  },
  {
    ...common,
    name: 'host list',
    summary: 'list enrolled hosts with their status, and why: the worst first',
    details,
    arguments: words,
    options: listOptions('host'),
    examples: [
      { command: 'host list', what: 'who is enrolled, and how each stands' },
      { command: 'host list --status unknown', what: 'who is silent, or looks no more' },
      { command: 'host list --json | jq .items', what: 'for scripts' },
    ],
    run: async (args, options, console) =>
      (await import('./host.ts')).listHosts(listed('host', args, options), console),
  },
  {
    ...common,
    name: 'host show',
    summary:
      'tell everything of one host: findings with their remedies, lineages and whether they would renew, endpoints, last events',
    details: 'HOST is its name, or its agent id where several have that name.',
    arguments: [{ name: 'host', values: 'text' }],
    options: [
      { flag: '--json', summary: 'print {version, at, host, renewability, findings, lineages, endpoints, events}' },
    ],
    examples: [{ command: 'host show web-1', what: 'as its page has it' }],
    run: async ([host = ''], options, console) =>
      (await import('./show-host.ts')).showHost(host, commonOf(options), console),
  },
];

export function listOptions(noun: Noun): OptionEntry[] {
  return [
    ...chosenBy[noun].map((name) => ({
      flag: `--${name}`,
      value: 'VALUE',
      values: 'text' as const,
      summary: meanings[name] ?? `those with this ${name}`,
    })),
    {
      flag: '--sort',
      value: 'COLUMN',
      values: 'text',
      summary: 'by this column, as it is headed (default: the most urgent first)',
    },
    { flag: '--reverse', summary: 'the other way round' },
    {
      flag: '--columns',
      value: 'NAMES',
      values: 'text',
      summary: 'these, as they are headed, with commas between them, or all; for --csv too',
    },
    { flag: '--counts', summary: 'how many rows have each value to choose by, and no rows' },
    { flag: '--csv', summary: 'print what the page saves as CSV' },
    { flag: '--json', summary: 'print {version, at, items}; with --counts {version, items}' },
  ];
}

export function listed(noun: Noun, args: readonly string[], options: Options) {
  return {
    ...commonOf(options),
    words: args,
    chosen: Object.fromEntries(chosenBy[noun].map((name) => [name, textOf(options[name])])),
    sort: textOf(options['sort']),
    reverse: options['reverse'] === true,
    columns: textOf(options['columns']),
    csv: options['csv'] === true,
    counts: options['counts'] === true,
  };
}
