import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { askServing } from '../../../collector/commands/ask-serving.ts';
import type { BackupLine } from '../../../collector/serve/control-backup.ts';
import { runCollector, startTestCollector } from '../helpers/real-collector.ts';

test('another backup and a start leave a finished copy to whoever is about to take it away, and remove what was left', async (t) => {
  const collector = await startTestCollector(t);
  const data = collector.directory;
  const made = async (): Promise<string> => {
    const answer = await askServing<BackupLine>(data, 'POST', '/backup');
    for await (const line of answer?.lines ?? []) if ('done' in line) return line.done.name;
    throw new Error('no copy was made');
  };
  const copies = () => readdirSync(data).filter((name) => name.startsWith('backup-'));
  const first = await made();
  const second = await made();
  t.deepEqual(copies().sort(), [first, second].sort());
  await collector.close();
  await (await startTestCollector(t, { dataDirectory: data })).close();
  t.deepEqual(copies().sort(), [first, second].sort());

  // While nobody serves the command copies by itself, here across disks, where the data directory is in memory.
  const target = join(mkdtempSync(join(tmpdir(), 'certherd-')), 'backup.db');
  t.teardown(() => rmSync(dirname(target), { recursive: true, force: true }));
  const config = join(data, 'collector.toml');
  writeFileSync(config, '');
  const longAgo = Date.now() / 1000 - 3700;
  utimesSync(join(data, first), longAgo, longAgo);
  const backup = runCollector(['backup', target, '--config', config, '--data', data]);
  t.is(await backup.ended, 0, backup.complaints.join('\n'));
  t.true(existsSync(target));
  t.deepEqual(copies(), [second]);
  utimesSync(join(data, second), longAgo, longAgo);
  await startTestCollector(t, { dataDirectory: data });
  t.deepEqual(copies(), []);
});
