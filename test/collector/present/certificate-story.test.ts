import test from 'ava';
import { storyOf } from '../../../collector/present/certificate-story.ts';
import { fingerprint, healthyEstate } from '../web/example-estate.ts';

const healthy = healthyEstate(new Date('2026-11-23T03:00:00.000Z'));
const shop = fingerprint('web-1 shop.example.com ecdsa');
const base = healthy.certificates.find((one) => one.fingerprint === shop);
if (base === undefined) throw new Error('the example has this certificate');
const older = { ...base, fingerprint: fingerprint('older'), notBefore: '2020-01-01T00:00:00.000Z' };

test('who should serve it and serves another comes first, and the other one knows its successor', (t) => {
  const endpoints = healthy.endpoints.map((endpoint, index) =>
    index === 0 ? { ...endpoint, issued: shop, served: older.fingerprint } : endpoint,
  );
  const estate = { certificates: [...healthy.certificates, older], endpoints };
  const story = storyOf(estate, shop);
  t.deepEqual(
    story?.waiting.map(({ id }) => id),
    [endpoints[0]?.id],
  );
  t.is(story?.endpoints[0]?.served, older.fingerprint);
  t.true(story?.endpoints.slice(1).every(({ served }) => served === shop));
  t.is(storyOf(estate, older.fingerprint)?.successor?.fingerprint, shop);
  t.is(story?.successor, undefined);
});

test('an older certificate for one of its names is found wherever it is served, under a wildcard too', (t) => {
  const wild = { ...base, fingerprint: fingerprint('wild'), subjectAltNames: ['*.EXAMPLE.com'] };
  const served = (serverName: string) => ({
    ...healthy.endpoints[0]!,
    issued: older.fingerprint,
    served: older.fingerprint,
    serverName,
  });
  const endpoints = [served('a.example.com'), served('b.a.example.com'), served('example.com')];
  const story = storyOf({ certificates: [wild, older], endpoints }, wild.fingerprint);
  t.deepEqual(
    story?.older.map(({ serverName }) => serverName),
    ['a.example.com'],
  );
});

test('chains are those that are served, the most served first; of what nobody serves, by the issuers’ names', (t) => {
  const [one, two, three] = ['one', 'two', 'three'].map(fingerprint);
  const serving = { ...healthy.endpoints[0]!, served: shop };
  const endpoints = [[one!], [one!, two!], [one!, two!]].map((chain) => ({ ...serving, chain }));
  t.deepEqual(storyOf({ certificates: [base], endpoints }, shop)?.chains, [
    { links: [one, two], endpoints: 2 },
    { links: [one], endpoints: 1 },
  ]);
  const authority = { ...base, isAuthority: true, fingerprint: two!, subject: base.issuer, issuer: 'CN=Root' };
  const circle = { ...base, isAuthority: true, fingerprint: three!, subject: 'CN=Root', issuer: base.issuer };
  t.deepEqual(storyOf({ certificates: [base, authority, circle], endpoints: [] }, shop)?.chains, [
    { links: [two, three], endpoints: 0 },
  ]);
});

test('what no host reports has no story', (t) => {
  t.is(storyOf(healthy, fingerprint('nothing')), undefined);
});
