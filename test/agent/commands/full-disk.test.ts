import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { unusableState } from '../../../agent/commands/unusable-state.ts';
import { testDirectory } from '../../helpers/directory.ts';

const agent = join(import.meta.dirname, '../../../agent');

test('where the disk is really full the daemon says so in one line, with what to do, and leaves nothing behind', async (t) => {
  const directory = testDirectory(t);
  const disk = join(directory, 'disk');
  const state = join(disk, 'state');
  mkdirSync(disk);
  writeFileSync(join(directory, 'agent.toml'), `state_directory = "${state}"\n`);
  // The file system is the child's own, and ends with it.
  const script = join(directory, 'full.ts');
  writeFileSync(
    script,
    `import { execFileSync, spawnSync } from 'node:child_process';
     import { appendFileSync, mkdirSync, readdirSync } from 'node:fs';
     import { takeLock } from '${agent}/system/lock.ts';
     execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', '${disk}']);
     mkdirSync('${state}', { mode: 0o700 });
     try { for (;;) appendFileSync('${disk}/full', Buffer.alloc(4096)); } catch {}
     const run = ['${agent}/main.ts', 'run', '--config', '${directory}/agent.toml'];
     const { status, stderr } = spawnSync(process.execPath, run, { encoding: 'utf8', timeout: 60_000 });
     let lock = '';
     try { takeLock('${state}', 'action'); } catch (error) { lock = error.code; }
     console.log(JSON.stringify({ status, stderr, lock, left: readdirSync('${state}') }));`,
  );
  const child = spawn('unshare', ['--mount', process.execPath, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [out] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const { status, stderr, lock, left } = JSON.parse(out);
  t.is(status, 1);
  t.regex(stderr, /^certherd-agent: \S+ cannot be written \(ENOSPC.*\): make room \(df -h \S+ .*\n$/);
  t.is(lock, 'ENOSPC');
  t.deepEqual(left, []);
});

test('a session begins also where the disk is full: its number is written over the one before, and nothing else is', async (t) => {
  const directory = testDirectory(t);
  const script = join(directory, 'number.ts');
  writeFileSync(
    script,
    `import { execFileSync } from 'node:child_process';
     import { appendFileSync, readdirSync } from 'node:fs';
     import { nextGeneration } from '${agent}/report/identity.ts';
     import { systemState } from '${agent}/system/state.ts';
     execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', '${directory}']);
     const state = systemState('${directory}');
     const next = () => nextGeneration(state).value;
     const before = Array.from({ length: 9 }, next);
     try { for (;;) appendFileSync('${directory}/full', Buffer.alloc(4096)); } catch {}
     const other = state.write('other', 'x'.repeat(10_000)).ok;
     const full = [next(), next()];
     console.log(JSON.stringify({ before, other, full, left: readdirSync('${directory}').toSorted() }));`,
  );
  const child = spawn('unshare', ['--mount', process.execPath, script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [out] = await Promise.all([text(child.stdout), once(child, 'close')]);
  t.deepEqual(JSON.parse(out), {
    before: [1, 2, 3, 4, 5, 6, 7, 8, 9],
    other: false,
    full: [10, 11],
    left: ['full', 'generation.json'],
  });
});

test('a state directory that cannot be written is told with what mends that', (t) => {
  const of = (detail: string) => unusableState('/var/lib/certherd-agent', detail);
  t.regex(of('EDQUOT: disk quota exceeded'), /: make room \(df -h \/var\/lib\/certherd-agent shows/);
  t.regex(of('EROFS: read-only file system, mkdir'), /: set state_directory to a place that can be written/);
  t.regex(of('EACCES: permission denied, open'), /: run as root, or set state_directory$/);
});
