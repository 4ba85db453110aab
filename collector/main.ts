#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { Command, CommanderError } from 'commander';
import { type CommonOptions, type Console, exitCodes } from './commands/command.ts';
import type { HostOptions } from './commands/host.ts';
import type { RevokeOptions } from './commands/revoke.ts';
import type { TokenOptions } from './commands/token.ts';
import { isStartFailure, messageOf } from './failure.ts';
import { systemClock } from './system/clock.ts';
import { collectorVersion } from './version.ts';

const terminal: Console = {
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
  confirm: async (question) => {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await prompt.question(`${question} [y/N] `).catch(() => '');
    prompt.close();
    return /^y(?:es)?$/i.test(answer.trim());
  },
  clock: systemClock,
  ended: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    }),
};

process.exit(await run(process.argv.slice(2)));

/** Runs one command; its exit code. Each command is loaded only when it is asked for. */
async function run(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const program = new Command('certherd-collector')
    .description('Collects what the agents of a fleet prove about their certificates, keeps it, and shows it.')
    .version(`certherd-collector ${collectorVersion}`, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
    .showHelpAfterError('(certherd-collector --help lists the commands)')
    .exitOverride();

  common(program.command('serve'))
    .description('receive agents, keep what they tell, and serve the status page until SIGTERM or SIGINT')
    .addHelpText('after', '\nNo config is needed. Prints "agents: HOST:PORT" and "web: URL" when ready.')
    .action(async (options: CommonOptions) => {
      code = await (await import('./commands/serve.ts')).serve(options, terminal);
    });
  const token = program.command('token').description('one-time tokens that let a host enrol');
  common(token.command('create'))
    .description('print a join string: one word for `certherd-agent enroll` on the host')
    .option('--url <HOST:PORT>', 'where agents reach this collector (default: public_address, else this machine)')
    .option(
      '--trust <what>',
      'what agents trust there: own-key, system-ca, or a certificate FILE (default: public_trust)',
    )
    .option('--expires <time>', 'how long it may be used: 30m, 1h, 2d', '1h')
    .option('--json', 'print {version, join, expiresAt}')
    .action(async (options: TokenOptions) => {
      code = await (await import('./commands/token.ts')).createToken(options, terminal);
    });
  const host = program.command('host').description('enrolled hosts');
  common(host.command('list'))
    .description('list enrolled hosts with their status, and why')
    .option('--json', 'print {version, at, items}')
    .action(async (options: HostOptions) => {
      code = await (await import('./commands/host.ts')).listHosts(options, terminal);
    });
  common(host.command('revoke'))
    .description("take a host's identity away: its agent is cut off within 5 s, and nothing it says is taken any more")
    .argument('<host>', 'its name, or its agent id where several have that name')
    .option('--yes', 'do not ask')
    .option('--json', 'print {version, agentId, name, revokedAt}; asks nothing, so that it needs --yes')
    .addHelpText('after', '\nIt cannot be taken back. The host may enrol anew: certherd-agent enroll --replace JOIN')
    .action(async (name: string, options: RevokeOptions) => {
      code = await (await import('./commands/revoke.ts')).revokeHost(name, options, terminal);
    });
  common(program.command('version'))
    .description('print the versions of this program, of the protocol and of node')
    .action(async () => {
      code = (await import('./commands/version.ts')).showVersion(terminal);
    });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, argv.includes('--verbose'));
  }
}

function common(command: Command): Command {
  return command
    .option('--config <file>', 'settings (default: /etc/certherd/collector.toml, if it is there)')
    .option('--data <dir>', 'data directory (takes the place of data_directory)')
    .option('--verbose', 'log everything; show where an error came from');
}

/** One line for what a person can mend; a stack trace only on request. */
function explain(error: unknown, verbose: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const trace = verbose && error instanceof Error ? `\n${error.stack}` : '';
  const hint = isStartFailure(error) || verbose ? '' : ' (a defect: run again with --verbose and report it)';
  terminal.complain(`certherd-collector: ${messageOf(error)}${hint}${trace}`);
  return exitCodes.failed;
}
