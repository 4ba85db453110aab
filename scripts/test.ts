import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { failedFilesOf } from './failed-files.ts';
import { type Tally, tallyOf } from './tally.ts';

// Everything that CI runs: three minutes of the soak, which mostly waits, with the checks beside it, and then the tests, which neither disturbs. The last line is "N passed, M failed".

const top = dirname(dirname(fileURLToPath(import.meta.url)));

interface Options {
  files: string[];
  coverage: boolean;
  full: boolean;
  again: boolean;
}

/** More is no accident of a busy machine. */
const mostAlone = 3;

const options = readOptions();
const [brokenChecks, soak] = await Promise.all([
  run([process.execPath, join(top, 'scripts', 'check.ts')], 'inherit'),
  options.files.length === 0 ? runSoak() : { passed: 0, failed: 0 },
]);
const tests = await runTests(options);
const passed = tests.passed + soak.passed;
const failed = tests.failed + brokenChecks.exit + soak.failed;
if (brokenChecks.exit > 0)
  console.log(`\n${brokenChecks.exit} of the checks failed (above); each counts as one failure.`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && tests.passed > 0 ? 0 : 1;

function readOptions(): Options {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        coverage: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        again: { type: 'boolean', default: false },
      },
    });
    return { files: positionals, ...values };
  } catch (error) {
    console.error(`test: ${error instanceof Error ? error.message : String(error)}; see ./scripts/test --help`);
    return process.exit(2);
  }
}

/** Runs ava with its own reporter shown, and counts by its summary. A run that breaks off is a failure too. */
async function runTests({ files, coverage, full, again }: Options): Promise<Tally> {
  const ava = [process.execPath, join(top, 'node_modules', '.bin', 'ava'), ...files];
  const measured = [process.execPath, join(top, 'node_modules', '.bin', 'c8')];
  const sources = ['agent', 'collector', 'command-line', 'protocol', 'x509', 'handshake'].flatMap((folder) => [
    '--include',
    `${folder}/**`,
  ]);
  const reports = ['--reporter', 'text-summary', '--reporter', 'html', '--reports-dir', join(top, 'coverage')];
  const argv = coverage ? [...measured, ...sources, ...reports, ...ava] : ava;
  // What comes compiled from a cache is counted less exactly.
  const ran = await run(argv, 'shown', {
    ...(full && { CERTHERD_FULL: '1' }),
    ...(coverage && { NODE_DISABLE_COMPILE_CACHE: '1' }),
  });
  const tally = tallyOf(ran.output);
  if (ran.exit !== 0 && tally.failed === 0) tally.failed = 1;
  return again && tally.failed > 0
    ? runAlone(tally, failedFilesOf(ran.output, (path) => existsSync(join(top, path))) ?? [])
    : tally;
}

/** A few files that failed beside all others run once more by themselves. What passes then is named, so that somebody mends it. */
async function runAlone(tally: Tally, files: string[]): Promise<Tally> {
  if (files.length === 0 || files.length > mostAlone) return tally;
  console.log(`\n${files.length} of the test files failed: once more, by themselves.`);
  const ava = [process.execPath, join(top, 'node_modules', '.bin', 'ava'), '--concurrency', '1', ...files];
  const ran = await run(ava, 'shown');
  const alone = tallyOf(ran.output);
  if (ran.exit !== 0 || alone.failed > 0 || alone.passed === 0) return tally;
  for (const file of files) console.log(`unsteady: ${file}: failed beside the others, passed by itself`);
  return { passed: tally.passed + tally.failed, failed: 0 };
}

/** It counts as one test. What befell, and what was not survived, is shown. */
async function runSoak(): Promise<Tally> {
  const { exit } = await run(
    [process.execPath, join(top, 'scripts', 'soak.ts'), '--minutes', '3', '--seed', 'ci'],
    'inherit',
  );
  return exit === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function run(
  argv: string[],
  show: 'inherit' | 'shown',
  environment: Record<string, string> = {},
): Promise<{ exit: number; output: string }> {
  const [program = process.execPath, ...rest] = argv;
  const child = spawn(program, rest, {
    cwd: top,
    env: {
      ...process.env,
      ...environment,
      PATH: `${join(top, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
    },
    stdio: ['ignore', show === 'inherit' ? 'inherit' : 'pipe', 'inherit'],
  });
  const parts: Buffer[] = [];
  child.stdout?.on('data', (part: Buffer) => {
    parts.push(part);
    process.stdout.write(part);
  });
  const exit = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', (status) => resolve(status ?? 1));
  });
  return { exit, output: Buffer.concat(parts).toString('utf8') };
}
