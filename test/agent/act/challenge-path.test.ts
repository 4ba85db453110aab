import { failed, success } from '@certherd/protocol/failure';
import test from 'ava';
import { challengePath, resolves } from '../../../agent/act/rehearsal/challenge-path.ts';
import type { RehearsalPorts, Rehearsed } from '../../../agent/act/rehearsal/check.ts';
import type { WebAnswer } from '../../../agent/ports.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { systemProc } from '../../../agent/system/proc.ts';
import { config, lineage, observed } from '../../helpers/observed.ts';

const own = '192.0.2.10';
const content = 'what was put there';

/** A world of two names, in which `web` answers at ADDRESS:PORT and `dns` tells addresses; addresses of others cannot be used in a test. */
function world(
  dns: Record<string, string[]>,
  web: Record<string, Partial<WebAnswer> | 'refused'>,
  authenticator = 'webroot',
) {
  const asked: string[] = [];
  let removed = 0;
  const rehearsal: RehearsalPorts = {
    addresses: () => [own, '2001:db8::10'],
    names: {
      addresses: (name) => Promise.resolve(success(dns[name] ?? [])),
      caa: () => Promise.resolve(success([])),
    },
    placeToken: () =>
      success({ path: '/.well-known/acme-challenge/certherd-x', content, remove: () => void (removed += 1) }),
    webGet: ({ url, at }) => {
      const place = `${at?.address}:${at?.port}`;
      asked.push(`${new URL(url).protocol}//${new URL(url).host} at ${place}`);
      const answer = web[`${place} ${new URL(url).host}`] ?? web[place] ?? 'refused';
      return Promise.resolve(
        answer === 'refused'
          ? failed('connection-refused', 'refused')
          : success({ status: 200, body: content, ...answer }),
      );
    },
  };
  const rehearsed: Rehearsed = {
    lineage: lineage(),
    settings: { autorenew: true, authenticator, webrootPath: '/var/www' },
    names: Object.keys(dns),
    seen: observed(),
    config: config('renew'),
    // all that these checks ask for
    ports: {
      files: systemFiles(),
      proc: systemProc(),
      rehearsal,
    } as unknown as Rehearsed['ports'],
  };
  return { rehearsed, asked, removed: () => removed };
}

test('a name that leads elsewhere is noted, and passes where the file comes back from there', async (t) => {
  const { rehearsed, asked, removed } = world({ 'a.test': ['198.51.100.7'] }, { '198.51.100.7:80': {} });
  t.deepEqual(await resolves(rehearsed), {
    state: 'passed',
    detail: 'a.test does not point here, but to 198.51.100.7',
  });
  t.deepEqual(await challengePath(rehearsed), { state: 'passed' });
  t.deepEqual(asked, ['http://a.test at 198.51.100.7:80']);
  t.is(removed(), 1);
});

test('where nobody answers from outside, this host itself decides: NAT mostly does not lead back inside', async (t) => {
  const good = world({ 'a.test': ['198.51.100.7'] }, { '127.0.0.1:80': {} });
  t.deepEqual(await challengePath(good.rehearsed), {
    state: 'passed',
    detail: 'a.test at 198.51.100.7 does not answer this host, and this host itself answers as it should',
  });
  const bad = world({ 'a.test': ['198.51.100.7'] }, { '127.0.0.1:80': { status: 404, body: '' } });
  t.deepEqual(await challengePath(bad.rehearsed), {
    state: 'failed',
    reason: 'connection',
    detail: 'port 80 of a.test at 198.51.100.7: refused',
  });
  t.is(bad.removed(), 1);
});

test('a wrong answer from outside counts, whatever this host itself says', async (t) => {
  const { rehearsed } = world(
    { 'a.test': ['198.51.100.7'] },
    { '198.51.100.7:80': { status: 403, body: '' }, '127.0.0.1:80': {} },
  );
  const verdict = await challengePath(rehearsed);
  t.is(verdict.state, 'failed');
  t.regex(verdict.detail ?? '', /at 198\.51\.100\.7 is answered with status 403/);
});

