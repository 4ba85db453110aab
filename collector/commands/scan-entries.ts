import { exitCodes } from './command.ts';
import { type CommandEntry, commonOf, textOf } from './command-entry.ts';

/** What a scan found, as its exit code. */
export const scanExits = { ...exitCodes, wrong: 2, unseen: 3 } as const;

const flag = (options: Readonly<Record<string, string | boolean | undefined>>, name: string): boolean =>
  options[name] === true;

/** What is served, seen from outside. */
export const scanEntries: readonly CommandEntry[] = [
  {
    name: 'scan',
    summary: 'ask names, addresses or ranges what they serve, from here, and judge it',
    details:
      'A TARGET is a name, an address or a range, with a port or without: shop.example.com, [2001:db8::1]:8443, 192.0.2.0/28:443, smtp://mail.example.com. ' +
      'Every address of a name is asked, IPv4 and IPv6, for ECDSA and RSA. Nothing but TLS handshakes is made, and STARTTLS before them where a protocol asks for it. ' +
      'Private networks and this machine itself are asked only where that is allowed; link-local addresses and metadata services never.',
    arguments: [{ name: 'target', values: 'text', count: 'any' }],
    options: [
      {
        flag: '--file',
        value: 'FILE',
        values: 'file',
        summary: 'targets of a list or a sheet (CSV); - for standard input',
      },
      { flag: '--fleet', summary: 'all names that the fleet serves, and those of the imported list' },
      { flag: '--ports', value: 'PORT,…', values: 'text', summary: 'of targets that name none (default: 443)' },
      {
        flag: '--starttls',
        value: 'PROTOCOL',
        values: 'text',
        summary: 'of targets that name none: smtp, imap, pop3, postgres, ftp, mysql, ldap',
      },
      { flag: '--roots', value: 'FILE', values: 'file', summary: "PEM with roots to trust beside the system's" },
      { flag: '--versions', summary: 'also ask which versions of TLS each address takes' },
      {
        flag: '--name-servers',
        value: 'ADDRESS,…',
        values: 'text',
        summary: 'resolvers to ask (default: scan_name_servers)',
      },
      { flag: '--allow-private', summary: 'also ask addresses of private networks' },
      { flag: '--allow-loopback', summary: 'also ask this machine itself' },
      { flag: '--rate', value: 'N', values: 'text', summary: 'handshakes a second, in all (default: 100)' },
      {
        flag: '--address-rate',
        value: 'N',
        values: 'text',
        summary: 'handshakes a second at one address (default: 10)',
      },
      { flag: '--at-once', value: 'N', values: 'text', summary: 'handshakes at the same time (default: 64)' },
      { flag: '--timeout', value: 'TIME', values: 'text', summary: 'for each handshake: 2s, 1m (default: 10s)' },
      {
        flag: '--resume',
        value: 'FILE',
        values: 'file',
        summary: 'keep each answer there; what is there already is not asked again',
      },
      { flag: '--save', summary: 'put what was seen into the imported list; its other rows and labels stay' },
      { flag: '--csv', summary: 'print a sheet that import reads' },
      { flag: '--json', summary: 'print {version, at, items}' },
    ],
    examples: [
      { command: 'scan shop.example.com smtp://mail.example.com', what: 'two names, at all of their addresses' },
      { command: 'scan --file domains.txt --csv', what: 'a list of names as a sheet with what is served' },
      {
        command: 'scan --allow-private 10.0.0.0/24:8443 --resume net.jsonl',
        what: 'a network, going on where it was left',
      },
      { command: 'scan --fleet', what: 'what hosts prove, seen from here' },
    ],
    exits: [
      { code: scanExits.ok, what: 'every target answered, and nothing is wrong with what it serves' },
      { code: scanExits.failed, what: 'failed, or was ended before it was over' },
      {
        code: scanExits.wrong,
        what: 'a certificate is expired, ends soon, is revoked, of another name, or not trusted, or its staple is not valid',
      },
      {
        code: scanExits.unseen,
        what: 'an address did not show a certificate, or was not told; nothing else is wrong',
      },
      { code: scanExits.usage, what: 'wrong usage' },
      { code: scanExits.config, what: 'wrong settings' },
    ],
    settled: true,
    run: async (targets, options, console) =>
      (await import('./scan.ts')).scan(
        targets,
        {
          ...commonOf(options),
          file: textOf(options['file']),
          fleet: flag(options, 'fleet'),
          ports: textOf(options['ports']),
          startTls: textOf(options['starttls']),
          roots: textOf(options['roots']),
          versions: flag(options, 'versions'),
          nameServers: textOf(options['nameServers']),
          allowPrivate: flag(options, 'allowPrivate'),
          allowLoopback: flag(options, 'allowLoopback'),
          rate: textOf(options['rate']),
          addressRate: textOf(options['addressRate']),
          atOnce: textOf(options['atOnce']),
          timeout: textOf(options['timeout']),
          resume: textOf(options['resume']),
          save: flag(options, 'save'),
          csv: flag(options, 'csv'),
        },
        console,
      ),
  },
];
