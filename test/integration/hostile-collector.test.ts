import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { certbotRehearsal, certbotRenewal, nginxReload, nginxTest } from '../../agent/decide/command-line.ts';
import { loadConfig } from '../../agent/config.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { readMachine } from '../../agent/system/machine.ts';
import { shopName, startHost } from '../helpers/host.ts';
import { startHostileCollector } from '../helpers/hostile-collector.ts';
import { anew, hostileFrames, wish } from '../helpers/hostile-requests.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { plainEnvironment } from '../helpers/testbed/children.ts';
import { until } from '../helpers/testbed/until.ts';
import { canTrace, executions, tracing } from '../helpers/traced-programs.ts';

const agentProgram = path.resolve(import.meta.dirname, '../../agent/main.ts');
const rounds = 20;
const framesInARound = 5_000;
const mebibyte = 1024 * 1024;

test('100,000 requests of a hostile collector run nothing but the closed list, renew no more than the caps, and keep the agent from nothing', async (t) => {
  const host = await startHost(t, { validitySeconds: 90 * 86_400 });
  host.setMode('renew');
  const state = `${host.sandbox.directory}/state`;
  const collector = await startHostileCollector(t, host.sandbox.folder('hostile'), state);
  const traces = host.sandbox.folder('traces');
  const isTraced = await canTrace(host.sandbox);
  const command = [process.execPath, agentProgram, 'run', '--config', host.configFile];
  const [program = '', ...words] = [...(isTraced ? tracing(traces) : []), ...command];
  const environment = { ...plainEnvironment, HOME: '/nonexistent' };
  const agent = host.sandbox.start(program, words, `${host.sandbox.directory}/agent.log`, { env: environment });
  const status = () =>
    JSON.parse(fs.readFileSync(`${state}/status.json`, 'utf8')) as { pid: number; lookedAt?: string };
  await until('the agent looked', () => status().lookedAt, { deadlineMs: 60_000 });

  // First, while it still listens to every wish: as many renewals as it keeps in a minute.
  const versions = () => fs.readdirSync(host.certbot.lineage('shop').archive).filter((name) => /^cert\d/.test(name));
  await collector.send(Array.from({ length: 15 }, () => wish('renew', 'lineage', 'shop')));

  const sample = hostileFrames(framesInARound, 4);
  for (let round = 0; round < rounds; round++) {
    const beats = collector.heartbeats();
    await collector.send(round % 4 === 0 ? sample : sample.map(anew));
    await until('it still beats', () => collector.heartbeats() > beats, { deadlineMs: 60_000 });
  }
  // A frame above 1 MiB ends the session (RFC 6455 7.4.1, code 1009); the agent comes again.
  const welcomes = collector.welcomes();
  await collector.send(['z'.repeat(2 * mebibyte)]);
  await until('it came again', () => collector.welcomes() > welcomes, { deadlineMs: 60_000 });

  // One that asks for the whole snapshot again and again, and reads nothing, is left.
  const unread = await collector.connected();
  unread.pause();
  for (let count = 0; count < 20_000; count++) unread.send('{"type":"want-snapshot"}');
  await until('it came again', () => collector.welcomes() > welcomes + 1, { deadlineMs: 60_000 });

  const leaf = () => host.certbot.lineage('shop').leaf();
  const served = async () => (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint;
  const answersOf = (kind: string) => collector.events.filter((event) => event.kind === kind);
  await until('the caps were reached', () => answersOf('renewal').some(({ detail }) => detail.reason === 'capped'), {
    deadlineMs: 90_000,
  });
  await until('what was renewed is served', async () => (await served()) === leaf(), { deadlineMs: 60_000 });
  t.is(versions().length, 5, 'the first certificate, and the four that this host allows in a week');
  t.is(answersOf('renewal').filter(({ ok }) => ok).length, 4);
  for (const { detail } of answersOf('renewal')) t.regex(detail.request ?? '', /^[0-9a-f-]{36}$/);

  // certbot's own timer renews while the flood goes on: the agent heals that as ever.
  const before = leaf();
  const [renewed] = await Promise.all([host.certbot.renew('shop'), collector.send(sample.map(anew))]);
  t.is(renewed.exit, 0, renewed.stderr);
  t.not(leaf(), before);
  await until('what certbot renewed is served', async () => (await served()) === leaf(), { deadlineMs: 60_000 });

  const kept = fs.readFileSync(`/proc/${status().pid}/status`, 'utf8');
  const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(kept)?.[1]) * 1024;
  t.true(peak < 256 * mebibyte, `${Math.round(peak / mebibyte)} MiB`);
  for (const file of ['outbox.jsonl', 'memory.json', 'renewals.json'])
    t.true(fs.statSync(`${state}/${file}`).size < mebibyte / 2, file);
  const told = JSON.stringify(collector.events);
  for (const secret of ['/etc/shadow', '--pre-hook', 'PRIVATE KEY', '$(id)']) t.false(told.includes(secret), secret);
  t.true(answersOf('request').length < 200, `${answersOf('request').length} answers`);
  const ids = collector.events.flatMap(({ detail }) => detail.request ?? []);
  t.is(new Set(ids).size, ids.length, 'each request has one answer');

  process.kill(status().pid, 'SIGTERM');
  await agent.exited;
  if (isTraced) onlyTheClosedList();
  else t.log('no process may be traced here: what was run is not compared');

  function onlyTheClosedList(): void {
    const settings = loadConfig(systemFiles(), host.configFile, readMachine());
    if (!settings.ok) throw new Error(settings.failure.join('\n'));
    const config = settings.value;
    const allowed = new Set(
      [
        command,
        [process.execPath, agentProgram, 'act', '--config', host.configFile],
        certbotRenewal(config, 'shop'),
        certbotRehearsal(config, 'shop'),
        nginxTest(config),
        nginxReload(config),
      ].map((argv) => argv.join('\n')),
    );
    const own = executions(traces).filter(({ by }) => by === process.execPath || by === '');
    const acts = own.filter(({ argv }) => argv[2] === 'act');
    t.true(acts.length > 4, `${acts.length} actions`);
    for (const { argv, program: ran, environment: given } of own) {
      t.true(allowed.has(argv.join('\n')), argv.join(' '));
      t.is(argv[0], ran, 'the absolute path itself');
      for (const setting of given) t.regex(setting, /^(?:PATH|LANG|HOME|REQUESTS_CA_BUNDLE)=[\w/:.-]*$/);
    }
    const renewals = own.filter(({ argv }) => argv.includes('--force-renewal'));
    t.is(renewals.length, 4, 'certbot itself ran no more often');
  }
});

