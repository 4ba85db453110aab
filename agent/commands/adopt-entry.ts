import type { CommandEntry, Options } from './command.ts';
import { exitCodes } from './context.ts';

/** `certherd-agent adopt`. */
export const adoptEntry: CommandEntry = {
  name: 'adopt',
  summary: 'move a certificate that nobody renews to certbot: plan, ask, issue, change the config, prove',
  details:
    'NAME is a server name or the path of a certificate, as check shows them. The plan tells the names, the CA, how it is answered, every command, and the lines of the nginx config that change; then you are asked once. Every failure after the change puts the config back byte for byte, and proves that. An adoption that was cut off is brought to its end by the same command.',
  arguments: [{ name: 'name', values: 'text' }],
  options: [
    { flag: '--plan', summary: 'show the plan and change nothing' },
    { flag: '--yes', summary: 'do it without asking' },
    { flag: '--json', summary: 'print the plan, and the outcome with its steps, for scripts' },
    {
      flag: '--server',
      value: 'URL',
      values: 'text',
      summary: "the CA's ACME directory (default: that of the lineages here, or Let's Encrypt)",
    },
    {
      flag: '--authenticator',
      value: 'HOW',
      values: 'text',
      summary: 'webroot, nginx or standalone (default: the first of them that works here)',
    },
    {
      flag: '--webroot',
      value: 'DIR',
      values: 'directory',
      summary: 'the directory that is served on port 80 (default: read from the config)',
    },
    {
      flag: '--name',
      value: 'LINEAGE',
      values: 'text',
      summary: "the lineage's name (default: the first server name)",
    },
    { flag: '--no-rehearsal', summary: 'issue without a rehearsal at a staging CA' },
  ],
  examples: [
    { command: 'adopt shop.example.com --plan', what: 'what would be done, and the diff' },
    { command: 'adopt /etc/nginx/tls/shop.pem', what: 'every server block that names this file' },
  ],
  exits: [
    { code: exitCodes.ok, what: 'adopted; with --plan: it can be' },
    { code: exitCodes.failed, what: 'it cannot be adopted, or failed and was put back' },
    { code: exitCodes.usage, what: 'wrong usage, or not confirmed' },
    { code: exitCodes.config, what: 'wrong settings' },
  ],
  wrong: { usage: exitCodes.usage, settings: exitCodes.config },
  run: {
    settled: async (context, [name = ''], options) =>
      (await import('./adopt.ts')).adoptCommand(context, name, {
        plan: options.plan === true,
        json: options.json === true,
        yes: options.yes === true,
        rehearse: options.rehearsal !== false,
        ...textOf(options, 'server', (acmeDirectory) => ({ acmeDirectory })),
        ...textOf(options, 'authenticator', (authenticator) => ({ authenticator })),
        ...textOf(options, 'webroot', (webroot) => ({ webroot })),
        ...textOf(options, 'name', (lineage) => ({ lineage })),
      }),
  },
};

/** An option's value under the name by which the command knows it; nothing where it was not given. */
function textOf<T>(options: Options, option: string, named: (value: string) => T): T | undefined {
  const value = options[option];
  return typeof value === 'string' ? named(value) : undefined;
}
