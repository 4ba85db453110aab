import { Buffer } from 'node:buffer';
import test from 'ava';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Deployment, Lineage } from '@certherd/protocol/snapshot';
import { type AdoptionWish, planAdoption } from '../../../agent/decide/adoption.ts';
import { acmeDirectoryFor } from '../../../agent/decide/adoption-order.ts';
import { nginxDeployments } from '../../../agent/formats/nginx-deployments.ts';
import { namedPairs } from '../../../agent/formats/nginx-named-pairs.ts';
import type { Directive } from '../../../agent/formats/nginx-parser.ts';
import { parseNginx } from '../../../agent/formats/nginx-parser.ts';
import type { Adoptable } from '../../../agent/observe/adoptable.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import { certificate, config as settings, lineage, noon, observed } from '../../helpers/observed.ts';

const main = '/etc/nginx/nginx.conf';
const own = 'ssl_certificate tls/shop.pem; ssl_certificate_key tls/shop.key;';
const byHand = certificate('d', { subjectAltNames: ['shop.example.test'] });

interface Given {
  http: string;
  /** Included files by their path; an include is written as `include PATH;` in `http`. */
  included?: Record<string, string>;
  wish?: Partial<AdoptionWish>;
  seen?: Partial<Adoptable>;
  lineages?: Lineage[];
  certificates?: Certificate[];
  change?: Partial<Observations>;
  mode?: 'deploy';
}

/** The plan for shop.example.test on a host with this config, as the parsers read it. */
function planned({
  http,
  included = {},
  wish = {},
  seen = {},
  lineages = [],
  certificates = [byHand],
  change = {},
  mode,
}: Given) {
  const texts: Record<string, string> = { [main]: `events {}\nhttp {\n${http}\n}\n`, ...included };
  const directives = expanded(parseNginx(texts[main] ?? '', main).directives);
  const deployments = nginxDeployments(directives, main).deployments.map(
    (one): Deployment => ({ ...one, configured: 'd'.repeat(64), keyMatches: true }),
  );
  const observations = observed({ deployments, lineages, certificates, endpoints: [], ...change });
  const facts = {
    observations,
    certificates: new Map(certificates.map((one) => [one.fingerprint, one])),
    attempts: [],
    config: settings(mode),
    now: noon,
  };
  const adoptable: Adoptable = {
    pairs: namedPairs(directives),
    configDirectory: '/etc/nginx',
    files: new Map(Object.entries(texts).map(([file, text]) => [file, { target: file, bytes: Buffer.from(text) }])),
    challenges: new Map(
      deployments.flatMap(({ serverNames }) =>
        serverNames.map((name) => [name.toLowerCase(), { root: '/srv/www', block: `${main}:1`, exists: true }]),
      ),
    ),
    plugins: new Set(['webroot', 'standalone']),
    challengePort: { bound: true, holder: 'nginx' },
    accounts: new Map(),
    ...seen,
  };
  return planAdoption({ name: 'shop.example.test', rehearse: true, ...wish }, facts, adoptable);

  function expanded(list: Directive[]): Directive[] {
    return list.flatMap((one) => {
      if (one.name === 'include')
        return expanded(parseNginx(texts[one.args[0] ?? ''] ?? '', one.args[0] ?? '').directives);
      return [one.block ? { ...one, block: expanded(one.block) } : one];
    });
  }
}

function plan(given: Given) {
  const result = planned(given);
  if (!result.ok) throw new Error(`${result.failure.reason}: ${result.failure.detail}`);
  return result.value;
}

function refusal(given: Given): string {
  const result = planned(given);
  return result.ok ? 'planned' : `${result.failure.reason}: ${result.failure.detail}`;
}

const server = (names: string, inside = own) => `server { listen 443 ssl; server_name ${names}; ${inside} }`;
const live = '/etc/letsencrypt/live/shop.example.test';