test('each wish has one answer in the history, and an agent that only observes looks again and does nothing else', async (t) => {
  const host = await startHost(t);
  const state = `${host.sandbox.directory}/state`;
  const collector = await startHostileCollector(t, host.sandbox.folder('collector'), state);
  const first = host.daemon();
  const looked = () => fs.readFileSync(`${state}/status.json`, 'utf8').includes('lookedAt');
  await until('the agent looked', looked);
  const workers = host.nginx.workers();
  const wishes = [
    wish('rescan', 'host', 'web-1'),
    wish('verify', 'lineage', 'shop'),
    wish('verify', 'endpoint', `${shopName}@127.0.0.1:${host.tlsPort}/ecdsa`),
    wish('renew', 'lineage', 'shop'),
    wish('reload', 'server', 'nginx'),
    wish('restore', 'lineage', 'shop'),
    wish('renew', 'lineage', 'other'),
  ];
  await collector.send([...wishes, ...wishes]);
  const answers = () => collector.events.filter(({ detail }) => detail.request);
  await until('all are answered', () => answers().length >= wishes.length);
  t.deepEqual(
    wishes.map((text) => {
      const own = answers().filter(({ detail }) => text.includes(detail.request ?? 'none'));
      return own.map(({ kind, ok, detail: { verb, refused } }) => [kind, ok, verb, refused]);
    }),
    [
      [['request', true, 'rescan', undefined]],
      [['request', true, 'verify', undefined]],
      [['request', true, 'verify', undefined]],
      [['request', false, 'renew', 'not-allowed']],
      [['request', false, 'reload', 'not-allowed']],
      [['request', false, 'restore', 'not-allowed']],
      [['request', false, 'renew', 'subject-unknown']],
    ],
  );
  t.deepEqual(host.nginx.workers(), workers);

  first.signal('SIGTERM');
  await first.exited;
  const welcomes = collector.welcomes();
  host.daemon();
  await until('it came again', () => collector.welcomes() > welcomes);
  const later = wish('rescan', 'host', 'web-1');
  await collector.send([...wishes, later]);
  await until('the new one is answered', () => answers().some(({ detail }) => later.includes(detail.request ?? '?')));
  t.is(answers().length, wishes.length + 1, 'and the old ones are not answered again');
});
