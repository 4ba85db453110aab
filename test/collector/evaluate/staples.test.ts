import test from 'ava';
import { outsideFindings } from '../../../collector/evaluate/outside/outside-findings.ts';
import { rowsOf } from '../../../collector/commands/scan-view.ts';
import { type SeenAnswer, Staple as Staples } from '../../../collector/scan/seen.ts';
import type { Staple, TargetPlace } from '../../../collector/store/targets.ts';
import { stapleWords } from '../../../collector/wording/staple-words.ts';
import { certificate } from '../helpers/example-snapshot.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-27T12:00:00.000Z');
const at = (days: number) => new Date(now + days * day).toISOString();

/** In this state for two days, with its thisUpdate and nextUpdate so many days from now. */
function staple(state: Staple['state'], from?: number, until?: number): Staple & { since: number } {
  return {
    state,
    ...(from !== undefined && { producedAt: at(from), thisUpdate: at(from) }),
    ...(until !== undefined && { nextUpdate: at(until) }),
    ...(state === 'revoked' && { revokedAt: at(-1.5) }),
    since: now - 2 * day,
  };
}

/** Of a target whose certificate has nothing else that is wrong. */
function found(change: Pick<TargetPlace, 'staple' | 'mustStaple'>) {
  const place: TargetPlace = {
    address: '192.0.2.1',
    algorithm: 'ecdsa',
    served: 'one',
    notBefore: at(-30),
    notAfter: at(60),
    chain: [],
    since: now - 30 * day,
    ...change,
  };
  const asked = { setAt: now - 40 * day, askedAt: now, everyMs: day };
  const target = { host: 'shop.example.com', port: 443, held: [], seen: { places: [place], leftOut: 0 }, ...asked };
  return outsideFindings(target, [], now).map(({ finding }) => finding);
}

const cases: readonly [title: string, change: Parameters<typeof found>[0], expected: string[]][] = [
  ['a good answer of today is stapled', { staple: staple('good', -1, 3) }, []],
  ['one that ended an hour ago is', { staple: staple('good', -7, -1 / 24) }, ['target-staple-invalid warning']],
  ['one whose responder’s clock is a minute ahead is', { staple: staple('good', 1 / 1440, 3) }, []],
  ['one that begins tomorrow is', { staple: staple('good', 1, 3) }, ['target-staple-invalid warning']],
  ['one that says that it is revoked is', { staple: staple('revoked', -1, 3) }, ['target-revoked critical']],
  ['the same, long over', { staple: staple('revoked', -9, -3) }, ['target-revoked critical']],
  ['one with a wrong signature is', { staple: staple('signature-wrong') }, ['target-staple-invalid warning']],
  ['none is, and none is demanded', { staple: staple('none') }, []],
  ['none is, and it is demanded', { staple: staple('none'), mustStaple: true }, ['target-staple-invalid warning']],
  ['it is demanded, and an older agent looked', { mustStaple: true }, []],
  ['its issuer was not sent, by whom it could be checked', { staple: staple('issuer-absent') }, []],
];

for (const [title, change, expected] of cases)
  test(`${title}: ${expected.join(', ') || 'nothing'}`, (t) => {
    t.deepEqual(
      found(change).map(({ code, severity }) => `${code} ${severity}`),
      expected,
    );
  });

test('a finding about a staple says since when, what it says, and what to do', (t) => {
  const foundOf = (change: Parameters<typeof found>[0]) => found(change)[0];
  const stale = foundOf({ staple: staple('good', -7, -1) });
  t.is(stale?.since, at(-1));
  t.regex(stale?.cause ?? '', /192\.0\.2\.1:443 staples to the certificate for shop\.example\.com is stale: clients/);
  t.like(stale?.evidence, { staple: 'good', nextUpdate: at(-1) });
  t.regex(stale?.remedy ?? '', /ssl_stapling_file has to be made anew/);
  const missing = foundOf({ staple: staple('none'), mustStaple: true });
  t.is(missing?.since, at(-2), 'since when there is none, not since when the certificate is there');
  t.regex(missing?.cause ?? '', /is missing, and the certificate demands one/);
  t.regex(missing?.remedy ?? '', /ssl_stapling on/);
  const revoked = foundOf({ staple: staple('revoked', -1, 3) });
  t.is(revoked?.since, at(-1.5));
  t.regex(revoked?.cause ?? '', /its issuer has revoked at 2026-11-26T00:00:00\.000Z/);
});

test('a staple has words for each of its states', (t) => {
  const words = (one: Staple | undefined, mustStaple = false) =>
    stapleWords({ ...(one && { staple: one }), mustStaple }, now);
  t.is(words(undefined), 'not known');
  t.is(words(staple('good', -1, 3)), 'good, until 2026-11-30 12:00:00 UTC');
  t.is(words(staple('good', -1)), 'good');
  t.is(words(staple('good', -7, -1)), 'is stale: it was good until 2026-11-26 12:00:00 UTC');
  t.is(words(staple('revoked', -1)), 'says that the certificate is revoked, since 2026-11-26 00:00:00 UTC');
  t.deepEqual(
    [words(staple('none')), words(staple('none'), true)],
    ['none', 'is missing, and the certificate demands one'],
  );
  for (const state of Staples.properties.state.enum) t.regex(words(staple(state)), /^[a-z0-9 ,:-]+$/i, state);
});

test('a scan says what is wrong with a staple', (t) => {
  const certificates = [certificate('one', { notBefore: at(-30), notAfter: at(60) })];
  const answer = { algorithm: 'ecdsa' as const, certificates, tlsVersion: 'TLSv1.3', nameMatches: true, trusted: true };
  const said = (seen: Pick<SeenAnswer, 'staple' | 'mustStaple'>) => {
    const places = [{ address: '192.0.2.1', answers: [{ ...answer, ...seen }] }];
    const target = {
      target: 'shop.example.com:443',
      host: 'shop.example.com',
      port: 443,
      at: at(0),
      places,
      leftOut: 0,
    };
    return rowsOf([target], now).map(({ problem, verdict }) => `${verdict} ${problem}`);
  };
  t.deepEqual(said({ staple: { state: 'good', nextUpdate: at(-1) } }), ['wrong staple-invalid: stale']);
  t.deepEqual(said({ staple: { state: 'none' }, mustStaple: true }), ['wrong staple-invalid: missing']);
  t.deepEqual(said({ staple: { state: 'revoked' } }), ['wrong revoked']);
  t.deepEqual(said({ staple: { state: 'none' } }), ['fine ']);
});