test('one block: its names, a new account at the usual CA, a rehearsal at its staging CA, and two values', (t) => {
  const {
    names,
    account,
    rehearsal = [],
    issuance = [],
    files,
    notes,
    reload,
  } = plan({ http: server('shop.example.test WWW.shop.example.test _ 192.0.2.1 localhost') });
  t.deepEqual(names, ['shop.example.test', 'www.shop.example.test']);
  t.is(account, 'new');
  t.is(
    issuance.slice(0, 12).join(' '),
    '/usr/bin/certbot certonly --non-interactive --cert-name shop.example.test --server https://acme-v02.api.letsencrypt.org/directory --agree-tos --register-unsafely-without-email --key-type ecdsa --authenticator',
  );
  t.deepEqual(issuance.slice(12, 19), [
    'webroot',
    '-w',
    '/srv/www',
    '-d',
    'shop.example.test',
    '-d',
    'www.shop.example.test',
  ]);
  t.true(
    rehearsal.includes('--dry-run') && rehearsal.includes('https://acme-staging-v02.api.letsencrypt.org/directory'),
  );
  t.is(
    Buffer.from(files[0]?.after ?? []).toString(),
    `events {}\nhttp {\n${server('shop.example.test WWW.shop.example.test _ 192.0.2.1 localhost', `ssl_certificate ${live}/fullchain.pem; ssl_certificate_key ${live}/privkey.pem;`)}\n}\n`,
  );
  t.deepEqual(reload, ['/usr/sbin/nginx', '-c', main, '-s', 'reload']);
  t.true(notes.includes('192.0.2.1 is left out: certbot gets no certificates for addresses.'));
  t.true(notes.includes('localhost is left out: it has no domain.'));
  t.true(notes.some((note) => note.startsWith("Renewals by certbot's timer are not loaded by anybody: set mode")));
  t.false(
    plan({ http: server('shop.example.test'), mode: 'deploy' }).notes.some((note) => note.includes('not loaded')),
  );
});

test('a template that several blocks include is changed once, and all of their names are asked for', (t) => {
  const http = `${server('shop.example.test', 'include /etc/nginx/tls.conf;')}\n${server('blog.example.test', 'include /etc/nginx/tls.conf;')}`;
  const { names, blocks, files } = plan({ http, included: { '/etc/nginx/tls.conf': own } });
  t.deepEqual(names, ['shop.example.test', 'blog.example.test']);
  t.deepEqual(
    blocks.map(({ serverNames }) => serverNames),
    [['shop.example.test'], ['blog.example.test']],
  );
  t.deepEqual(
    files.map(({ path, after }) => [path, Buffer.from(after).toString()]),
    [['/etc/nginx/tls.conf', `ssl_certificate ${live}/fullchain.pem; ssl_certificate_key ${live}/privkey.pem;`]],
  );
});

test('what all blocks take from http {} is changed there; a block with a pair of its own is not', (t) => {
  const other = 'ssl_certificate /other.pem; ssl_certificate_key /other.key;';
  const http = `${own}\n${server('shop.example.test', '')}\n${server('other.example.test', other)}`;
  const { names, files } = plan({ http });
  t.deepEqual(names, ['shop.example.test']);
  t.true(
    Buffer.from(files[0]?.after ?? [])
      .toString()
      .includes(other),
  );
});

test('a pair in two files, a key that others use too, and two pairs in a block are refused', (t) => {
  const http = server('shop.example.test', 'ssl_certificate tls/shop.pem; include /etc/nginx/key.conf;');
  t.regex(
    refusal({ http, included: { '/etc/nginx/key.conf': 'ssl_certificate_key tls/shop.key;' } }),
    /^not-supported: .* are in two files/,
  );
  const shared = `ssl_certificate_key tls/shop.key;\n${server('shop.example.test', 'ssl_certificate tls/shop.pem;')}\n${server('b.example.test', 'ssl_certificate tls/b.pem;')}`;
  t.regex(refusal({ http: shared }), /^not-supported: \S+:3 is the key of \S+ too, which has another certificate/);
  // what is on one line is told apart by its value alone
  const line = `server { listen 443 ssl; server_name shop.example.test;\n${own} } server { listen 443 ssl; server_name b.example.test; ssl_certificate tls/b.pem; ssl_certificate_key tls/shop.key; }`;
  t.regex(refusal({ http: line }), /^not-supported: \S+:4 is the key of \S+ too, which has another certificate/);
  const both = `${own} ssl_certificate tls/rsa.pem; ssl_certificate_key tls/rsa.key;`;
  t.regex(
    refusal({ http: server('shop.example.test', both) }),
    /^not-supported: .*several certificates \(RSA and ECDSA\)/,
  );
});

test('a name with two certificates is asked for by path, and other servers by what to type', (t) => {
  const http = `${server('shop.example.test')}\nserver { listen 8443 ssl; server_name shop.example.test; ssl_certificate /b.pem; ssl_certificate_key /b.key; }`;
  t.regex(refusal({ http }), /^not-found: .* name one of \/etc\/nginx\/tls\/shop\.pem, \/b\.pem$/);
  t.is(plan({ http, wish: { name: '/b.pem' } }).certificatePath, '/b.pem');
  const apache = observed().deployments.map((one) => ({
    ...one,
    server: 'apache' as const,
    certificatePath: '/a.pem',
  }));
  const result = planned({ http: '', change: { deployments: apache } });
  t.like(result, {
    ok: false,
    failure: { reason: 'not-supported', instead: '/usr/bin/certbot --apache -d shop.example.test' },
  });
});

