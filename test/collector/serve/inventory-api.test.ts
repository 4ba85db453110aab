import { once } from 'node:events';
import { createServer } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { readNotify } from '../../../collector/notify/read-settings.ts';
import { mint } from '../../helpers/mint.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector, type TestCollector } from '../helpers/real-collector.ts';
import { startReceiver } from '../helpers/receivers.ts';
import { addApiToken, addUsers, closed, withAccounts } from '../helpers/signed-in.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

type Item = Record<string, unknown>;
interface Answer {
  status: number;
  detail?: string;
  tag?: string;
  items?: Item[];
}

/** Asks as an operator's API token. */
async function operator(t: ExecutionContext, { url, directory }: Pick<TestCollector, 'url' | 'directory'>) {
  await addUsers(directory, { anna: 'admin' });
  await closed(url);
  const authorization = `Bearer ${await addApiToken(directory, 'otto', 'operator')}`;
  const send = async (method: string, path: string, body?: object, given: Record<string, string> = {}) => {
    const headers = { authorization, ...given, ...(body && { 'content-type': 'application/json' }) };
    const answer = await fetch(`${url}/api/v1/${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const said: Omit<Answer, 'status'> = await answer.json();
    return { status: answer.status, ...said };
  };
  const told = async () =>
    (await withAccounts(directory, (accounts) => accounts.audit(undefined, 100)))
      .filter(({ via }) => via === 'api-token')
      .map(({ actor, action, subject }) => `${actor} ${action} ${subject}`)
      .toReversed();
  return { send, told, list: async (path: string) => (await send('GET', path)).items ?? t.fail(path) ?? [] };
}

test('rules and the imported list are changed by who saw them as they are: else it is said what stands, and nothing is lost', async (t) => {
  const collector = await startTestCollector(t);
  const { send, told, list } = await operator(t, collector);
  const wire = await begin(await collector.join(), await enrol(await collector.join(), 'web-1'));
  wire.send(snapshotFrame(snapshot(certificate('one'))));

  const owner = { scope: 'host', pattern: 'WEB-*', labels: { owner: 'payments' } };
  const isNew = { 'if-none-match': '*' };
  t.like(await send('POST', 'labels', owner, isNew), { status: 200, changed: 1 });
  const taken = await send('POST', 'labels', { ...owner, labels: { team: 'web', owner: 'shop' } }, isNew);
  t.is(taken.status, 412);
  t.regex(
    taken.detail ?? '',
    /^It is not as it was seen: host web-\* has owner=payments since 20.*, by otto\. Nothing/,
  );
  const [rule] = await list('labels');
  const path = `labels/${String(rule?.['id'])}`;
  const seen = { 'if-match': `"${String(rule?.['tag'])}"` };
  t.like(await send('PATCH', path, { value: 'shop' }), { status: 428 });
  t.like(await send('PATCH', path, { value: 'shop' }, { 'if-match': '*' }), { status: 428 });
  t.like(await send('PATCH', path, { value: ' ' }, seen), { status: 422 });
  t.like(await send('PATCH', path, { value: 'shop' }, seen), { status: 200, changed: 1 });
  const stale = await send('PATCH', path, { value: 'other' }, seen);
  t.is(stale.status, 412);
  t.regex(stale.detail ?? '', /has owner=shop since/);
  t.like(await send('DELETE', path, undefined, seen), { status: 412 });
  await until('the host shows it', async () => JSON.stringify((await list('hosts'))[0]?.['labels']).includes('shop'));
  const now = { 'if-match': `"${String((await list('labels'))[0]?.['tag'])}"` };
  t.like(await send('DELETE', path, undefined, now), { status: 200, changed: 1 });
  t.like(await send('DELETE', path, undefined, now), { status: 404 });
  await until('it is gone from the host', async () => (await list('hosts'))[0]?.['labels'] === undefined);

  const text = 'Domain,Expiration,Owner\nshop.example.test,2031-01-01,=payments\nno name at all!,,\n';
  const checked = await send('POST', 'listed/check', { text });
  t.deepEqual(
    checked.items?.map(({ line, verdict }) => [line, verdict]),
    [
      [2, 'new'],
      [3, 'wrong'],
    ],
  );
  const as = { 'if-match': `"${checked.tag}"` };
  t.like(await send('POST', 'listed', { text }), { status: 428 });
  t.like(await send('POST', 'listed', { text }, as), {
    status: 422,
    detail: 'Rows that cannot be taken: 1. Mend them, or have them left out.',
  });
  t.like(await send('POST', 'listed/check', { text: 'a,b\n1,2\n' }), { status: 422 });
  t.deepEqual(await list('labels'), [], 'nothing half imported');
  t.like(await send('POST', 'listed', { text, skipWrong: true, name: 'estate.csv' }, as), { status: 200, imported: 1 });
  const again = await send('POST', 'listed', { text: 'a.example\n' }, as);
  t.is(again.status, 412);
  t.like((await list('labels'))[0], { pattern: 'shop.example.test', key: 'owner', value: '=payments', source: 'list' });
  t.like(await send('POST', 'listed/check', { text: 'x'.repeat(1_100_000) }), { status: 413 });
  const authorization = `Bearer ${await addApiToken(collector.directory, 'vera', 'viewer')}`;
  const csv = await fetch(`${collector.url}/api/v1/listed.csv`, { headers: { authorization } });
  t.is(csv.headers.get('content-disposition'), 'attachment; filename="listed.csv"');
  t.regex(await csv.text(), /^"domain",.*\n"shop\.example\.test","2031-01-01",(?:"")?,"'=payments"/);
  t.deepEqual(await told(), [
    'otto labels-set host web-*',
    'otto labels-set host web-*',
    'otto labels-removed host web-*',
    'otto list-imported estate.csv',
  ]);
});

test('an incident is taken on and given back, what fits a silence is told to nobody, and both are in the history', async (t) => {
  const hook = await startReceiver(t);
  const notify = readNotify(
    {
      channel: [{ kind: 'webhook', name: 'hook', url: hook.url }],
      rule: [{ name: 'all', code: [finding().code], wait: '0s', to: ['hook'] }],
    },
    (place, what) => t.fail(`${place.join('.')}: ${what}`),
  );
  const collector = await startTestCollector(t, { notify });
  const { send, told, list } = await operator(t, collector);
  const kinds = () => hook.received.map(({ body }) => String(JSON.parse(body).kind)).join(' ');
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  const silenced = await send('POST', 'silences', { match: { host: 'web-*' }, forSeconds: 3_600, reason: ' racks ' });
  t.like(silenced, { status: 201, reason: 'racks', match: { host: 'web-*' }, by: 'otto' });
  wire.send(snapshotFrame(snapshot(certificate('one'), { findings: [finding()] })));
  await until('the finding is there', async () => (await list('findings')).length > 0);
  t.deepEqual(await list('incidents'), [], 'it is silent');
  const id = String((await list('silences'))[0]?.['id']);
  t.like(await send('DELETE', `silences/${id}`), { status: 200, done: true });
  t.like(await send('DELETE', `silences/${id}`), { status: 409, detail: 'No such silence holds.' });
  await until('it is told', () => kinds() === 'opened');

  const [incident] = await list('incidents');
  const place = `incidents/${String(incident?.['id'])}/acknowledgement`;
  const { code, subject } = finding();
  t.like(incident, { rule: 'all', severity: 'critical', messages: 1, channels: ['hook'] });
  t.like(incident, { concerns: [{ code, kind: subject.kind, subject: subject.id }] });
  t.like(await send('POST', place, { reason: '  ' }), { status: 400 });
  t.like(await send('POST', 'incidents/none/acknowledgement', { reason: 'x' }), { status: 404 });
  t.like(await send('DELETE', place), { status: 409 });
  t.like(await send('POST', place, { reason: 'reload at noon' }), { status: 200, done: true });
  await until('the others are told', () => kinds() === 'opened acknowledged');
  t.like((await list('incidents'))[0]?.['acknowledged'], { by: 'otto', reason: 'reload at noon' });
  t.like(await send('DELETE', place), { status: 200, done: true });
  t.is((await list('incidents'))[0]?.['acknowledged'], undefined);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  await until('it is over', () => kinds() === 'opened acknowledged resolved');
  t.like(await send('POST', place, { reason: 'late' }), { status: 409, detail: 'It is over already.' });
  for (const wrong of [
    { match: {}, forSeconds: 60, reason: 'x' },
    { match: { host: 'a' }, forSeconds: 31 * 86_400, reason: 'x' },
    { match: { host: 'a' }, forSeconds: 60 },
  ])
    t.like(await send('POST', 'silences', wrong), { status: 400 }, JSON.stringify(wrong));
  const key = { match: { labels: { Owner: 'x' } }, forSeconds: 60, reason: 'x' };
  t.like(await send('POST', 'silences', key), { status: 422 });
  t.deepEqual(
    (await told()).map((one) => one.replace(/ [0-9a-f]+$/, '')),
    ['otto silence-added', 'otto silence-ended', 'otto incident-acknowledged', 'otto incident-taken-back'],
  );
});

test('a target is added, asked at once and again when somebody wants it, and removed with its history', async (t) => {
  const { keyPem: key, pem: cert } = await mint({ names: ['shop.example.test'] });
  let asked = 0;
  const server = createServer({ key, cert }, (socket) => void socket.end());
  server.on('connection', (socket) => {
    asked += 1;
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const target = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const collector = await startTestCollector(t, { scanAllow: ['loopback'] });
  const { send, told, list } = await operator(t, collector);
  t.like(await send('POST', 'targets', { target: 'http://x' }), { status: 422 });
  t.like(await send('POST', 'targets', { target: '192.0.2.0/30' }), { status: 422 });
  t.like(await send('POST', 'targets', { target, everySeconds: 5 }), { status: 400 });
  t.like(await send('POST', 'targets', { target, everySeconds: 86_400 }), { status: 201, target });
  t.like(await send('POST', 'targets', { target }), { status: 409, detail: `${target} is asked already.` });
  const only = async () => (await list('targets'))[0];
  await until('it was asked', async () => (await only())?.['askedAt'] !== undefined);
  const [before, first] = [asked, (await only())?.['askedAt']];
  const path = `targets/${String((await only())?.['id'])}`;
  t.like(await send('POST', `${path}/look`), { status: 202, done: true });
  await until('it was asked again', async () => asked > before && (await only())?.['askedAt'] !== first);
  t.like(await send('DELETE', path), { status: 200, done: true });
  await until('it is gone', async () => (await only()) === undefined);
  t.like(await send('DELETE', path), { status: 404 });
  t.like(await send('POST', `${path}/look`), { status: 404 });
  t.deepEqual(await told(), [
    `otto target-added ${target}`,
    `otto target-look-asked ${target}`,
    `otto target-removed ${target}`,
  ]);
});

test('a target that an agent is to look at is one beside the collector’s own, and each is removed by itself', async (t) => {
  const collector = await startTestCollector(t);
  const { send, list } = await operator(t, collector);
  const identity = await enrol(await collector.join(), 'web-1');
  const wire = await begin(await collector.join(), identity, { hostName: 'web-1', maxVersion: 5 });
  t.teardown(() => wire.close());
  const target = '192.0.2.7:443';
  t.like(await send('POST', 'targets', { target, from: 'web-9' }), {
    status: 422,
    detail: '0 hosts are called "web-9".',
  });
  t.like(await send('POST', 'targets', { target, from: 'web-1' }), { status: 201, target });
  t.like(await send('POST', 'targets', { target, from: 'web-1' }), { status: 409 });
  t.like(await send('POST', 'targets', { target }), { status: 201 });
  const [own, agents] = await until('both are there', async () => {
    const all = await list('targets');
    return all.length === 2 && all;
  });
  t.like(own, { vantage: 'collector', target });
  t.like(agents, { vantageName: 'web-1', target });
  t.like(await wire.next('look'), { host: '192.0.2.7', port: 443 });
  t.like(await send('DELETE', `targets/${String(own?.['id'])}`), { status: 200 });
  await until('the other one stays', async () => {
    const all = await list('targets');
    return all.length === 1 && all[0]?.['vantageName'] === 'web-1';
  });
});
