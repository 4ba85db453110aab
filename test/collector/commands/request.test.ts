import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import type { RequestView } from '../../../collector/serve/request-view.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const epoch = 'epoch-0001';

async function session(t: ExecutionContext) {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const data = join(directory, 'data');
  const common = ['--config', config, '--data', data];
  const served = await spawnCollector(t, common);
  const invitation = await addToken(data, served.agents, 3_600_000, Date.now());
  const identity = await enrol(invitation, 'web-1');
  const connected = (generation: number) => begin(invitation, identity, { generation, minVersion: 1, maxVersion: 2 });
  const ask = async (...args: string[]) => {
    const child = runCollector(['request', ...args, ...common]);
    const code = await child.ended;
    return { code, out: child.lines.join('\n'), err: child.complaints.join('\n') };
  };
  const history = async (): Promise<RequestView[]> => {
    const { items }: { items: RequestView[] } = await (await fetch(`${served.web}api/v1/requests`)).json();
    return items;
  };
  const web1 = ['--host', 'web-1', '--reason', 'the key leaked'];
  /** Another machine of the same name, connected. */
  const enrolled = async () => {
    const another = await addToken(data, served.agents, 3_600_000, Date.now());
    return begin(another, await enrol(another, 'web-1'), { minVersion: 1, maxVersion: 2 });
  };
  return { ask, common, connected, enrolled, data, history, identity, invitation, web1 };
}

test('a request reaches the agent as what it reported, is done once for a key, and its answer is its end', async (t) => {
  const { ask, connected, data, history, web1 } = await session(t);
  const wire = await connected(1);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  wire.send({ type: 'events', epoch, events: [event(1)] });
  await wire.next('ack');
  const waiting = ask('renew', 'shop', ...web1, '--key', 'ticket-7', '--wait');
  const asked = await wire.next('request');
  t.like(asked, { verb: 'renew', subject: { kind: 'lineage', id: 'shop' }, reason: 'the key leaked' });
  t.true(asked.withinSeconds > 500 && asked.withinSeconds <= 600);
  const again = await ask('renew', ...web1, '--key', 'ticket-7', '--json');
  t.is((JSON.parse(again.out) as { id: string }).id, asked.id);
  const detail = { request: asked.id, requester: asked.requester };
  wire.send({ type: 'events', epoch, events: [event(2, { kind: 'renewal', summary: 'renewed \u001b[31m', detail })] });
  const done = await waiting;
  t.deepEqual([done.code, done.out], [0, 'renew shop on web-1: done: renewed \\x1b[31m']);
  t.regex(done.err, /^renew shop on web-1: sent, no answer yet \(request /);

  // What is said of it later, or by somebody else, changes nothing.
  wire.send({ type: 'events', epoch, events: [event(3, { kind: 'request', ok: false, summary: 'no', detail })] });
  await until('acked', async () => (await wire.next('ack')).seq === 3);
  const [only, ...others] = await history();
  t.deepEqual(others, []);
  t.like(only, { state: 'done', verb: 'renew', reason: 'the key leaked', agentId: only?.agentId });
  const sql = new Database(join(data, 'certherd.db'));
  t.throws(() => sql.exec("UPDATE request SET reason = 'another'"), { message: /append-only/ });
  t.throws(() => sql.exec('DELETE FROM request'), { message: /append-only/ });
  sql.close();
});

test('a refusal is shown with the host’s own reason, and exits 1', async (t) => {
  const { ask, connected, history, web1 } = await session(t);
  const wire = await connected(1);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  wire.send({ type: 'events', epoch, events: [event(1)] });
  await wire.next('ack');
  const waiting = ask('reload', ...web1, '--wait');
  const { id, subject } = await wire.next('request');
  t.deepEqual(subject, { kind: 'server', id: 'nginx' }, 'the only one it can mean');
  const refusal = {
    kind: 'request' as const,
    ok: false,
    summary: 'mode is observe',
    detail: { request: id, refused: 'not-allowed' },
  };
  wire.send({ type: 'events', epoch, events: [event(2, refusal)] });
  const { code, out } = await waiting;
  t.deepEqual([code, out], [1, 'reload nginx on web-1: refused by the host (not-allowed): mode is observe']);
  t.like((await history())[0], { state: 'refused', refused: 'not-allowed' });
});

test('a host that is away is asked when it connects, and again after a lost connection, until it answers', async (t) => {
  const { ask, connected, web1 } = await session(t);
  const first = await connected(1);
  first.send(snapshotFrame(snapshot(certificate('one'))));
  first.send({ type: 'events', epoch, events: [event(1)] });
  await first.next('ack');
  first.close();
  await first.closed;
  const later = await ask('verify', 'shop', ...web1, '--within', '30m');
  t.is(later.code, 0);
  t.regex(later.out, /^verify shop on web-1: waits for its host to connect, until 20/);
  const second = await connected(2);
  const asked = await second.next('request');
  second.socket.terminate();
  const third = await connected(3);
  const repeated = await third.next('request');
  t.is(repeated.id, asked.id);
  t.true(repeated.withinSeconds <= asked.withinSeconds, 'the time to begin goes on');
});

test('what cannot be asked is told at once, with what can', async (t) => {
  const { ask, connected, history, web1 } = await session(t);
  const refused = async (code: number, why: RegExp, ...args: string[]) => {
    const answer = await ask(...args);
    t.deepEqual([answer.code, answer.out], [code, '']);
    t.regex(answer.err, why);
  };
  await refused(1, /web-1: this host has told nothing yet/, 'renew', 'shop', ...web1);
  const wire = await connected(1);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  wire.send({ type: 'events', epoch, events: [event(1)] });
  await wire.next('ack');
  await refused(1, /web-1: this host reports no such lineage: it reports shop$/, 'renew', 'blog', ...web1);
  await refused(
    1,
    /web-9: no such host: certherd-collector host list shows all$/,
    'renew',
    'shop',
    '--host',
    'web-9',
    '--reason',
    'r',
  );
  await refused(64, /expected one of rescan, verify/, 'destroy', ...web1);
  await refused(64, /^--reason: say why/, 'renew', 'shop', '--host', 'web-1');
  await refused(64, /^--host: say which host/, 'renew', 'shop', '--reason', 'r');
  await refused(64, /^--within: expected a time up to 1d/, 'renew', 'shop', ...web1, '--within', '9d');
  t.deepEqual(await history(), [], 'nothing of it was kept');
});

test('a revoked host is asked nothing, and its successor of the same name is', async (t) => {
  const { ask, common, connected, enrolled, identity, web1 } = await session(t);
  const told = async (wire: Awaited<ReturnType<typeof connected>>) => {
    wire.send(snapshotFrame(snapshot(certificate('one'))));
    wire.send({ type: 'events', epoch, events: [event(1)] });
    await wire.next('ack');
  };
  await told(await connected(1));
  const revoking = runCollector(['host', 'revoke', 'web-1', '--yes', ...common]);
  t.is(await revoking.ended, 0, revoking.complaints.join('\n'));
  const refused = (host: string) => ask('renew', 'shop', '--host', host, '--reason', 'r');
  for (const host of ['web-1', identity.agentId]) {
    const { code, err } = await until('the revocation is known', async () => {
      const answer = await refused(host);
      return answer.code === 1 && answer;
    });
    t.is(code, 1);
    t.true(err.endsWith(`${host}: this host was revoked: enrol it anew before anything is asked of it`), err);
  }

  const wire = await enrolled();
  await told(wire);
  const asked = await ask('renew', 'shop', ...web1);
  t.is(asked.code, 0, asked.err);
  t.is((await wire.next('request')).verb, 'renew');
});
