import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import { deploymentDigest } from '../../../agent/decide/reload.ts';
import {
  brokenLineages,
  lineagesAtStake,
  namedLineages,
  type Shown,
  versionToRestore,
} from '../../../agent/decide/restoration.ts';
import { type Attempt, attemptsToKeep } from '../../../agent/decide/retry.ts';
import type { KeptVersion } from '../../../agent/observe/kept-versions.ts';
import { certificate, config, day, deployment, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const [a, b, c] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];
const version = (number: number, mark: string, change: Partial<KeptVersion> = {}): KeptVersion => ({
  version: number,
  leaf: certificate(mark),
  keyMatches: true,
  ...change,
});
const shown = (leaves: string[], place = 'shop@443', lineages: [string, string][] = [['shop', a]]): Shown => ({
  place,
  lineages: new Map(lineages),
  leaves: new Set(leaves),
});
const kept = new Map([['shop', [version(2, 'a'), version(1, 'b')]]]);

test('at stake is a lineage of which an earlier version was shown, and broken is one of which none is shown any more', (t) => {
  const before = [shown([b])];
  const stake = lineagesAtStake(before, kept);
  t.deepEqual([...stake], [['shop', new Set([b])]]);
  t.deepEqual(brokenLineages(stake, before, [shown([])]), ['shop'], 'no handshake');
  t.deepEqual(brokenLineages(stake, before, [shown([c])]), ['shop'], 'a stranger');
  t.deepEqual(brokenLineages(stake, before, []), [], 'there was no time to ask');
  t.deepEqual(brokenLineages(stake, before, [shown([b])]), [], 'the reload had no effect');
  t.deepEqual(brokenLineages(stake, before, [shown([a, c])]), [], 'the new one is there');
  t.deepEqual([...lineagesAtStake([shown([c])], kept)], [], 'what was shown is of no lineage');
  t.deepEqual([...lineagesAtStake([shown([a])], kept)], [], 'it was in service already');
});

test('one of two places that lost its certificate is enough, and one that never had it does not count', (t) => {
  const before = [shown([b]), shown([b], 'www@443'), shown([c], 'odd@443')];
  const stake = lineagesAtStake(before, kept);
  t.deepEqual(brokenLineages(stake, before, [shown([a]), shown([], 'www@443'), shown([], 'odd@443')]), ['shop']);
  t.deepEqual(brokenLineages(stake, before, [shown([a]), shown([a], 'www@443'), shown([], 'odd@443')]), []);
});

test('of an RSA and an ECDSA certificate at one place the one that was lost is told', (t) => {
  const both: [string, string][] = [
    ['ecdsa', a],
    ['rsa', c],
  ];
  const before = [shown([b, 'd'.repeat(64)], 'shop@443', both)];
  const stake = lineagesAtStake(
    before,
    new Map([
      ['ecdsa', [version(2, 'a'), version(1, 'b')]],
      ['rsa', [version(2, 'c'), version(1, 'd')]],
    ]),
  );
  t.deepEqual(brokenLineages(stake, before, [shown([c], 'shop@443', both)]), ['ecdsa']);
  t.deepEqual(brokenLineages(stake, before, [shown([a], 'shop@443', both)]), ['rsa']);
});

test("a server's refusal names a lineage by one of its files, and not by one whose path begins the same", (t) => {
  const files = new Map([['shop', ['/live/shop/fullchain.pem', '/archive/shop/cert1.pem']]]);
  t.deepEqual(namedLineages('cannot load certificate "/live/shop/fullchain.pem": ee key too small', files), ['shop']);
  t.deepEqual(namedLineages("parsing [x:3] : '/archive/shop/cert1.pem'", files), ['shop']);
  t.deepEqual(namedLineages('/srv/live/shop/fullchain.pem', files), []);
  t.deepEqual(namedLineages('/live/shop/fullchain.pem-old and unknown directive', files), []);
  t.deepEqual(namedLineages('unknown directive "x" in /etc/nginx/nginx.conf:3', files), []);
});

test('put back is the first version that could be served now, and why not is told of the first', (t) => {
  const names = ['shop.example.test', '_'];
  const chosen = (candidates: KeptVersion[]) => versionToRestore(candidates, names, noon);
  const of = (change: object) => certificate('b', change);
  t.like(chosen([version(2, 'b'), version(1, 'c')]), { ok: true, value: { version: 2 } });
  const bad: [Partial<KeptVersion>, RegExp][] = [
    [{ keyMatches: false }, /version 2 has a private key that does not belong to it/],
    [{ leaf: of({ notAfter: new Date(noon - 1).toISOString() }) }, /version 2 ended at /],
    [{ leaf: of({ notBefore: new Date(noon + day).toISOString() }) }, /version 2 begins at /],
    [{ leaf: of({ subjectAltNames: ['www.example.test'] }) }, /version 2 does not name shop\.example\.test/],
    [{ failure: { reason: 'malformed', detail: 'it is cut off' } }, /version 2 cannot be read: it is cut off/],
  ];
  for (const [change, why] of bad) {
    t.like(chosen([version(2, 'b', change), version(1, 'c')]), { ok: true, value: { version: 1 } });
    const none = chosen([version(2, 'b', change)]);
    t.true(!none.ok && why.test(none.failure), JSON.stringify(none));
  }
  t.deepEqual(chosen([]), { ok: false, failure: 'the archive holds no earlier version' });
});

