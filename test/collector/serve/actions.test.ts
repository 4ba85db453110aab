import test from 'ava';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { parseJoin } from '@certherd/protocol/join';
import { formatAuthority } from '../../../collector/authority.ts';
import { routes } from '../../../collector/serve/api/routes.ts';
import { Asked, Problem } from '../../../collector/serve/api/views.ts';
import { until } from '../../helpers/testbed/until.ts';
import { endServers, freshDatabase } from '../helpers/stores.ts';
import { certificate, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { addApiToken, addUsers, signIn, withAccounts } from '../helpers/signed-in.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

test.after.always(endServers);

for (const engine of ['SQLite', 'PostgreSQL'] as const)
  test(`${engine}: an operator asks a host, an admin lets one in, and the history says who did`, async (t) => {
    const store = engine === 'SQLite' ? undefined : await freshDatabase();
    const collector = await startTestCollector(t, { store });
    const { url, directory } = collector;
    await addUsers(directory, { otto: 'operator', anna: 'admin' }, store);
    const cookies = { otto: await signIn(url, 'otto'), anna: await signIn(url, 'anna') };
    const { origin } = new URL(url);
    const send = async (who: keyof typeof cookies, method: string, path: string, body: object) => {
      const headers = { cookie: cookies[who], origin, 'content-type': 'application/json' };
      const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
      const said: Record<string, unknown> = await answer.json();
      const described = routes.find((one) => one.method === method && one.path === path);
      const schema = described && 'schema' in described.answer ? described.answer.schema : Type.Never();
      t.true(Check(answer.ok ? schema : Problem, said), `${method} ${path}: ${JSON.stringify(said)}`);
      return { status: answer.status, ...said };
    };

    const made: { status: number; join?: string; expiresAt?: string } = await send('anna', 'POST', '/api/v1/tokens', {
      url: formatAuthority(collector.agentAddress),
      lifeSeconds: 120,
      labels: { owner: 'payments' },
    });
    t.is(made.status, 201);
    const join = parseJoin(made.join ?? '');
    if (!join.ok) throw new Error(join.failure);
    t.like(await send('anna', 'POST', '/api/v1/tokens', { url: 'nowhere' }), { status: 422 });
    t.like(await send('anna', 'POST', '/api/v1/tokens', { labels: { Owner: 'x' } }), { status: 422 });

    const wire = await begin(join.value, await enrol(join.value, 'web-1'), { minVersion: 1, maxVersion: 2 });
    wire.send(snapshotFrame(snapshot(certificate('one'))));
    await until('the host has told something', async () => (await listOf('hosts'))[0]?.['observedAt'] !== undefined);
    t.deepEqual((await listOf('hosts'))[0]?.['labels'], { owner: 'payments' });

    const wish = { host: 'web-1', verb: 'renew', subject: 'shop', reason: 'the key leaked', key: 'one press' };
    const asked: { status: number; id?: string } = await send('otto', 'POST', '/api/v1/requests', wish);
    t.like(asked, { status: 202, version: 1, requester: 'otto', verb: 'renew', hostName: 'web-1' });
    t.like(await wire.next('request'), { id: asked.id, requester: 'otto', reason: 'the key leaked' });
    t.like(await send('otto', 'POST', '/api/v1/requests', wish), { status: 202, id: asked.id }, 'once');
    const one = await fetch(`${url}/api/v1/requests/${asked.id}`, { headers: { cookie: cookies.otto } });
    const alone: unknown = await one.json();
    t.true(Check(Asked, alone));
    t.like(alone, { id: asked.id, state: 'sent', reason: 'the key leaked' });
    const lost = await fetch(`${url}/api/v1/requests/${asked.id}x`, { headers: { cookie: cookies.otto } });
    t.is(lost.status, 404);
    const another: { status: number; id?: string } = await send('anna', 'POST', '/api/v1/requests', wish);
    t.not(another.id, asked.id, 'the same word of another person is another request');
    const unknown = await send('otto', 'POST', '/api/v1/requests', { ...wish, subject: '/bin/sh', key: 'two' });
    t.like(unknown, { status: 422, title: 'Cannot be asked' });
    t.like(await send('otto', 'POST', '/api/v1/requests', { ...wish, verb: 'run' }), { status: 400 });
    t.like(await send('otto', 'POST', '/api/v1/requests', { ...wish, command: 'id' }), { status: 400 });

    const label = { scope: 'host', pattern: 'WEB-*', labels: { team: 'checkout', owner: 'shop' } };
    t.like(await send('otto', 'POST', '/api/v1/labels', label), { status: 200, version: 1, changed: 2 });
    t.like(await send('otto', 'POST', '/api/v1/labels', label), { status: 200, changed: 0 });
    t.like(await send('otto', 'POST', '/api/v1/labels', { ...label, labels: { __proto__x: 'a' } }), { status: 422 });
    t.is((await listOf('hosts'))[0]?.['labels'] && 'shown at once', 'shown at once');
    await until('the page shows it', async () => JSON.stringify((await listOf('hosts'))[0]).includes('checkout'));
    const unlabel = { scope: 'host', pattern: 'web-*', keys: ['team', 'none'] };
    t.like(await send('otto', 'DELETE', '/api/v1/labels', unlabel), { status: 200, changed: 1 });

    const history = await withAccounts(directory, (accounts) => accounts.audit(undefined, 100), store);
    t.deepEqual(
      history
        .filter(({ via, action }) => via === 'page' && action !== 'signed-in')
        .map(({ actor, action, subject }) => [actor, action, subject]),
      [
        ['otto', 'labels-removed', 'host web-*'],
        ['otto', 'labels-set', 'host web-*'],
        ['anna', 'request-asked', 'web-1'],
        ['otto', 'request-asked', 'web-1'],
        ['anna', 'join-token-created', formatAuthority(collector.agentAddress)],
      ],
    );

    async function listOf(list: string): Promise<Record<string, unknown>[]> {
      const answer = await fetch(`${url}/api/v1/${list}`, { headers: { cookie: cookies.otto } });
      const { items }: { items: Record<string, unknown>[] } = await answer.json();
      return items;
    }
  });

test('what is sent is JSON of bounded size, and every mistake is a problem that repeats nothing of it', async (t) => {
  const { url, directory } = await startTestCollector(t);
  await addUsers(directory, { anna: 'admin' });
  const authorization = `Bearer ${await addApiToken(directory, 'ci', 'operator')}`;
  const status = async (body: string, type?: string) => {
    const headers = { authorization, ...(type !== undefined && { 'content-type': type }) };
    const answer = await fetch(`${url}/api/v1/labels`, { method: 'POST', headers, body });
    t.regex(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const text = await answer.text();
    t.false(text.includes('canary'), text);
    return answer.status;
  };
  const good = JSON.stringify({ scope: 'host', pattern: 'web-1', labels: { owner: 'canary' } });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/xml'])
    t.is(await status(good, type), 415, type);
  t.is(await status('{"canary', 'application/json'), 400);
  t.is(await status('', 'application/json'), 400);
  t.is(await status('[]', 'application/json'), 400);
  t.is(await status('{"__proto__": {"canary": 1}, "scope": "host"}', 'application/json'), 400);
  t.is(await status(JSON.stringify({ canary: 'x'.repeat(70_000) }), 'application/json'), 413);
});