test('the way is the first that works: webroot, then the plugin, then a free port; a missing root is no webroot', (t) => {
  const http = server('shop.example.test');
  const nowhere = new Map([['shop.example.test', { why: 'nginx does not listen on port 80 without TLS' }]]);
  const gone = new Map([['shop.example.test', { root: '/gone', block: 'x:1', exists: false }]]);
  const plugins = new Set(['webroot', 'nginx']);
  const options = (seen: Partial<Adoptable>) => plan({ http, seen }).authentication;
  t.is(options({})?.authenticator, 'webroot');
  t.deepEqual(options({ challenges: gone, plugins })?.options.slice(0, 4), [
    '--authenticator',
    'nginx',
    '--nginx-server-root',
    '/etc/nginx',
  ]);
  t.is(options({ challenges: nowhere, challengePort: { bound: false } })?.authenticator, 'standalone');
  t.regex(
    refusal({ http, seen: { challenges: nowhere } }),
    /^no-authenticator: webroot: .* without TLS; nginx: the plugin is not installed .*; standalone: port 80 is taken by nginx$/,
  );
  t.deepEqual(
    plan({ http, seen: { challenges: nowhere }, wish: { webroot: '/mine' } }).authentication?.options.slice(2, 4),
    ['-w', '/mine'],
  );
});

test('the CA and the account of the lineages here are used, the kind of key stays, and no staging CA means no rehearsal', (t) => {
  const acmeDirectory = 'https://ca.example.test/dir';
  const others = [
    lineage({ acmeDirectory }),
    lineage({ name: 'b', acmeDirectory }),
    lineage({ name: 'c', acmeDirectory: 'https://x/dir' }),
  ];
  const given = {
    http: server('shop.example.test'),
    lineages: others,
    certificates: [{ ...byHand, algorithm: 'rsa' as const }],
  };
  const seen = { accounts: new Map([[acmeDirectory, ['used', 'unused']]]) };
  const { account, issuance = [], rehearsal, notes } = plan({ ...given, seen });
  t.deepEqual(account, { id: 'used' });
  t.is(issuance[issuance.indexOf('--account') + 1], 'used');
  t.is(issuance[issuance.indexOf('--key-type') + 1], 'rsa');
  t.is(rehearsal, undefined);
  t.true(notes.some((note) => note.startsWith(`Not rehearsed: no staging directory of ${acmeDirectory}`)));
  t.is(acmeDirectoryFor({ acmeDirectory: 'https://wished/dir' }, { lineages: others }), 'https://wished/dir');
});

test('a lineage that is there with these names is used; one that is broken, ended or for other names is not touched', (t) => {
  const http = server('shop.example.test');
  const there = lineage({
    name: 'shop.example.test',
    certificatePath: `${live}/fullchain.pem`,
    keyPath: `${live}/privkey.pem`,
  });
  const using = (leaf: Partial<Certificate>, change: Partial<Lineage> = {}) => ({
    http,
    lineages: [{ ...there, ...change }],
    certificates: [byHand, certificate('a', leaf)],
  });
  t.is(plan(using({})).issuance, undefined);
  t.is(plan(using({ subjectAltNames: ['*.example.test'] })).issuance, undefined);
  for (const given of [
    using({ subjectAltNames: ['other.test'] }),
    using({ notAfter: new Date(noon - 1).toISOString() }),
    using({}, { keyMatches: false }),
  ])
    t.regex(refusal(given), /^lineage-taken: .* choose another name with --name$/);
  t.is(plan({ ...using({ subjectAltNames: ['other.test'] }), wish: { lineage: 'shop-2' } }).lineage.name, 'shop-2');
  for (const name of ['-x', '..', 'a/b'])
    t.regex(refusal({ http, wish: { lineage: name } }), /^lineage-taken: .* is no name/);
});

test('certbot that is absent, a config that nginx refuses, and a file that others may change stop it', (t) => {
  const http = server('shop.example.test');
  t.regex(
    refusal({ http, change: { certbot: { directory: 'absent', binary: 'absent' } } }),
    /^program-absent: \/usr\/bin\/certbot is not there/,
  );
  const servers = [
    {
      server: 'nginx' as const,
      configFile: main,
      configFiles: [main],
      failure: { reason: 'syntax' as const, detail: 'odd' },
    },
  ];
  t.regex(refusal({ http, change: { servers } }), /^not-supported: nginx refuses its config already: odd/);
  const failure = { reason: 'permission-denied' as const, detail: 'others may change it' };
  const files = new Map([[main, { target: main, bytes: Buffer.from(''), failure }]]);
  t.is(refusal({ http, seen: { files } }), 'not-replaceable: others may change it');
});
