import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { setUpLine } from '../../../collector/commands/set-up-link.ts';
import { until } from '../../helpers/testbed/until.ts';
import { runCollector, temporaryDirectory } from '../helpers/real-collector.ts';

test('as a service the link for the first user is in a file that nobody else reads, and not in what is printed', async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  const data = join(directory, 'data');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\n');
  const served = runCollector(['serve', '--config', config, '--data', data]);
  t.teardown(() => served.process.kill('SIGKILL'));
  const line = await until('the link is told of', () => served.lines.find((one) => one.startsWith('set-up: ')));
  const path = join(data, 'set-up-link');
  t.is(line, `set-up: the link for the first user, good once and for an hour, is in ${path}`);
  t.is(statSync(path).mode & 0o777, 0o600);
  const link = readFileSync(path, 'utf8').trim();
  t.regex(link, /^http:\/\/127\.0\.0\.1:\d+\/set-up\?token=[\w-]{43}$/);
  t.is((await fetch(link)).status, 200);
  const token = new URL(link).searchParams.get('token') ?? '';
  t.false([...served.lines, ...served.complaints].join('\n').includes(token));
  served.process.kill('SIGTERM');
  t.is(await served.ended, 0);
  t.false(existsSync(path));
});

test('a terminal is told the link itself; a file that is there gives way, and is not written through', (t) => {
  const directory = temporaryDirectory(t);
  const [path, other] = [join(directory, 'set-up-link'), join(directory, 'other')];
  const link = 'http://127.0.0.1:8480/set-up?token=secret';
  t.is(setUpLine(link, { directory, isTerminal: true }), `set-up: ${link} (the first user: good once, for an hour)`);
  t.false(existsSync(path));
  writeFileSync(other, 'mine');
  symlinkSync(other, path);
  t.regex(setUpLine(link, { directory, isTerminal: false }) ?? '', /is in .*set-up-link$/);
  t.is(readFileSync(other, 'utf8'), 'mine');
  t.is(readFileSync(path, 'utf8'), `${link}\n`);
  t.is(setUpLine(undefined, { directory, isTerminal: false }), undefined);
  t.false(existsSync(path), 'there is a user');
  const none = join(directory, 'file');
  mkdirSync(none);
  t.regex(
    setUpLine(link, { directory: join(none, 'gone'), isTerminal: false }) ?? '',
    /cannot be kept in .* \(ENOENT\): certherd-collector user add NAME --role admin$/,
  );
});
