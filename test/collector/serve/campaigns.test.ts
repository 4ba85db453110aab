import { Check } from 'typebox/value';
import test from 'ava';
import { CampaignAnswer, type CampaignShown, type PlanAnswer } from '../../../collector/serve/campaigns/views.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, endpoint, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { addUsers, signIn, withAccounts } from '../helpers/signed-in.ts';
import { endServers, freshDatabase } from '../helpers/stores.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

test.after.always(endServers);

const host = { name: 'web-1', agentVersion: '0.1.0', platform: 'Debian 12', mode: 'renew' as const };
const old = certificate('old', { key: 'RSA 2048', algorithm: 'rsa' });
const fresh = (mark: string) => certificate(mark, { notBefore: new Date().toISOString() });

for (const engine of ['SQLite', 'PostgreSQL'] as const)
  test(`${engine}: an operator plans, starts, pauses, skips and aborts; a host is asked once, whoever leads; the history says who`, async (t) => {
    const store = engine === 'SQLite' ? undefined : await freshDatabase();
    const first = await startTestCollector(t, { store });
    // With one database another collector takes over when the first one ends.
    const collector = store === undefined ? first : await startTestCollector(t, { store });
    const { url, directory } = collector;
    await addUsers(directory, { otto: 'operator', vera: 'viewer' }, store);
    const cookies = { otto: await signIn(url, 'otto'), vera: await signIn(url, 'vera') };
    const { origin } = new URL(url);
    const send = async (path: string, body: object, who: keyof typeof cookies = 'otto') => {
      const headers = { cookie: cookies[who], origin, 'content-type': 'application/json' };
      const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      const said: Partial<CampaignAnswer> & { detail?: string } = await answer.json();
      return { ...said, status: answer.status };
    };
    const get = async <T>(path: string): Promise<T & { status: number }> => {
      const answer = await fetch(url + path, { headers: { cookie: cookies.vera } });
      return { ...(await answer.json()), status: answer.status };
    };
    const list = async (): Promise<CampaignShown[]> =>
      (await get<{ items: CampaignShown[] }>('/api/v1/campaigns')).items;
    const planned = async (query: string) => get<PlanAnswer>(`/api/v1/campaign-plan?${query}`);

    const join = await collector.join();
    const wire = await begin(join, await enrol(join, 'web-1'), { minVersion: 1, maxVersion: 2 });
    wire.send(snapshotFrame(snapshot(old, { host, endpoints: [endpoint(old)] })));
    const plan = await until('the host is planned', async () => {
      const answer = await planned('key=RSA&issuedBefore=2026-11-01');
      return answer.members.length === 1 && answer;
    });
    t.like(plan.radius, { certificates: 1, lineages: 1, hosts: 1, endpoints: 1 });
    t.is((await planned('')).status, 400);
    t.is((await planned('key=EC')).members.length, 0);

    const { selection, digest } = plan;
    const wish = { selection, digest, reason: 'the CA revokes', key: 'one press' };
    t.is((await send('/api/v1/campaigns', wish, 'vera')).status, 403);
    t.like(await send('/api/v1/campaigns', { ...wish, digest: 'another' }), { status: 409 });
    t.like(await send('/api/v1/campaigns', { ...wish, limits: { atOnce: 0 } }), { status: 400 });
    const started = await send('/api/v1/campaigns', wish);
    t.is(started.status, 201);
    const id = started.campaign?.id ?? '';
    t.is((await send('/api/v1/campaigns', wish)).campaign?.id, id, 'pressed twice');

    const asked = await wire.next('request');
    t.like(asked, { verb: 'renew', requester: 'otto', reason: `campaign ${id.slice(0, 8)}: the CA revokes` });
    if (collector !== first) await first.close();
    const shown = await get<CampaignAnswer>(`/api/v1/campaigns/${id}`);
    const { status: _, ...body } = shown;
    t.true(Check(CampaignAnswer, body));
    t.like(shown.members[0], { state: 'asked', attempt: 1, placesServed: 0 });
    t.like((await send(`/api/v1/campaigns/${id}`, { act: 'pause', reason: 'lunch' })).campaign, {
      state: 'paused',
      cause: 'otto: lunch',
    });
    t.like(await send(`/api/v1/campaigns/${id}`, { act: 'pause', reason: 'lunch' }), { status: 409 });
    t.like(await send(`/api/v1/campaigns/${id}`, { act: 'skip', reason: 'which?' }), { status: 400 });
    t.like(await send('/api/v1/campaigns/none', { act: 'abort', reason: 'x' }), { status: 404 });

    const next = fresh('next');
    wire.send({
      type: 'events',
      epoch: 'epoch-0001',
      events: [event(1, { kind: 'renewal', summary: 'renewed', detail: { request: asked.id } })],
    });
    wire.send(snapshotFrame(snapshot(next, { host, endpoints: [endpoint(next)] })));
    await until('it is done', async () => (await list())[0]?.state === 'done');
    t.like((await list())[0], { served: 1, placesServed: 1, places: 1 });
    t.like(await send(`/api/v1/campaigns/${id}`, { act: 'resume', reason: 'x' }), { status: 409 });
    t.is((await get<{ items: object[] }>('/api/v1/requests')).items.length, 1, 'asked once');

    const another = await planned('name=shop.*');
    const again = { selection: another.selection, digest: another.digest, reason: 'again', key: 'two' };
    const second = (await send('/api/v1/campaigns', again)).campaign?.id ?? '';
    await send(`/api/v1/campaigns/${second}`, { act: 'skip', member: 1, reason: 'by hand' });
    await until('what is left out is waited for no more', async () => (await list())[0]?.state === 'done');
    t.like((await list())[0], { skipped: 1, served: 0 });
    const third = (await send('/api/v1/campaigns', { ...again, key: 'three' })).campaign?.id ?? '';
    t.like((await send(`/api/v1/campaigns/${third}`, { act: 'abort', reason: 'enough' })).campaign, {
      state: 'aborted',
    });

    const history = await withAccounts(directory, (accounts) => accounts.audit(undefined, 100), store);
    t.deepEqual(
      history.filter(({ action }) => action.startsWith('campaign-')).map(({ action, subject }) => [action, subject]),
      [
        ['campaign-aborted', third],
        ['campaign-started', third],
        ['campaign-member-skipped', second],
        ['campaign-started', second],
        ['campaign-paused', id],
        ['campaign-started', id],
      ],
    );
    t.true(history.every(({ action, via }) => !action.startsWith('campaign-') || via === 'page'));
  });