/** The state in which version 2 (a) is linked and configured, and clients get version 1 (b). */
const waiting = { endpoints: [endpoint({ served: b })] };
const tried = (reason: Attempt['reason'], at = noon): Attempt => ({
  verb: 'reload',
  subject: deploymentDigest(observed(waiting)),
  at,
  reason,
  detail: 'shop: the new certificate did not come into service',
});
const planned = (change: object, attempts: Attempt[], now = noon, mode: 'deploy' | 'renew' | 'observe' = 'deploy') =>
  decide(observed(change), attempts, [], { ...config(mode), rescanMs: day }, now);
const verbs = ({ plan }: ReturnType<typeof planned>) =>
  plan.actions.map(({ request }) => request.verb).filter((verb) => verb !== 'rehearse');

test('a state that was taken back is not loaded again; led to again by certbot it is put back after ten minutes', (t) => {
  t.deepEqual(verbs(planned(waiting, [])), ['reload']);
  t.deepEqual(verbs(planned(waiting, [tried('restore-failed', noon - day * 2)])), ['reload'], 'that is tried again');
  const changedAt = new Date(noon + 100 * day).toISOString();
  const relinked = { ...waiting, lineages: [lineage({ changedAt })] };
  const soon = planned(relinked, [tried('restored')], noon + 100 * day);
  t.deepEqual(verbs(soon), []);
  t.is(soon.plan.lookAgainAt, noon + 100 * day + 600_000);
  const late = noon + 100 * day + 600_000;
  t.deepEqual(verbs(planned(relinked, attemptsToKeep([tried('restored')], late), late)), ['restore']);
  t.deepEqual(verbs(planned(relinked, [tried('restored')], late, 'observe')), []);
  // another certificate is another state
  const renewed = { ...relinked, deployments: [deployment({ configured: c })] };
  t.deepEqual(
    verbs(planned({ ...renewed, endpoints: [endpoint({ configured: c, served: b })] }, [tried('restored')], late)),
    ['reload'],
  );
});

test('links that were left between two versions are led to one once certbot cannot be at work any more', (t) => {
  const failure = { reason: 'links-disagree' as const, detail: 'cert1, privkey2, chain1, fullchain2' };
  const archive = {
    lineage: 'shop',
    directory: '/a',
    links: { cert: '', privkey: '', chain: '', fullchain: '' },
    unnamed: [],
  };
  const cut = { lineages: [lineage({ failure })], archives: [{ ...archive, linked: true, complete: 2, newest: 2 }] };
  t.deepEqual(verbs(planned(cut, [])), ['restore']);
  t.deepEqual(verbs(planned({ ...cut, settling: ['shop'] }, [])), []);
  t.deepEqual(verbs(planned({ ...cut, archives: [{ ...archive, linked: false }] }, [])), [], 'they lead elsewhere');
  t.deepEqual(verbs(planned({ ...cut, deployments: [] }, [])), [], 'no server uses it');
});

/** Version 2 (a) was issued, and version 1 (b) is linked, configured and served. */
const heldBack = (issuedAt: number) => ({
  certificates: [
    certificate('a', {
      notBefore: new Date(issuedAt).toISOString(),
      notAfter: new Date(issuedAt + 90 * day).toISOString(),
    }),
    certificate('b', {
      notAfter: new Date(noon + 20 * day).toISOString(),
      notBefore: new Date(noon - 70 * day).toISOString(),
    }),
  ],
  lineages: [
    lineage({ issued: a, issuedVersion: 2, live: b, liveVersion: 1, changedAt: new Date(noon).toISOString() }),
  ],
  deployments: [deployment({ configured: b })],
  endpoints: [endpoint({ issued: a, configured: b, served: b })],
});

