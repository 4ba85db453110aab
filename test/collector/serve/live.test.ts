import test, { type ExecutionContext } from 'ava';
import { Check } from 'typebox/value';
import { Problem } from '../../../collector/serve/api/views.ts';
import type { Estate } from '../../../collector/serve/estate.ts';
import type { EstateChange } from '../../../collector/serve/estate-change.ts';
import { createLive, mostFollowers } from '../../../collector/serve/live.ts';
import { followed } from '../../../collector/web/live/applied-changes.ts';
import { idOf, momentOf } from '../../../collector/web/live/moments.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { addApiToken, addUsers } from '../helpers/signed-in.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

interface Message {
  event: string;
  id: string;
  data: EstateChange;
}

/** Reads a real event stream. */
async function follow(
  t: ExecutionContext,
  url: string,
  lastId?: string,
  by: 'header' | 'query' = 'header',
): Promise<() => Promise<Message>> {
  const abort = new AbortController();
  t.teardown(() => abort.abort());
  const headers = lastId === undefined || by === 'query' ? {} : { 'last-event-id': lastId };
  const query = by === 'query' ? `?after=${lastId}` : '';
  const response = await fetch(`${url}/api/v1/live${query}`, { headers, signal: abort.signal });
  t.is(response.headers.get('content-type'), 'text/event-stream');
  t.regex(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Message> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end < 0) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) throw new Error('the stream ended');
        text += value;
        continue;
      }
      const lines = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line): [string, string] => [line.split(': ')[0] ?? '', line.slice(line.indexOf(': ') + 2)]),
      );
      text = text.slice(end + 2);
      const name = lines.get('event');
      if (name) return { event: name, id: lines.get('id') ?? '', data: JSON.parse(lines.get('data') ?? '{}') };
    }
  };
  return next;
}

test('a page hears a tick at once, that it has to read the estate, and then every change', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  const next = await follow(t, collector.url);
  t.is((await next()).event, 'tick');
  t.is((await next()).event, 'reset');
  await collector.estate();
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  for (;;) {
    const message = await next();
    if (message.event !== 'change' || message.data.events?.length !== 1) continue;
    t.regex(message.id, /^[0-9a-f]{12}-\d+$/);
    t.true(Number.isFinite(Date.parse(message.data.at)));
    break;
  }
});

test('a page that read the estate, and one that comes back, get what changed since, and it makes the estate of now', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  const first = await fetch(`${collector.url}/api/v1/estate`);
  const moment = momentOf(first.headers.get('etag'));
  if (!moment) throw new Error('the estate has no moment');
  const page = followed(await first.json());
  wire.send(snapshotFrame(snapshot(certificate('one'), { findings: [finding()] })));
  await until('kept', async () => (await collector.estate()).endpoints.length === 1);
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1), event(2)] });
  await wire.next('ack');
  const last = await fetch(`${collector.url}/api/v1/estate`);
  const end = momentOf(last.headers.get('etag'));
  const whole: Estate = await last.json();
  const next = await follow(t, collector.url, idOf(moment));
  t.is((await next()).event, 'tick');
  for (;;) {
    const message = await next();
    t.is(message.event, 'change');
    const shown = page.apply(message.data);
    if (momentOf(message.id)?.revision !== end?.revision) continue;
    t.deepEqual(withoutTimes(shown), withoutTimes(whole));
    break;
  }
  const again = await follow(t, collector.url, end && idOf(end), 'query');
  t.is((await again()).event, 'tick');
  const { event: what, data } = await again();
  // That it was heard is told every five seconds, whenever those are over.
  const isHeard = what === 'change' && data.heard.length > 0 && data.hosts.length + data.events.length === 0;
  t.true(what === 'tick' || isHeard, 'nothing was missed');
});

function withoutTimes(estate: Estate) {
  const { hosts, endpoints } = estate;
  return {
    ...estate,
    at: '',
    hosts: hosts.map((one) => ({ ...one, lastHeardAt: '', observedAt: '' })),
    endpoints: endpoints.map((one) => ({ ...one, observedAt: '' })),
  };
}

test('one user, and one address, have a share of those who follow, and are told when it is taken', async (t) => {
  const { url, directory } = await startTestCollector(t);
  await addUsers(directory, { anna: 'admin' });
  const tokens = {
    ci: await addApiToken(directory, 'ci', 'viewer'),
    other: await addApiToken(directory, 'other', 'viewer'),
  };
  const ending = new AbortController();
  t.teardown(() => ending.abort());
  const ask = (who: keyof typeof tokens) =>
    fetch(`${url}/api/v1/live`, { headers: { authorization: `Bearer ${tokens[who]}` }, signal: ending.signal });
  const all = await Promise.all(Array.from({ length: mostFollowers.user }, () => ask('ci')));
  t.true(all.every(({ status }) => status === 200));
  const refused = await ask('ci');
  t.is(refused.status, 429);
  t.is(refused.headers.get('retry-after'), '30');
  const said: unknown = await refused.json();
  t.true(Check(Problem, said));
  t.like(said, { detail: 'ci has 100 pages and programs that follow: close some of them.' });
  t.is((await ask('other')).status, 200, 'another one is followed');
  await all[0]?.body?.cancel();
  await until('there is room again', async () => (await ask('ci')).status === 200);
});

test('of IPv6 a whole network has one share, and nobody takes the last places of all', (t) => {
  const live = createLive(handClock(0));
  const open = (address: string, user: string | undefined) =>
    live.follow(
      { write: () => true, writableLength: 0, destroyed: false, on: () => {}, end: () => {}, destroy: () => {} },
      undefined,
      { address, user },
    );
  for (let count = 0; count < mostFollowers.address; count += 1)
    t.true(open(`2001:db8::${count.toString(16)}`, undefined));
  t.is(live.refusal({ address: '2001:db8::ffff', user: undefined }), 'address');
  t.is(live.refusal({ address: '2001:db8:0:1::1', user: undefined }), undefined);
  for (let count = live.followers(); count < mostFollowers.all; count += 1)
    t.true(open(`192.0.2.${count % 8}`, `user-${count % 50}`));
  t.false(open('198.51.100.1', undefined));
  t.is(live.refusal({ address: '198.51.100.1', user: undefined }), 'all');
  live.close();
});
