import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openOutbox } from '../../agent/report/outbox.ts';
import { systemState } from '../../agent/system/state.ts';
import { silentLog, testDirectory } from '../helpers/directory.ts';

const trial = path.resolve(import.meta.dirname, '../helpers/outbox-trial.ts');

interface Line {
  sent?: number;
  summary?: string;
  added?: number;
  complaint?: string;
  size?: number;
}

/** Runs the trial below `argv`; its lines, once it has ended well. */
async function run(t: ExecutionContext, argv: string[]): Promise<Line[]> {
  const [program = '', ...rest] = argv;
  // What Node itself would read and write besides is no call of the outbox.
  const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => err.push(part));
  const [code] = await once(child, 'close');
  t.is(code, 0, Buffer.concat(err).toString().slice(-2000));
  return Buffer.concat(out)
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

/** What a new process finds in the directory. */
function found(directory: string): Map<number, string> {
  const outbox = openOutbox(systemState(directory), silentLog, 0, () => 'epoch-after');
  return new Map(outbox.after(0, 100_000).map(({ seq, kind, summary }) => [seq, kind === 'gap' ? 'gap' : summary]));
}

/** Whatever failed: what was sent is there under its number, and nothing was sent twice or out of order. */
function check(t: ExecutionContext, lines: Line[], kept: Map<number, string>): void {
  const sent = lines.filter((line) => line.sent !== undefined);
  for (const { sent: seq = 0, summary } of sent) t.is(kept.get(seq), summary, `seq ${seq}`);
  const seqs = sent.map((line) => line.sent ?? 0);
  t.deepEqual(
    seqs,
    [...new Set(seqs)].sort((a, b) => a - b),
  );
}

const traced = (inject: string, log: string, ...argv: string[]) =>
  ['strace', '-f', '-qq', '-o', log, ...inject.split(' '), process.execPath, trial, ...argv] as const;

for (const [title, inject] of [
  ['an append that finds the disk full', '-P OUTBOX -e inject=write,pwrite64:error=ENOSPC:when=3'],
  ['an append that fails with an IO error, again and again', '-P OUTBOX -e inject=write,pwrite64:error=EIO:when=2+2'],
  ['a flush that fails', '-e inject=fsync:error=EIO:when=4'],
  ['flushes that fail, each third one', '-e inject=fsync:error=EIO:when=3+3'],
  // The first one of a new outbox, and the one that is tried at once in its place.
  ['a rename that fails before there is a file', '-e inject=rename,renameat,renameat2:error=EIO:when=1..2'],
] as const)
  test(`${title} costs no event that was sent, and none that is in memory`, async (t) => {
    const directory = testDirectory(t);
    const state = path.join(directory, 'state');
    fs.mkdirSync(state);
    const where = inject.replace('OUTBOX', path.join(state, 'outbox.jsonl'));
    const lines = await run(t, [...traced(where, path.join(directory, 'trace'), state, '12', '200')]);
    t.true(fs.readFileSync(path.join(directory, 'trace'), 'utf8').includes('INJECTED'), 'the fault was injected');
    t.is(lines.filter((line) => line.added !== undefined).length, 12);
    t.true(lines.some(({ complaint }) => complaint === 'the outbox cannot be written'));
    const kept = found(state);
    check(t, lines, kept);
    t.deepEqual(
      [...kept.keys()],
      Array.from({ length: 12 }, (_, index) => index + 1),
      'all were on disk in the end',
    );
  });

