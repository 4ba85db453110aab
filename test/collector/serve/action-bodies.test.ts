import test from 'ava';
import { Check } from 'typebox/value';
import { reaches, roles } from '../../../collector/accounts/roles.ts';
import { AskBody, LabelBody, Me, TokenBody, UnlabelBody } from '../../../collector/serve/action-bodies.ts';

test('what the page sends has closed shapes', (t) => {
  const wish = { host: 'web-1', verb: 'renew', subject: 'shop', reason: 'the key leaked', key: 'a' };
  for (const [schema, good] of [
    [Me, { version: 1, by: 'nobody' }],
    [Me, { version: 1, by: 'session', name: 'anna', role: 'admin', endsAt: '2026-01-01T00:00:00.000Z' }],
    [AskBody, wish],
    [AskBody, { ...wish, withinSeconds: 60 }],
    [LabelBody, { scope: 'host', pattern: 'web-*', labels: { owner: 'payments' } }],
    [UnlabelBody, { scope: 'name', pattern: 'pay.example', keys: ['owner'] }],
    [TokenBody, {}],
  ] as const) {
    t.true(Check(schema, good), JSON.stringify(good));
    t.false(Check(schema, { ...good, command: 'rm' }));
  }
  t.false(Check(AskBody, { ...wish, verb: 'run' }));
  t.false(Check(AskBody, { ...wish, reason: '' }));
});

test('each role may what those before it may', (t) => {
  t.deepEqual(
    roles.map((role) => roles.map((least) => reaches(role, least))),
    [
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ],
  );
  t.false(reaches(undefined, 'viewer'));
});
