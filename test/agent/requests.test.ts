import type { RequestFrame } from '@certherd/protocol/frame';
import test from 'ava';
import type { Memory } from '../../agent/memory.ts';
import { decide } from '../../agent/decide/decide.ts';
import type { EventDraft } from '../../agent/report/outbox.ts';
import { keepRequests } from '../../agent/requests.ts';
import { config, noon, observed } from '../helpers/observed.ts';

const { snapshot } = decide(observed(), [], [], config('renew'), noon);
const idOf = (count: number) => `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
const renew = (count: number, change: Partial<RequestFrame> = {}): RequestFrame => ({
  type: 'request',
  id: idOf(count),
  verb: 'renew',
  subject: { kind: 'lineage', id: 'shop' },
  requester: 'ann',
  reason: 'now',
  withinSeconds: 60,
  ...change,
});
const rescan = (count: number) => renew(count, { verb: 'rescan', subject: { kind: 'host', id: 'web-1' } });

/** Requests on a clock that the test moves; `restart` begins again with what was written last. */
function desk(memory: Memory = { attempts: [], sightings: [] }, mode: 'observe' | 'renew' = 'renew') {
  let now = 0;
  let timer: { at: number; task: () => void } | undefined;
  const clock = {
    now: () => noon + now,
    monotonic: () => now,
    after: (ms: number, task: () => void) => {
      timer = { at: now + ms, task };
      return () => (timer = undefined);
    },
  };
  const events: EventDraft[] = [];
  const written: string[] = [];
  let wakes = 0;
  const needs = { clock, config: config(mode), host: 'web-1', memory };
  const requests = keepRequests(
    needs,
    () => void written.push(JSON.stringify(memory)),
    (event) => void events.push(event),
    () => void (wakes += 1),
  );
  return {
    requests,
    events,
    memory,
    wakes: () => wakes,
    pass: (ms: number) => {
      now += ms;
      if (timer && timer.at <= now) timer.task();
    },
    look: (mayAct = true) => {
      requests.looking();
      return requests.first(snapshot, mayAct);
    },
    restart: () => desk(JSON.parse(written.at(-1) ?? '{}') as Memory),
  };
}
const end = (summary: string): EventDraft => ({
  at: new Date(noon).toISOString(),
  kind: 'renewal',
  subject: { kind: 'lineage', id: 'shop' },
  ok: true,
  summary,
  detail: { reason: 'done' },
  steps: [],
});

test('a request wakes the agent, is done after a look, and its end carries the id and who asked', (t) => {
  const { requests, events, wakes, look } = desk();
  requests.take(renew(1));
  t.is(wakes(), 1);
  t.true(requests.waiting());
  const action = look();
  t.deepEqual(action?.request, { verb: 'renew', lineage: 'shop' });
  t.false(requests.waiting());
  if (action) requests.answer(action.asked, end('done'));
  t.deepEqual(
    events.map(({ kind, detail }) => [kind, detail]),
    [['renewal', { reason: 'done', request: idOf(1), requester: 'ann' }]],
  );
});

test('one that is sent again is not done again: while it waits, once it is answered, and after a restart', (t) => {
  const { requests, events, look, restart } = desk();
  requests.take(renew(1));
  requests.take(renew(1));
  const action = look();
  requests.take(renew(1));
  t.is(look(), undefined);
  if (action) requests.answer(action.asked, end('done'));
  requests.take(renew(1));
  t.is(look(), undefined);
  t.is(events.length, 1);
  const later = restart();
  later.requests.take(renew(1));
  t.false(later.requests.waiting());
  t.is(later.events.length, 0);
});

test('one whose agent was killed in the middle is told as interrupted, and not begun again', (t) => {
  const { requests, look, restart } = desk();
  requests.take(renew(1));
  t.truthy(look());
  const { events, requests: after } = restart();
  t.deepEqual(
    events.map(({ kind, detail }) => [kind, detail]),
    [['request', { request: idOf(1), refused: 'interrupted' }]],
  );
  after.take(renew(1));
  t.false(after.waiting());
});

test('one that waited too long is refused, as is one that names what was never reported', (t) => {
  const { requests, events, pass, look } = desk();
  requests.take(renew(1));
  pass(61_000);
  t.is(look(), undefined);
  requests.take(renew(2, { subject: { kind: 'lineage', id: '/etc/shadow' } }));
  t.false(requests.waiting(), 'the last look already tells');
  t.deepEqual(
    events.map(({ ok, detail }) => [ok, detail.request, detail.refused]),
    [
      [false, idOf(1), 'too-late'],
      [false, idOf(2), 'subject-unknown'],
    ],
  );
  t.false(JSON.stringify(events).includes('/etc/shadow'), 'what a stranger wrote is not repeated');
});

test('a look answers what was asked before it began, and nothing that came while it ran', (t) => {
  const { requests, events } = desk(undefined, 'observe');
  requests.take(rescan(1));
  requests.looking();
  requests.take(rescan(2));
  t.is(requests.first(snapshot, true), undefined);
  t.deepEqual(
    events.map(({ kind, ok, detail }) => [kind, ok, detail.request]),
    [['request', true, idOf(1)]],
  );
  t.true(requests.waiting());
  requests.looking();
  requests.first(snapshot, true);
  t.is(events.length, 2);
});

test('while the agent has something of its own to do an action waits, and a look is answered', (t) => {
  const { requests, events, look } = desk();
  requests.take(renew(1));
  requests.take(rescan(2));
  t.is(look(false), undefined);
  t.is(events.length, 1);
  t.is(look()?.asked.id, idOf(1));
});

test('of a flood twenty in a minute are kept, the rest is counted and told once, and memory stays small', (t) => {
  const { requests, events, memory, pass, look } = desk();
  let kept = 0;
  for (let minute = 0; minute < 30; minute++) {
    for (let count = 0; count < 1000; count++) requests.take(renew(minute * 1000 + count));
    for (let action = look(); action; action = look()) {
      kept += 1;
      requests.answer(action.asked, end('done'));
    }
    pass(60_000);
  }
  t.is(kept, 30 * 20);
  const told = events.filter(({ kind }) => kind === 'request');
  t.is(told.length, 30);
  t.is(told[0]?.detail.count, '980');
  t.is(memory.requests?.length, 256);
});
