import test from 'ava';
import { planCampaign } from '../../../../collector/evaluate/campaign/plan.ts';
import { cautionsOf, fulfils, mistakeInSelection } from '../../../../collector/evaluate/campaign/selection.ts';
import type { Selection } from '../../../../collector/store/campaigns.ts';
import { made, madeFleet, type MadeHost } from '../../helpers/made-fleet.ts';

const shop = made('shop', ['shop.example.test', 'www.example.test']);
const mail = made('mail', ['mail.example.test'], { key: 'EC prime256v1', issuer: 'O=Other CA, CN=One' });
const wild = made('wild', ['*.example.test'], { notBefore: '2026-11-20T00:00:00.000Z' });
const host = (name: string, live: typeof shop, change: Partial<MadeHost> = {}): MadeHost => ({
  name,
  lineages: [{ name: 'main', live }],
  at: [[live.subjectAltNames[0] ?? '', live]],
  ...change,
});
const chosen = (hosts: readonly MadeHost[], selection: Selection) =>
  planCampaign(madeFleet(hosts), selection).members.map(({ hostName }) => hostName);

test('certificates are chosen by issuer, key, dates, names, hosts and labels, all that is given at once', (t) => {
  const fleet = [host('web-1', shop, { owner: 'shop' }), host('mail-1', mail, { owner: 'Post' }), host('web-2', wild)];
  for (const [selection, names] of [
    [{ issuer: "let's encrypt" }, ['web-1', 'web-2']],
    [{ issuer: 'R10' }, ['web-1', 'web-2']],
    [{ issuer: 'one' }, ['mail-1']],
    [{ issuer: '*OTHER*' }, ['mail-1']],
    [{ key: 'rsa' }, ['web-1', 'web-2']],
    [{ key: 'RSA 2048' }, ['web-1', 'web-2']],
    [{ key: 'RSA 4096' }, []],
    [{ key: 'EC' }, ['mail-1']],
    [{ issuedBefore: '2026-11-01' }, ['mail-1', 'web-1']],
    [{ key: 'RSA', issuedBefore: '2026-11-01' }, ['web-1']],
    [{ endsBefore: '2026-12-30' }, []],
    [{ endsBefore: '2026-12-31' }, ['mail-1', 'web-1', 'web-2']],
    [{ name: '*.example.test', issuedBefore: '2026-11-27' }, ['mail-1', 'web-1', 'web-2']],
    [{ name: 'WWW.example.test' }, ['web-1']],
    [{ owner: 'post' }, ['mail-1']],
    [{ team: 'any' }, []],
    [{ host: 'web-*' }, ['web-1', 'web-2']],
  ] as const)
    t.deepEqual(chosen(fleet, selection).sort(), [...names], JSON.stringify(selection));
});