test('IPv6 comes first, and IPv4 only where nobody answers there', async (t) => {
  const silent = world({ 'a.test': ['2001:db8::10', own] }, { [`${own}:80`]: {} });
  t.is((await challengePath(silent.rehearsed)).state, 'passed');
  t.deepEqual(silent.asked, ['http://a.test at 2001:db8::10:80', `http://a.test at ${own}:80`]);
  const wrong = world(
    { 'a.test': [own, '2001:db8::10'] },
    { [`${own}:80`]: {}, '2001:db8::10:80': { status: 404, body: '' } },
  );
  const verdict = await challengePath(wrong.rehearsed);
  t.regex(verdict.detail ?? '', /at 2001:db8::10 is answered with status 404/);
});

test('redirects: to https and another name of the certificate as a CA goes, to an address or round in a circle as it does not', async (t) => {
  const to = (location: string) => ({ status: 301, location, body: '' });
  const names = { 'a.test': [own], 'b.test': [own] };
  const followed = world(names, {
    [`${own}:80 a.test`]: to('https://b.test/x'),
    [`${own}:443 b.test`]: {},
    [`${own}:80 b.test`]: {},
  });
  t.is((await challengePath(followed.rehearsed)).state, 'passed');
  t.true(followed.asked.includes(`https://b.test at ${own}:443`));
  for (const [location, detail] of [
    [`http://${own}/x`, /CAs follow to names only/],
    ['http://[2001:db8::10]/x', /CAs follow to names only/],
    ['ftp://a.test/x', /ports 80 and 443 only/],
    ['http://a.test:8080/x', /ports 80 and 443 only/],
    ['http://a.test/again', /more than 10 redirects/],
    ['http://[/', /leads to no address/],
  ] as const) {
    const verdict = await challengePath(world({ 'a.test': [own] }, { [`${own}:80`]: to(location) }).rehearsed);
    t.is(verdict.state, 'failed', location);
    t.regex(verdict.detail ?? '', detail);
  }
  const stranger = world({ 'a.test': [own] }, { [`${own}:80`]: to('http://metadata.internal/x') });
  t.regex((await challengePath(stranger.rehearsed)).detail ?? '', /^not asked: .*none of the certificate's names/);
  t.is(stranger.asked.length, 1, 'a stranger is not asked');
});

test('for a plugin that writes into the config any answer will do, and none will not', async (t) => {
  const names = { 'a.test': [own] };
  t.is(
    (await challengePath(world(names, { [`${own}:80`]: { status: 404, body: '' } }, 'nginx').rehearsed)).state,
    'passed',
  );
  for (const location of ['https://a.test:8443/', 'http://a.test/again', `http://${own}/`])
    t.deepEqual(
      await challengePath(world(names, { [`${own}:80`]: { status: 301, location, body: '' } }, 'nginx').rehearsed),
      { state: 'passed' },
      `certbot's own answer comes before a redirect to ${location}`,
    );
  const silent = await challengePath(world(names, {}, 'apache').rehearsed);
  t.is(silent.state === 'failed' && silent.reason, 'connection');
  t.regex((await challengePath(world(names, {}, 'dns-route53').rehearsed)).detail ?? '', /^not asked/);
});

test('a wildcard cannot be proved over HTTP, a name without an address not at all, and many names share the words', async (t) => {
  const wild = await resolves(world({ '*.a.test': [own] }, {}).rehearsed);
  t.regex(wild.detail ?? '', /\*\.a\.test cannot be proved over HTTP/);
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`n${index}.test`, []]));
  const verdict = await resolves(world(many, {}).rehearsed);
  t.is(verdict.state === 'failed' && verdict.reason, 'dns');
  t.regex(verdict.detail ?? '', /n0\.test has no address.*; and 47 more$/);
});
