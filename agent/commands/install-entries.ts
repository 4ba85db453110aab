import type { CommandEntry, OptionEntry, Options } from './command.ts';
import { exitCodes } from './context.ts';

const wrong = { usage: exitCodes.usage, settings: exitCodes.config };
const dryRun: OptionEntry = { flag: '--dry-run', summary: 'print what would be done, and change nothing' };
const json: OptionEntry = { flag: '--json', summary: 'print the steps and what came of them, for scripts' };
const exits = (done: string, failed: string) => [
  { code: exitCodes.ok, what: done },
  { code: exitCodes.failed, what: failed },
  { code: exitCodes.usage, what: 'wrong usage' },
  { code: exitCodes.config, what: 'wrong settings' },
];

/** `install`, `upgrade` and `uninstall`, for hosts without a package. */
export const installEntries: readonly CommandEntry[] = [
  {
    name: 'install',
    summary: 'make this program the agent of this host: account, units, settings, start; for hosts without a package',
    details:
      'Copies this single binary to /usr/bin/certherd-agent, makes the account certherd-agent, the units and /etc/certherd/agent.toml with every setting as a comment, enrols, starts the agent, waits for its first look, and prints a check. A second run changes nothing; one that was cut off is finished by the next. A step that fails has all that was begun taken back. Settings that are there are kept; --mode changes that line alone.',
    options: [
      {
        flag: '--join',
        value: 'JOIN',
        values: 'text',
        summary:
          'also enrol, with the word that certherd-collector token create printed; - reads it from standard input, where no list of processes shows it',
      },
      {
        flag: '--mode',
        value: 'MODE',
        values: 'text',
        summary:
          "observe, deploy or renew: what the agent may do; switches act's socket (default: as it is, at first observe)",
      },
      { flag: '--no-check', summary: 'leave the check at the end out' },
      dryRun,
      json,
    ],
    examples: [
      { command: 'install --dry-run', what: 'what would be done here' },
      { command: 'install --join certherd://…', what: 'install, enrol, observe' },
      { command: 'install --mode deploy', what: 'from now on also reload what serves something old' },
    ],
    exits: exits('installed, or it was so already', 'not installed; the host is as it was'),
    wrong,
    run: {
      free: async (_args, options) =>
        (await import('./install.ts')).installCommand({
          ...flagsOf(options),
          check: options.check !== false,
          ...(typeof options.join === 'string' && { join: options.join }),
          ...(typeof options.mode === 'string' && { mode: options.mode }),
        }),
    },
  },
  {
    name: 'upgrade',
    summary:
      'put another version in the place of the installed one, prove it, and go back by itself where it is not well',
    details:
      'FILE is looked at before anything changes: its processor, and whether it starts here. The new version is well when systemd calls it active and it has completed a look within 60 seconds; else the old one is put back and started. The old one stays as /usr/bin/certherd-agent.previous, which can be named as FILE. An upgrade that was interrupted is finished or taken back first; without FILE that is all that is done.',
    arguments: [{ name: 'file', values: 'file', count: 'optional' }],
    options: [dryRun, json],
    examples: [
      { command: 'upgrade ./certherd-agent', what: 'the new version, as it was downloaded' },
      { command: 'upgrade /usr/bin/certherd-agent.previous', what: 'back to the version before' },
      { command: 'upgrade', what: 'bring an upgrade that was interrupted to its end' },
    ],
    exits: exits('upgraded, or it was this version already', 'not upgraded; the old version is in its place'),
    wrong,
    run: {
      free: async ([file], options) => (await import('./upgrade.ts')).upgradeCommand(file, flagsOf(options)),
    },
  },
  {
    name: 'uninstall',
    summary: 'take away what install made; settings and state stay, unless --purge',
    details:
      'Stops the agent and its actions, and removes units, account and program. Without --purge /etc/certherd, /var/lib/certherd-agent and /var/lib/certherd-act stay, belong to root, and are used again by the next install. Certificates, certbot and servers are not touched.',
    options: [{ flag: '--purge', summary: 'remove settings and state as well' }, dryRun, json],
    examples: [
      { command: 'uninstall --dry-run', what: 'what would be removed' },
      { command: 'uninstall --purge', what: 'nothing of it stays' },
    ],
    exits: exits('removed, or there was nothing', 'not removed, or not all'),
    wrong,
    run: {
      free: async (_args, options) =>
        (await import('./uninstall.ts')).uninstallCommand({ ...flagsOf(options), purge: options.purge === true }),
    },
  },
];

function flagsOf(options: Options): { dryRun: boolean; json: boolean } {
  return { dryRun: options.dryRun === true, json: options.json === true };
}
