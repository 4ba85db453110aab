import type { RequestFrame } from '@certherd/protocol/frame';
import { AgentFrame } from '@certherd/protocol/frame';
import type { Snapshot } from '@certherd/protocol/snapshot';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { Check } from 'typebox/value';
import type { Config } from '../../../agent/config.ts';
import { Request } from '../../../agent/decide/action.ts';
import { decide } from '../../../agent/decide/decide.ts';
import { judgeRequest, lookAnswer } from '../../../agent/decide/requested.ts';
import { config, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const request = (change: Partial<RequestFrame> = {}): RequestFrame => ({
  type: 'request',
  id: '00000000-0000-4000-8000-000000000001',
  verb: 'renew',
  subject: { kind: 'lineage', id: 'shop' },
  requester: 'ann',
  reason: 'the key leaked',
  withinSeconds: 60,
  ...change,
});
const snapshot = (change: Parameters<typeof observed>[0] = {}): Snapshot =>
  decide(observed(change), [], [], config('renew'), noon).snapshot;
const judge = (frame: RequestFrame, settings: Config = config('renew'), seen = snapshot()) =>
  judgeRequest(frame, seen, [], settings, noon);
/** nginx presents another certificate than its config names. */
const drifted = snapshot({ endpoints: [endpoint({ served: 'b'.repeat(64) })] });
const refused = (verdict: ReturnType<typeof judgeRequest>) => ('refused' in verdict ? verdict.refused : undefined);

test('what the host reported may be asked for, and becomes an action of the closed list with who asked and why', (t) => {
  t.deepEqual(judge(request()), {
    action: {
      request: { verb: 'renew', lineage: 'shop' },
      why: 'ann asked for it at the collector: the key leaked',
      subject: 'shop',
    },
  });
  const reload = judge(request({ verb: 'reload', subject: { kind: 'server', id: 'nginx' } }), config('renew'), drifted);
  t.like(reload, { action: { request: { verb: 'reload', server: 'nginx' }, subject: 'asked nginx' } });
});

test('a subject that this host has not reported, or that the verb does nothing with, is refused', (t) => {
  t.is(refused(judge(request({ subject: { kind: 'lineage', id: 'other' } }))), 'subject-unknown');
  t.is(refused(judge(request({ verb: 'rescan', subject: { kind: 'host', id: 'web-2' } }))), 'subject-unknown');
  t.is(refused(judge(request({ verb: 'reload', subject: { kind: 'server', id: 'haproxy' } }))), 'subject-unknown');
  t.is(refused(judge(request({ subject: { kind: 'server', id: 'nginx' } }))), 'subject-unfit');
  t.is(refused(judge(request({ verb: 'verify', subject: { kind: 'file', id: '/etc/shadow' } }))), 'subject-unfit');
});

test('a lineage or a server that is reported but is no argument of an action is refused', (t) => {
  const odd = snapshot({
    lineages: [lineage({ name: '-x' })],
    servers: [{ server: 'other', configFile: '/etc/certherd/agent.toml', configFiles: [] }],
  });
  t.is(refused(judge(request({ subject: { kind: 'lineage', id: '-x' } }), config('renew'), odd)), 'subject-unfit');
  const server = { kind: 'server', id: 'other' } as const;
  t.is(refused(judge(request({ verb: 'reload', subject: server }), config('renew'), odd)), 'subject-unfit');
});

test('what would change nothing for the better is refused: a reload of what is served, a restoration of what is in use', (t) => {
  const [reload, restore] = [
    request({ verb: 'reload', subject: { kind: 'server', id: 'nginx' } }),
    request({ verb: 'restore' }),
  ];
  for (const frame of [reload, restore]) {
    t.is(refused(judge(frame)), 'not-needed', frame.verb);
    t.is(refused(judge(frame, config('renew'), drifted)), undefined, frame.verb);
  }
  const silent = snapshot({
    endpoints: [{ ...endpoint(), served: undefined, failure: { reason: 'connection-refused', detail: '' } } as never],
  });
  for (const frame of [reload, restore]) t.is(refused(judge(frame, config('renew'), silent)), undefined, frame.verb);
  // taken back once already: its links lead to version 1, which is served; a collector cannot have it go further back
  const held = snapshot({ lineages: [lineage({ issued: 'b'.repeat(64), issuedVersion: 2 })] });
  t.is(refused(judge(restore, config('renew'), held)), 'not-needed');
  const unused = snapshot({ endpoints: [], deployments: [] });
  t.is(refused(judge(restore, config('renew'), unused)), 'not-needed');
});

test('the local policy has the last word, for the host and for one lineage', (t) => {
  const frames = {
    renew: request(),
    rehearse: request({ verb: 'rehearse' }),
    restore: request({ verb: 'restore' }),
    reload: request({ verb: 'reload', subject: { kind: 'server', id: 'nginx' } }),
    verify: request({ verb: 'verify' }),
    rescan: request({ verb: 'rescan', subject: { kind: 'host', id: 'web-1' } }),
  };
  const allowed = (settings: Config) =>
    Object.entries(frames)
      .filter(([, frame]) => refused(judge(frame, settings, drifted)) !== 'not-allowed')
      .map(([verb]) => verb);
  t.deepEqual(allowed(config('observe')), ['verify', 'rescan']);
  t.deepEqual(allowed(config('deploy')), ['restore', 'reload', 'verify', 'rescan']);
  t.deepEqual(allowed(config('renew')), Object.keys(frames));
  const held: Config = { ...config('renew'), lineages: new Map([['shop', { mode: 'observe' as const }]]) };
  t.deepEqual(allowed(held), ['reload', 'verify', 'rescan']);
});

test('while the CA asked to wait, nobody else is asked to hurry', (t) => {
  const told = {
    verb: 'renew' as const,
    subject: 'shop',
    at: noon - 1,
    reason: 'rate-limited' as const,
    detail: '429',
  };
  const attempts = [{ ...told, retryAt: noon + 1000 }];
  const verdict = judgeRequest(request(), snapshot(), attempts, config('renew'), noon);
  t.is(refused(verdict), 'too-soon');
  t.is(refused(judgeRequest(request(), snapshot(), attempts, config('renew'), noon + 1000)), undefined);
});

test('a look is answered by what it found of the subject', (t) => {
  const seen = snapshot({
    endpoints: [endpoint(), endpoint({ id: 'old@0.0.0.0:443/rsa', served: 'b'.repeat(64) })],
  });
  const verify = (kind: 'lineage' | 'server' | 'endpoint', id: string) =>
    lookAnswer(request({ verb: 'verify', subject: { kind, id } }), seen);
  t.deepEqual(verify('lineage', 'shop'), { ok: false, summary: '1 of 2 endpoint(s) present the newest certificate' });
  t.deepEqual(verify('server', 'nginx').ok, false);
  t.deepEqual(verify('endpoint', endpoint().id), {
    ok: true,
    summary: '1 of 1 endpoint(s) present the newest certificate',
  });
  t.false(verify('lineage', 'none').ok);
});

test('whatever a frame names, what comes of it is a closed action on something reported', (t) => {
  const id = fc.oneof(
    fc.constantFrom('shop', 'nginx', 'web-1', '--help', '../shop', 'constructor', '__proto__', endpoint().id),
    fc.string(),
  );
  const kind = fc.constantFrom('host', 'server', 'file', 'lineage', 'deployment', 'endpoint' as const);
  const verb = fc.constantFrom('rescan', 'verify', 'reload', 'renew', 'restore', 'rehearse' as const);
  const seen = snapshot();
  fc.assert(
    fc.property(verb, kind, id, (asked, of, named) => {
      const verdict = judge(request({ verb: asked, subject: { kind: of, id: named } }), config('renew'), seen);
      if ('action' in verdict) {
        if (!Check(Request, verdict.action.request)) throw new Error('not of the closed list');
        if (!['shop', 'nginx'].includes(named)) throw new Error(`${named} was never reported`);
      }
    }),
    { numRuns: 20_000 },
  );
  t.false(Check(AgentFrame, request()), 'an agent never sends one');
});