test('what no agent can replace is told with its reason, and a copy belongs to the lineage that it is of', (t) => {
  const other = (mark: string) => made(mark, [`${mark}.example.test`]);
  const fleet = madeFleet(
    [
      host('web-1', shop),
      { name: 'lb-1', at: [['shop.example.test', shop]] },
      { name: 'hand-1', at: [['hand.example.test', other('hand')]] },
      host('watched', other('watched'), { mode: 'observe' }),
      host('quiet', other('quiet'), { silent: true }),
      host('unused', other('unused'), { at: [] }),
      host('asleep', other('asleep'), {
        lineages: [{ name: 'main', live: other('asleep'), change: { autorenew: false } }],
      }),
    ],
    {},
    new Map([
      [
        'shop.example.test:443',
        [
          {
            target: 'shop.example.test:443',
            vantage: 'collector',
            places: [
              { address: '192.0.2.1', served: shop.fingerprint },
              { address: '192.0.2.2', served: 'f'.repeat(64), ...other('away'), algorithm: 'rsa' },
            ],
          },
          {
            target: 'shop.example.test:443',
            vantage: 'a1',
            vantageName: 'far-1',
            places: [
              { address: '192.0.2.1', served: shop.fingerprint },
              { address: '192.0.2.2', served: 'f'.repeat(64), ...other('away'), algorithm: 'rsa' },
            ],
          },
        ],
      ],
    ]),
  );
  const { members, leftOut, radius } = planCampaign(fleet, { key: 'RSA' });
  t.deepEqual(leftOut.map(({ where, reason }) => `${where}: ${reason}`).sort(), [
    'asleep: not-renewable',
    'hand-1: no-lineage',
    'lb-1: copy',
    'quiet: silent',
    'shop.example.test:443: not-ours',
    'unused: nowhere-served',
    'watched: policy',
  ]);
  t.deepEqual(members[0]?.places, [
    {
      kind: 'endpoint',
      agentId: 'web-1',
      hostName: 'web-1',
      serverName: 'shop.example.test',
      address: '0.0.0.0',
      port: 443,
    },
    {
      kind: 'endpoint',
      agentId: 'lb-1',
      hostName: 'lb-1',
      serverName: 'shop.example.test',
      address: '0.0.0.0',
      port: 443,
    },
    { kind: 'target', target: 'shop.example.test:443', address: '192.0.2.1', vantage: 'collector' },
    {
      kind: 'target',
      target: 'shop.example.test:443',
      address: '192.0.2.1',
      vantage: 'a1',
      vantageName: 'far-1',
    },
  ]);
  t.deepEqual(radius, { certificates: 1, lineages: 1, hosts: 2, endpoints: 3, names: 2, owners: [] });
});

test('two hosts that renew the very same certificate answer each for their own places', (t) => {
  const { members, leftOut } = planCampaign(madeFleet([host('web-1', shop), host('web-2', shop)]), { key: 'RSA' });
  t.deepEqual(
    members.map(({ places }) => places.map((place) => place.kind === 'endpoint' && place.hostName)),
    [['web-1'], ['web-2']],
  );
  t.deepEqual(leftOut, []);
});

test('the first wave is the smallest lineage of all, then owner after owner, and what is nobody’s last', (t) => {
  const one = (name: string, owner: string | undefined, names: number) => {
    const live = made(name, [`${name}.example.test`]);
    const at = Array.from({ length: names }, (_, index) => [`n${index}.example.test`, live] as const);
    return host(name, live, { at, ...(owner !== undefined && { owner }) });
  };
  const fleet = [
    one('a', 'big', 9),
    one('b', 'small', 2),
    one('c', 'small', 3),
    one('d', undefined, 1),
    one('e', undefined, 2),
  ];
  const { members } = planCampaign(madeFleet(fleet), { key: 'RSA' });
  t.deepEqual(
    members.map(({ hostName, wave }) => `${wave} ${hostName}`),
    ['1 d', '2 b', '2 c', '3 a', '4 e'],
  );
});

test('a selection that could never be fulfilled is refused, and what a renewal may not bring about is said before', (t) => {
  const now = Date.parse('2026-11-28T00:00:00Z');
  t.regex(mistakeInSelection({}, now) ?? '', /^nothing is selected/);
  t.regex(mistakeInSelection({ issuedBefore: '2026-11-29' }, now) ?? '', /^issued-before: it lies ahead/);
  t.regex(mistakeInSelection({ endsBefore: 'soon' }, now) ?? '', /^ends-before: expected a day/);
  t.is(mistakeInSelection({ endsBefore: '2027-01-01' }, now), undefined);
  t.regex(cautionsOf({ key: 'RSA' }).join(), /^A renewal keeps the lineage's kind of key/);
  t.regex(cautionsOf({ issuer: 'R10' }).join(), /^A renewal asks the CA that the lineage names/);
  t.deepEqual(cautionsOf({ key: 'RSA', issuer: 'R10', issuedBefore: '2026-11-01' }), []);
  t.false(fulfils({ key: 'RSA' }, made('again', ['x'])));
  t.true(
    fulfils(
      { key: 'RSA', issuedBefore: '2026-11-01' },
      made('again', ['x'], { notBefore: '2026-11-28T00:00:00.000Z' }),
    ),
  );
  t.true(fulfils({ owner: 'shop' }, shop), 'whatever is newer will do where nothing is said of the certificate');
});