test('a write of which the disk kept a part, though it said otherwise, is a gap that counts what is lost', async (t) => {
  const directory = testDirectory(t);
  const file = path.join(directory, 'outbox.jsonl');
  const inject = `-P ${file} -e inject=write,pwrite64:retval=40:when=3`;
  const lines = await run(t, [...traced(inject, path.join(directory, 'trace'), directory, '5', '200')]);
  t.is(lines.filter((line) => line.sent !== undefined).length, 5);
  const kept = found(directory);
  t.deepEqual(
    [...kept.values()].map((summary) => summary.slice(0, 7)),
    ['event 0', 'event 1', 'gap', 'event 3', 'event 4'],
  );
  const again = openOutbox(systemState(directory), silentLog, 0, () => 'epoch-later');
  t.is(again.after(0, 10)[2]?.detail.lost, '1');
});

test('on a file system that became read-only nothing new is sent, what was there is, and all goes on once it can be written', async (t) => {
  const directory = testDirectory(t);
  const [state, kept] = [path.join(directory, 'state'), path.join(directory, 'kept')];
  fs.mkdirSync(state);
  // Three lives of the trial, each with an outbox of its own, in a mount namespace that ends with the process.
  const script = path.join(directory, 'read-only.ts');
  fs.writeFileSync(
    script,
    `import { execFileSync } from 'node:child_process';
     import { cpSync } from 'node:fs';
     const [state, kept] = process.argv.slice(2);
     const live = async (life, count) => {
       process.argv.splice(2, process.argv.length, state, String(count), '20');
       await import(${JSON.stringify(trial)} + '?' + life);
     };
     execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', state]);
     await live(1, 5);
     execFileSync('mount', ['-o', 'remount,ro', state]);
     await live(2, 3);
     execFileSync('mount', ['-o', 'remount,rw', state]);
     await live(3, 2);
     cpSync(state, kept, { recursive: true });`,
  );
  const lines = await run(t, ['unshare', '--mount', process.execPath, script, state, kept]);
  const ends = lines.flatMap(({ size }, at) => (size === undefined ? [] : [at + 1]));
  const lives = ends.map((end, at) => lines.slice(ends[at - 1] ?? 0, end));
  t.deepEqual(
    lives.map((life) => life.flatMap(({ sent }) => sent ?? [])),
    [
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5, 6, 7],
    ],
  );
  t.deepEqual(
    lives.map((life) => life.flatMap(({ complaint }) => complaint ?? [])),
    [[], ['the outbox cannot be written'], []],
  );
  t.is(lives[1]?.at(-1)?.size, 8, 'what is new waits in memory');
  const words = (life: Line[] = []) => life.map(({ sent, summary }): [unknown, unknown] => [sent, summary]);
  const told = words(lives[2]).filter(([sent]) => sent !== undefined);
  t.deepEqual([...found(kept)], told as [number, string][]);
});

test('on a disk that is really full the oldest stay sent, the newest wait in memory, and all goes on once there is room', async (t) => {
  const directory = testDirectory(t);
  // A file system of 64 KB in a mount namespace that ends with the process.
  const script = path.join(directory, 'full.ts');
  fs.writeFileSync(
    script,
    `import { execFileSync } from 'node:child_process';
     import { cpSync } from 'node:fs';
     const [state, kept] = process.argv.slice(2);
     execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', state]);
     process.argv.splice(2, 2, state, '120', '900');
     await import(${JSON.stringify(trial)});
     cpSync(state, kept, { recursive: true });`,
  );
  const [state, kept] = [path.join(directory, 'state'), path.join(directory, 'kept')];
  fs.mkdirSync(state);
  const lines = await run(t, ['unshare', '--mount', process.execPath, script, state, kept]);
  t.deepEqual(
    lines.filter(({ complaint }) => complaint !== undefined).map(({ complaint }) => complaint),
    ['the outbox cannot be written'],
    'one alarm, not one for each event',
  );
  t.is(lines.at(-1)?.size, 120, 'nothing of this run is lost');
  const sent = lines.filter((line) => line.sent !== undefined).length;
  t.true(sent > 20 && sent < 70, `${sent} fitted`);
  const after = found(kept);
  check(t, lines, after);
  t.is([...after.values()].filter((summary) => summary !== 'gap').length, sent);
});
