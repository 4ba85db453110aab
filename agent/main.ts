#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { type Context, exitCodes, openContext, writeError, writeLine } from './commands/context.ts';
import { agentVersion } from './version.ts';

interface CommonOptions {
  config?: string;
  verbose?: boolean;
  json?: boolean;
}

/** argv to a command and its exit code. Commands are loaded where they are used: the daemon stays small. */
async function main(argv: string[]): Promise<number> {
  let code: Promise<number> | number = exitCodes.ok;
  const program = new Command('certherd-agent')
    .description(
      'Proves, for every certificate on this host, that what was issued is what is configured is what is served.',
    )
    .version(agentVersion, '--version', 'print the version')
    .showHelpAfterError('(certherd-agent --help lists the commands)')
    .exitOverride();
  /** A command with the options that all have, from the settings to its exit code. */
  const define = (
    usage: string,
    description: string,
    action: (
      context: Context,
      args: string[],
      options: CommonOptions & Record<string, unknown>,
    ) => Promise<number> | number,
    failure: number = exitCodes.config,
  ) =>
    program
      .command(usage)
      .description(description)
      .option('--config <file>', 'settings and local policy (default: /etc/certherd/agent.toml)')
      .option('--verbose', 'show stack traces')
      .action((...given: unknown[]) => {
        const options = given.at(-2) as CommonOptions & Record<string, unknown>;
        const args = given.slice(0, -2).flat() as string[];
        const context = openContext(options.config);
        if (!context.ok) {
          for (const line of context.failure) writeError(line);
          code = failure;
          return;
        }
        code = action(context.value, args, options);
      });

  define('run', 'watch, judge, act and report until stopped (the service)', async (context) =>
    (await import('./commands/run.ts')).runCommand(context),
  );
  define(
    'check',
    'look once and judge; changes nothing. Exit 0 fine, 1 warning, 2 critical, 3 could not tell',
    async (context, _args, options) =>
      (await import('./commands/check.ts')).checkCommand(context, { json: options.json === true }),
    3,
  ).option('--json', 'print everything seen and found, for scripts');
  define(
    'inspect <file...>',
    'what is in these certificate files (PEM, DER, PKCS#7, PKCS#12)',
    async ({ files }, args, options) => {
      const { inspectCommand } = await import('./commands/inspect.ts');
      const { systemClock } = await import('./system/clock.ts');
      const { passwordFile } = options as { passwordFile?: string };
      return inspectCommand(
        args,
        { json: options.json === true, ...(passwordFile && { passwordFile }) },
        {
          files,
          clock: systemClock(),
          write: (text) => void process.stdout.write(text),
          writeError: (text) => void process.stderr.write(text),
          colour: process.stdout.isTTY === true && !process.env.NO_COLOR,
          columns: process.stdout.columns ?? 120,
        },
      );
    },
  )
    .option('--json', 'print one entry per file, in order')
    .option('--password-file <file>', 'where the password of a PKCS#12 file is');
  define(
    'enroll <join>',
    'enrol this host with a collector (JOIN comes from: certherd-collector token create)',
    async (context, [join = ''], options) =>
      (await import('./commands/enroll.ts')).enrollCommand(context, join, {
        replace: options.replace === true,
        json: options.json === true,
      }),
  )
    .option('--replace', 'leave the collector that this host is enrolled with')
    .option('--json', 'print the agent id, for scripts');
  define(
    'renew <lineage>',
    "renew a lineage through certbot now, reload nginx, prove it (the policy's mode must be renew)",
    async (context, [lineage = ''], options) =>
      (await import('./commands/renew.ts')).renewCommand(context, lineage, { json: options.json === true }),
  ).option('--json', 'print the outcomes with their steps, for scripts');
  define(
    'status',
    'what the running agent last said of itself. Exit 0 while it runs',
    async (context, _args, options) =>
      (await import('./commands/status.ts')).statusCommand(context, { json: options.json === true }),
  ).option('--json', 'the same for scripts');
  define(
    'act',
    'do one action that the policy allows: a JSON request on standard input (used by the agent itself)',
    async (context) => (await import('./commands/act.ts')).actCommand(context),
  );
  program
    .command('version')
    .description('print the version')
    .action(() => writeLine(agentVersion));

  await program.parseAsync(argv);
  return code;
}

const verbose = process.argv.includes('--verbose');
try {
  const code = await main(process.argv);
  // Output may still be on its way into a pipe: exit only once it is written.
  process.stdout.write('', () => process.exit(code));
} catch (error) {
  const isCheck = process.argv[2] === 'check';
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : isCheck ? 3 : exitCodes.usage);
  writeError(
    error instanceof Error
      ? verbose
        ? (error.stack ?? error.message)
        : `${error.message} (--verbose shows where)`
      : String(error),
  );
  process.exit(isCheck ? 3 : exitCodes.failed);
}
