import { resolve } from 'node:path';
import { completionEntry } from '@certherd/command-line/completion-entry';
import { adoptEntry } from './adopt-entry.ts';
import { type CommandEntry, configOption, type OptionEntry, type Options } from './command.ts';
import { exitCodes } from './context.ts';

export const programName = 'certherd-agent';

/** What the program is, in one sentence. */
export const programSummary =
  'Proves, for every certificate on this host, that what was issued is what is configured is what is served.';

const wrong = { usage: exitCodes.usage, settings: exitCodes.config };
const wrongExits = [
  { code: exitCodes.usage, what: 'wrong usage' },
  { code: exitCodes.config, what: 'wrong settings' },
];
const usualExits = [
  { code: exitCodes.ok, what: 'done' },
  { code: exitCodes.failed, what: 'failed, or not allowed' },
  ...wrongExits,
];
const json = (summary: string): OptionEntry => ({ flag: '--json', summary });

/** Every command. Each is loaded where it runs: the daemon stays small, and --help is quick. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'check',
    summary: 'look once and judge; changes nothing',
    details:
      'Tells what needs somebody first, each finding with its cause and the exact command, then a line for each endpoint with the six states of its certificate: issued, on disk, in the config, loaded by the server, served on this host, served everywhere (which only a collector can tell). Of more than 20 endpoints those that are fine share a line. With --root another tree is judged: a backup, or the root of a container. All paths are then inside it, links too, and only files are judged; the remedies are for the system whose tree it is.',
    options: [
      json('print everything seen and found, for scripts'),
      { flag: '--wide', summary: 'every endpoint and finding, with fingerprints, files and times' },
      { flag: '--findings-only', summary: 'leave the table of endpoints out' },
      { flag: '--no-probe', summary: 'make no connection: judge only what is on disk' },
      {
        flag: '--root',
        value: 'DIR',
        values: 'directory',
        summary: 'judge the tree below DIR in place of this host; implies --no-probe',
      },
      {
        flag: '--nginx-config',
        value: 'FILE',
        values: 'file',
        summary: 'judge this nginx config in place of the one in the settings; with --root a path inside DIR',
      },
    ],
    examples: [
      { command: 'check', what: 'the first look at a strange machine, as root' },
      { command: 'check --wide', what: 'also fingerprints, TLS versions, config lines and renewal times' },
      { command: 'check --root /srv/backup/web-1', what: 'what would come up after a restore' },
      { command: 'check --json | jq .findings', what: 'for scripts' },
    ],
    exits: [
      { code: 0, what: 'fine' },
      { code: 1, what: 'a warning' },
      { code: 2, what: 'something critical' },
      { code: 3, what: 'something could not be told; also wrong usage or settings' },
    ],
    wrong: { usage: 3, settings: 3 },
    run: {
      settled: async (context, _args, options) =>
        (await import('./check.ts')).checkCommand(context, {
          json: options.json === true,
          wide: options.wide === true,
          findingsOnly: options.findingsOnly === true,
          probe: options.probe !== false,
          ...treeOf(options),
        }),
    },
  },
  {
    name: 'explain',
    summary: 'what a finding means, where it comes from and what to do; without a code, all of them',
    arguments: [{ name: 'code', values: 'code', count: 'optional' }],
    options: [json('the same for scripts')],
    examples: [{ command: 'explain not-served', what: 'the founding incident: renewed, and never loaded' }],
    exits: [
      { code: exitCodes.ok, what: 'told' },
      { code: exitCodes.usage, what: 'there is no such code' },
    ],
    wrong,
    run: {
      free: async ([code], options) =>
        (await import('./explain.ts')).explainCommand(code, { json: options.json === true }),
    },
  },
  {
    name: 'inspect',
    summary: 'what is in these certificate files: PEM, DER, PKCS#7, PKCS#12',
    arguments: [{ name: 'file', values: 'file', count: 'many' }],
    options: [
      json('print one entry per file, in order'),
      { flag: '--password-file', value: 'FILE', values: 'file', summary: 'where the password of a PKCS#12 file is' },
    ],
    examples: [
      { command: 'inspect /etc/letsencrypt/live/*/fullchain.pem', what: 'names, validity, key and chain of each' },
      { command: 'inspect --password-file pass.txt store.p12', what: 'a container with a password' },
    ],
    exits: [
      { code: exitCodes.ok, what: 'all was read' },
      { code: 1, what: 'a file could not be read, or not wholly' },
      { code: exitCodes.usage, what: 'wrong usage' },
    ],
    wrong,
    run: { free: async (paths, options) => (await import('./inspect-here.ts')).inspectHere(paths, options) },
  },
  {
    name: 'run',
    summary: 'watch, judge, act and report until stopped (the service)',
    options: [],
    examples: [{ command: 'run --config /etc/certherd/agent.toml', what: 'what the systemd unit starts' }],
    exits: usualExits,
    wrong,
    run: { settled: async (context) => (await import('./run.ts')).runCommand(context) },
  },
  {
    name: 'status',
    summary: 'what the running agent last said of itself',
    options: [json('the same for scripts')],
    examples: [{ command: 'status', what: 'is it running, when did it look, is it connected' }],
    exits: [
      { code: exitCodes.ok, what: 'the agent runs' },
      { code: 1, what: 'it does not run, or that cannot be told' },
      ...wrongExits,
    ],
    wrong,
    run: {
      settled: async (context, _args, options) =>
        (await import('./status.ts')).statusCommand(context, { json: options.json === true }),
    },
  },
  {
    name: 'doctor',
    summary: 'what is wrong with this installation, and what mends it; changes nothing',
    details:
      'Looks at the settings, rights, state directory, daemon, act, clock, DNS, proxy, collector, certbot, servers and limits; of certificates check tells. A line for each; what is wrong with the reason why it matters and the exact command or setting that mends it. As root it sees all, and runs nginx -t. It connects to the collector and to the CAs of the lineages.',
    options: [json('the same for scripts'), configOption],
    examples: [
      { command: 'doctor', what: 'after an installation, or where something is not as it should be' },
      { command: `doctor --json | jq '.checks[] | select(.verdict == "wrong")'`, what: 'for scripts' },
    ],
    exits: [
      { code: 0, what: 'fine' },
      { code: 1, what: 'something is wrong' },
      { code: 3, what: 'something could not be told, and nothing is wrong; also wrong usage' },
    ],
    wrong: { usage: 3, settings: 3 },
    run: {
      free: async (_args, { config, json: isJson }) =>
        (await import('./doctor.ts')).doctorCommand({
          config: typeof config === 'string' ? config : undefined,
          json: isJson === true,
        }),
    },
  },
  {
    name: 'enroll',
    summary: 'enrol this host with a collector',
    details: 'JOIN comes from: certherd-collector token create. It is one word, good for one host and one hour.',
    arguments: [{ name: 'join', values: 'text' }],
    options: [
      { flag: '--replace', summary: 'leave the collector that this host is enrolled with' },
      json('print the agent id, for scripts'),
    ],
    examples: [{ command: 'enroll certherd://…', what: 'with the word that the collector printed' }],
    exits: usualExits,
    wrong,
    run: {
      settled: async (context, [join = ''], options) =>
        (await import('./enroll.ts')).enrollCommand(context, join, {
          replace: options.replace === true,
          json: options.json === true,
        }),
    },
  },
  {
    name: 'renew',
    summary: 'renew a lineage through certbot now, reload the servers that use it, prove it',
    details: 'Only where the local policy says mode = "renew".',
    arguments: [{ name: 'lineage', values: 'lineage' }],
    options: [json('print the outcomes with their steps, for scripts')],
    examples: [{ command: 'renew shop.example.com', what: 'a name from certbot certificates, or from check --wide' }],
    exits: usualExits,
    wrong,
    run: {
      settled: async (context, [lineage = ''], options) =>
        (await import('./renew.ts')).renewCommand(context, lineage, { json: options.json === true }),
    },
  },
  {
    name: 'rehearse',
    summary: 'try a renewal without renewing: would it succeed today? Without a name, all that the agent may renew',
    details:
      'Checks the renewal config, the plugin, the account, DNS, the challenge path on port 80, CAA and the config of the server; and with staging_server in the settings, certbot renew --dry-run there. A file with a random name is put into the webroot for a moment. Only where the local policy says mode = "renew". What it finds is told by check, too.',
    arguments: [{ name: 'lineage', values: 'lineage', count: 'optional' }],
    options: [json('print the outcomes with their steps, for scripts')],
    examples: [
      { command: 'rehearse shop.example.com', what: 'after a change to DNS, to port 80 or to the webroot' },
      { command: 'rehearse --json', what: 'all of them, for scripts' },
    ],
    exits: [
      { code: exitCodes.ok, what: 'every renewal would succeed' },
      { code: exitCodes.failed, what: 'one would fail, could not be told, or is not allowed' },
      ...wrongExits,
    ],
    wrong,
    run: {
      settled: async (context, [lineage], options) =>
        (await import('./rehearse.ts')).rehearseCommand(context, lineage, { json: options.json === true }),
    },
  },
  {
    name: 'restore',
    summary: 'link the version before of a lineage back, reload the servers that use it, prove it',
    details:
      'Takes the newest earlier version whose key fits, that is valid now and names what is served. Nothing is issued. Only where the local policy says mode = "deploy" or "renew".',
    arguments: [{ name: 'lineage', values: 'lineage' }],
    options: [json('print the outcome with its steps, for scripts')],
    examples: [{ command: 'restore shop.example.com', what: 'after a renewal that clients cannot use' }],
    exits: usualExits,
    wrong,
    run: {
      settled: async (context, [lineage = ''], options) =>
        (await import('./restore.ts')).restoreCommand(context, lineage, { json: options.json === true }),
    },
  },
  adoptEntry,
  {
    name: 'act',
    summary: 'do one action that the policy allows: a JSON request on standard input (used by the agent itself)',
    options: [],
    examples: [
      { command: `act <<< '{"verb":"reload","server":"nginx"}'`, what: 'test, reload, and prove at every endpoint' },
    ],
    exits: usualExits,
    wrong,
    run: { settled: async (context) => (await import('./act.ts')).actCommand(context) },
  },
  {
    ...completionEntry(programName, exitCodes),
    wrong,
    run: { free: async ([shell = '']) => (await import('./completion.ts')).completionCommand(shell) },
  },
  {
    name: 'version',
    summary: 'print the version',
    options: [],
    examples: [{ command: 'version', what: 'the same as --version' }],
    exits: [{ code: exitCodes.ok, what: 'printed' }],
    wrong,
    run: { free: async () => (await import('./version.ts')).versionCommand() },
  },
];

/** A config inside a tree is named as in the tree; one on this host may be named from where one stands. */
function treeOf({ root, nginxConfig }: Options): { root?: string; nginxConfig?: string } {
  const isTree = typeof root === 'string';
  const from = isTree ? '/' : process.cwd();
  return {
    ...(isTree && { root: resolve(root) }),
    ...(typeof nginxConfig === 'string' && { nginxConfig: resolve(from, nginxConfig) }),
  };
}