test('what is held back is one finding, is neither reloaded nor at once renewed, and renewed after a day', (t) => {
  const now = noon + 60_000;
  const story: Attempt = { ...tried('restored'), subject: 'another state', at: now };
  const decided = planned(heldBack(noon), [story], now, 'renew');
  t.deepEqual(verbs(decided), [], 'its renewal time has come long ago');
  t.is(decided.plan.lookAgainAt, noon + day);
  t.deepEqual(verbs(planned(heldBack(noon), [story], noon + day, 'renew')), ['renew']);
  const codes = decided.snapshot.findings.map(({ code }) => code);
  t.true(
    codes.includes('restored') && !codes.includes('not-served') && !codes.includes('lineage-broken'),
    codes.join(),
  );
  const finding = decided.snapshot.findings.find(({ code }) => code === 'restored');
  t.is(finding?.severity, 'warning');
  t.regex(finding?.cause ?? '', /held at version 1 although version 2 was issued: shop: the new certificate did not/);
  t.regex(finding?.remedy ?? '', /then: .*certbot renew --cert-name shop .* && \S*nginx .*-t && .*nginx .*-s reload$/);
  t.notRegex(finding?.remedy ?? '', /force-renewal/);
  const late = planned(heldBack(noon - 30 * day), [], noon + 10 * day);
  t.is(late.snapshot.findings.find(({ code }) => code === 'restored')?.severity, 'critical');
});

test('a certificate that is taken out of service days after it was issued holds the next renewal back for a day from then', (t) => {
  const issuedAt = noon - 3 * day;
  const renews = (change: Parameters<typeof planned>[0], now: number) =>
    verbs(planned({ ...heldBack(issuedAt), ...change }, [], now, 'renew'));
  t.deepEqual(renews({}, noon + 60_000), []);
  t.is(planned(heldBack(issuedAt), [], noon + 60_000, 'renew').plan.lookAgainAt, noon + day);
  t.deepEqual(renews({}, noon + day), ['renew']);
  const movedAt = (at: number) => ({
    lineages: [
      lineage({ issued: a, issuedVersion: 2, live: b, liveVersion: 1, changedAt: new Date(at).toISOString() }),
    ],
  });
  t.deepEqual(renews(movedAt(noon + 300 * day), noon + 60_000), ['renew'], 'a clock that was ahead holds nothing back');
  const lastChance = noon + 20 * day - (90 * day) / 24;
  t.deepEqual(renews(movedAt(lastChance - 60_000), lastChance - 1), []);
  t.deepEqual(renews(movedAt(lastChance - 60_000), lastChance), ['renew'], 'what is in use does not end meanwhile');
});

test('each server is reloaded for itself: what is wrong at one does not hold the other back', (t) => {
  const file = '/srv/apache.pem';
  const apache = deployment({
    id: 'apache',
    server: 'apache',
    certificatePath: file,
    keyPath: '/srv/apache.key',
    lineage: '',
  });
  const ofApache = endpoint({ id: 'apache@443', server: 'apache', deployment: 'apache', port: 8443 });
  const both = {
    servers: [
      { server: 'nginx' as const, configFile: '/n', configFiles: ['/n'] },
      { server: 'apache' as const, configFile: '/a', configFiles: ['/a'] },
    ],
    deployments: [deployment(), apache],
    endpoints: [endpoint({ served: b }), { ...ofApache, served: b }],
  };
  const servers = (change: object, attempts: Attempt[] = []) =>
    planned({ ...both, ...change }, attempts).plan.actions.flatMap(({ request }) =>
      request.verb === 'reload' ? [request.server] : [],
    );
  t.deepEqual(servers({}), ['nginx', 'apache']);
  const missing = { reason: 'not-found' as const, detail: 'no such file' };
  const { configured: _, ...without } = apache;
  t.deepEqual(servers({ deployments: [deployment(), { ...without, failure: missing }] }), ['nginx']);
  t.deepEqual(servers({ deployments: [deployment({ keyMatches: false }), apache] }), ['apache']);
  const failed: Attempt = { ...tried('reload-failed'), subject: deploymentDigest(observed(both), 'apache') };
  t.deepEqual(servers({}, [failed]), ['nginx'], 'tries are counted for each');
});

test('a config that Apache itself refused in its test is told as what its next start would meet, and as a failing deployment', (t) => {
  const apache = deployment({ id: 'apache', server: 'apache' });
  const state = {
    deployments: [apache],
    endpoints: [endpoint({ server: 'apache', deployment: 'apache', served: b })],
  };
  const subject = deploymentDigest(observed(state), 'apache');
  const refused: Attempt = { ...tried('config-test-failed'), subject, detail: "Invalid command 'Header'" };
  const { findings } = planned(state, [refused]).snapshot;
  const told = findings.filter(({ subject: { id } }) => id === 'apache');
  t.deepEqual(
    told.map(({ code, severity, remedy }) => [code, severity, remedy]),
    [
      ['restart-would-fail', 'critical', 'apachectl -t'],
      ['deployment-failing', 'critical', 'systemctl reload apache2'],
    ],
  );
  t.true(told[0]?.cause.includes("its own test refuses what is there now: Invalid command 'Header'"));
  const { findings: later } = planned({ ...state, endpoints: [] }, [{ ...refused, reason: 'done' }]).snapshot;
  t.deepEqual(
    later.filter(({ subject: { id } }) => id === 'apache'),
    [],
  );
});
