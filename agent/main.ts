#!/usr/bin/env node
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { type Context, exitCodes, openContext, writeError, writeLine } from './commands/context.ts';
import { agentVersion } from './version.ts';

interface Options {
  config?: string;
  verbose?: boolean;
  json?: boolean;
  passwordFile?: string;
  replace?: boolean;
  findingsOnly?: boolean;
  probe?: boolean;
  nginxConfig?: string;
}
type Action = (context: Context, args: string[], options: Options) => Promise<number> | number;

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
  /** A command with the options that all have; `unsettled` is its exit code when the settings are wrong. */
  const define = (usage: string, description: string, action: Action, unsettled: number = exitCodes.config) => {
    const command = program
      .command(usage)
      .description(description)
      .option('--config <file>', 'settings and local policy (default: /etc/certherd/agent.toml)')
      .option('--verbose', 'show stack traces')
      .action(() => {
        const options = command.opts<Options>();
        const context = openContext(options.config);
        if (context.ok) {
          code = action(context.value, command.args, options);
          return;
        }
        for (const line of context.failure) writeError(line);
        code = unsettled;
      });
    return command;
  };

  define('run', 'watch, judge, act and report until stopped (the service)', async (context) =>
    (await import('./commands/run.ts')).runCommand(context),
  );
  define(
    'check',
    'look once and judge; changes nothing. Exit 0 fine, 1 warning, 2 critical, 3 could not tell',
    async (context, _args, options) =>
      (await import('./commands/check.ts')).checkCommand(context, {
        json: options.json === true,
        findingsOnly: options.findingsOnly === true,
        probe: options.probe !== false,
        ...(options.nginxConfig && { nginxConfig: resolve(options.nginxConfig) }),
      }),
    3,
  )
    .option('--json', 'print everything seen and found, for scripts')
    .option('--findings-only', 'leave the table of endpoints out')
    .option('--no-probe', 'make no connection: judge only what is on disk')
    .option('--nginx-config <file>', 'judge this nginx config in place of the one in the settings');
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
  const explain = program
    .command('explain [code]')
    .description('what a finding means, where it comes from and what to do; without a code, all of them')
    .option('--json', 'the same for scripts')
    .action(async () => {
      const { explainCommand } = await import('./commands/explain.ts');
      code = explainCommand(explain.args[0], { json: explain.opts<Options>().json === true });
    });
  const inspect = program
    .command('inspect <file...>')
    .description('what is in these certificate files (PEM, DER, PKCS#7, PKCS#12). Exit 1 when one cannot be read')
    .option('--json', 'print one entry per file, in order')
    .option('--password-file <file>', 'where the password of a PKCS#12 file is')
    .option('--verbose', 'show stack traces')
    .action(() => {
      code = inspectFiles(inspect.args, inspect.opts<Options>());
    });
  program
    .command('version')
    .description('print the version')
    .action(() => writeLine(agentVersion));

  await program.parseAsync(argv);
  return code;
}

/** Needs no settings: it looks only at what it is given. */
async function inspectFiles(paths: string[], { json = false, passwordFile }: Options): Promise<number> {
  const { inspectCommand } = await import('./commands/inspect.ts');
  const { systemClock } = await import('./system/clock.ts');
  const { systemFiles } = await import('./system/files.ts');
  const io = {
    files: systemFiles(),
    clock: systemClock(),
    write: (text: string) => void process.stdout.write(text),
    writeError: (text: string) => void process.stderr.write(text),
    colour: process.stdout.isTTY && !process.env.NO_COLOR,
    columns: process.stdout.columns ?? 120,
  };
  return inspectCommand(paths, { json, ...(passwordFile && { passwordFile }) }, io);
}

const verbose = process.argv.includes('--verbose');
// Whoever read the output has seen enough (`| head`), or has ended: what was begun is finished all the same.
process.stdout.on('error', () => {});
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
