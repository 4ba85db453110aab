import fs from 'node:fs';
import type { Finding } from '@certherd/protocol/finding';
import type { Deployment, Endpoint, Snapshot } from '@certherd/protocol/snapshot';
import test from 'ava';
import { checkTable, type CheckView } from '../../../agent/commands/check-table.ts';
import { terminalOf } from '@certherd/command-line/terminal';
import { certificate, day, deployment, endpoint, lineage, live, noon } from '../../helpers/observed.ts';

const view: CheckView = { now: noon, findingsOnly: false, wide: false, probe: true, findingDelayMs: 90_000 };
const utf8 = { LANG: 'C.UTF-8' };
const plain = terminalOf({}, utf8);

for (const [name, columns, wide] of [
  ['check-80', 80, false],
  ['check-120', 120, false],
  ['check-wide-80', 80, true],
  ['check-wide-200', 200, true],
] as const) {
  test(`the incident reads as in fixtures/check/${name}.txt`, (t) => {
    golden(t, name, checkTable(incident(), { ...view, wide }, { ...plain, columns }));
  });
}

test('in a locale that is not UTF-8 all marks are ASCII: fixtures/check/check-ascii.txt', (t) => {
  const text = checkTable(incident(), view, { ...terminalOf({}, { LC_ALL: 'C', LANG: 'en_GB.UTF-8' }), columns: 80 });
  t.regex(text, /^[\x20-\x7e\n]*$/);
  golden(t, 'check-ascii', text);
});

test('of 500 endpoints those that are fine share a line: fixtures/check/check-500.txt', (t) => {
  const text = checkTable(many(500), view, { ...plain, columns: 80 });
  golden(t, 'check-500', text);
  t.true(text.split('\n').length < 40);
  const wide = checkTable(many(500), { ...view, wide: true }, plain);
  for (let number = 0; number < 500; number += 1) t.true(wide.includes(`site-${number}.example.test`));
});

test('where nobody was asked the table shows what is configured: fixtures/check/check-tree.txt', (t) => {
  const tree: CheckView = { ...view, probe: false, root: '/srv/backup', bundledRoots: true };
  golden(t, 'check-tree', checkTable({ ...incident(), endpoints: [] }, tree, { ...plain, columns: 80 }));
});

test('what nobody was asked for is named with its reason, but for what no client can reach', (t) => {
  const notAsked: CheckView['notAsked'] = [
    { reason: 'expression-not-read', count: 3, examples: ['~^(?=x)@0.0.0.0:443', '~\u202e@0.0.0.0:443'] },
    { reason: 'not-the-default', count: 1, examples: ['_@0.0.0.0:443'] },
  ];
  const text = checkTable(incident(), { ...view, notAsked }, { ...plain, columns: 120 });
  const note = 'not asked: ~^(?=x)@0.0.0.0:443 and 2 more: only nginx itself can tell what the expression matches';
  t.true(text.includes(note), text);
  t.false(text.includes('_@0.0.0.0'));
  const wide = checkTable(incident(), { ...view, notAsked, wide: true }, { ...plain, columns: 200 });
  t.true(wide.includes('not asked: _@0.0.0.0:443: no client can ask for it'));
  t.false(wide.includes('\u202e'));
});

test('nothing of the table or the legend is wider than the terminal, down to 80 columns', (t) => {
  const long = incident();
  long.endpoints = long.endpoints.map((one) => ({ ...one, serverName: `${'very-'.repeat(20)}${one.serverName}` }));
  for (const columns of [80, 100, 120, 200]) {
    const text = checkTable(long, view, { ...plain, columns });
    const table = text.slice(text.indexOf('IDCLSE') - 3);
    for (const line of table.split('\n')) t.true(line.length <= columns, `${line.length} > ${columns}: ${line}`);
  }
  t.true(checkTable(long, view, plain).includes('very-'.repeat(20)), 'in a pipe nothing is cut');
});

test('the most urgent endpoint comes first, then the one with the smallest share of its life left', (t) => {
  const text = checkTable(incident(), view, plain);
  const rows = text.split('\n').filter((line) => /[●○·]{6}/.test(line));
  t.deepEqual(
    rows.map((row) => /(\w+)\.example\.test/.exec(row)?.[1]),
    ['shop', 'down', 'old', 'blog'],
  );
});

test('what holds for all names of a listener, or of a certificate, stands in each of their rows', (t) => {
  const snapshot = incident();
  snapshot.findings = [
    finding('listener-unbound', 'critical', idOf('shop'), {}),
    finding('expired', 'critical', idOf('shop'), {}),
  ];
  snapshot.endpoints = [
    ...snapshot.endpoints,
    { ...endpointOf('far', { served: 'b'.repeat(64), port: 8443 }), id: 'far.example.test@0.0.0.0:8443/ecdsa' },
  ];
  const rows = checkTable(snapshot, view, plain).split('\n');
  const foundOf = (name: string) =>
    rows
      .find((line) => line.includes(`${name}.example.test  `) && /[●○·]{6}/.test(line))
      ?.match(/[a-z-]+(?: \+1)?$/)?.[0];
  t.is(foundOf('shop'), 'listener-unbound +1');
  t.is(foundOf('blog'), 'listener-unbound');
  t.is(foundOf('far'), 'expired', 'the same certificate elsewhere');
});

test('an ended certificate, an old copy and what could not be told are not counted as well without a word', (t) => {
  const snapshot = incident();
  snapshot.certificates = [certificate('a'), certificate('c', { notAfter: new Date(noon - day).toISOString() })];
  const copied = snapshot.endpoints.find(({ id }) => id === idOf('blog'))?.deployment ?? '';
  snapshot.findings = [finding('stale-copy', 'warning', copied, { kind: 'deployment' })];
  t.true(
    checkTable(snapshot, view, plain)
      .replaceAll(/\s+/g, ' ')
      .includes(
        '2 of 4 endpoints present what is issued and configured, 1 of them a certificate that has ended, 1 of them an old copy, of 1 it could not be told',
      ),
  );
});

test('colour is for terminals alone, and NO_COLOR and TERM=dumb are obeyed', (t) => {
  const tty = { isTTY: true, columns: 80 };
  const coloured = checkTable(incident(), view, terminalOf(tty, utf8));
  t.true(coloured.includes('\u001b['));
  // eslint-disable-next-line no-control-regex
  t.is(coloured.replaceAll(/\u001b\[\d+m/g, ''), checkTable(incident(), view, { ...plain, columns: 80 }));
  for (const to of [terminalOf({}, { ...utf8, CI: '1', FORCE_COLOR: '' }), terminalOf(tty, { ...utf8, NO_COLOR: '1' })])
    t.false(checkTable(incident(), view, to).includes('\u001b'));
  t.false(checkTable(incident(), view, terminalOf(tty, { ...utf8, TERM: 'dumb' })).includes('\u001b'));
});

test('what strangers wrote is shown without being obeyed', (t) => {
  const hostile = incident();
  hostile.endpoints = hostile.endpoints.map((one) => ({ ...one, serverName: 'a\u001b[31mb\u202ec', alpn: '\u0007' }));
  const text = checkTable(hostile, { ...view, wide: true }, plain);
  t.false(/[\u0000-\u0009\u000b-\u001f\u202e]/.test(text));
  t.true(text.includes(String.raw`a\x1b[31mb\u{202e}c`));
});

/** Compares with a text that was read and found good; CERTHERD_GOLDEN=write writes it anew. */
function golden(t: { is(actual: string, expected: string): unknown }, name: string, text: string): void {
  const file = new URL(`../../fixtures/check/${name}.txt`, import.meta.url);
  if (process.env['CERTHERD_GOLDEN'] === 'write') {
    fs.mkdirSync(new URL('.', file), { recursive: true });
    fs.writeFileSync(file, `${text}\n`);
  }
  t.is(`${text}\n`, fs.readFileSync(file, 'utf8'));
}

/** One site renewed and never loaded, one down, one without a lineage and near its end, one as it should be. */
function incident(): Snapshot {
  const ofOld = deploymentOf('old', {
    certificatePath: '/etc/ssl/old.pem',
    keyPath: '/etc/ssl/old.key',
    configured: 'c'.repeat(64),
  });
  delete ofOld.lineage;
  return {
    host: { name: 'web-1', agentVersion: '0.1.0', platform: 'test', mode: 'observe' },
    certificates: [
      certificate('a'),
      certificate('b', { notAfter: new Date(noon + 10 * day).toISOString() }),
      certificate('c', { notAfter: new Date(noon + 3 * day).toISOString() }),
    ],
    files: [],
    lineages: [
      { ...lineage(), renewal: { windowStart: '', windowEnd: '', at: '2026-12-08T10:20:30.000Z', basis: 'lifetime' } },
    ],
    servers: [],
    deployments: [deploymentOf('shop'), deploymentOf('down'), ofOld, deploymentOf('blog')],
    endpoints: [
      endpointOf('blog', { reached: 'served', alpn: 'h2' }),
      {
        ...endpointOf('old', { configured: 'c'.repeat(64), served: 'c'.repeat(64), reached: 'served' }),
        deployment: ofOld.id,
      },
      endpointOf('shop', {
        served: 'b'.repeat(64),
        reached: 'configured',
        reachedAt: { issued: '2026-11-22T12:00:00.000Z', 'on-disk': '2026-11-22T12:00:01.000Z' },
      }),
      unanswered('down'),
    ],
    findings: [
      finding('not-served', 'critical', idOf('shop'), {
        since: new Date(noon - day).toISOString(),
        cause: `${live}/fullchain.pem holds a newer certificate than clients are shown: nginx has not been reloaded since the file changed`,
        remedy: '/usr/sbin/nginx -c /etc/nginx/nginx.conf -s reload',
      }),
      finding('endpoint-unreachable', 'unknown', idOf('down'), {
        cause: 'nothing accepts connections',
        remedy: 'systemctl start nginx',
      }),
      finding('unmanaged', 'warning', '/etc/ssl/old.pem', {
        kind: 'file',
        cause: 'nobody renews it',
        remedy: 'Have it renewed.',
      }),
    ],
  };
}

function many(count: number): Snapshot {
  const names = Array.from({ length: count }, (_, number) => `site-${number}`);
  const broken = names.slice(0, 8);
  return {
    ...incident(),
    deployments: names.map((name) => deploymentOf(name)),
    endpoints: names.map((name) =>
      endpointOf(
        name,
        broken.includes(name) ? { served: 'b'.repeat(64), reached: 'configured' } : { reached: 'served' },
      ),
    ),
    findings: broken.map((name) =>
      finding('not-served', 'critical', idOf(name), { cause: 'nginx was not reloaded', remedy: 'nginx -s reload' }),
    ),
  };
}

function unanswered(name: string): Endpoint {
  const { served: _, ...rest } = endpointOf(name, { reached: 'unknown' });
  return { ...rest, failure: { reason: 'connection-refused', detail: '' } };
}

function idOf(name: string): string {
  return `${name}.example.test@0.0.0.0:443/ecdsa`;
}

function endpointOf(name: string, change: Partial<Endpoint>): Endpoint {
  return {
    ...endpoint(),
    id: idOf(name),
    serverName: `${name}.example.test`,
    deployment: deploymentOf(name).id,
    reached: 'served',
    ...change,
  };
}

function deploymentOf(name: string, change: Partial<Deployment> = {}): Deployment {
  const configFile = `/etc/nginx/sites-enabled/${name}.conf`;
  return deployment({
    id: `${configFile}:1:${live}/fullchain.pem`,
    configFile,
    line: 1,
    serverNames: [`${name}.example.test`],
    ...change,
  });
}

function finding(
  code: Finding['code'],
  severity: Finding['severity'],
  id: string,
  { kind = 'endpoint', ...change }: Partial<Finding> & { kind?: Finding['subject']['kind'] },
): Finding {
  return {
    code,
    severity,
    subject: { kind, id },
    since: new Date(noon).toISOString(),
    cause: '',
    evidence: {},
    remedy: '',
    ...change,
  };
}

test('the heading names lineages whose mode is not the host’s, three at most', (t) => {
  const modes = (count: number) =>
    Array.from({ length: count }, (_, index) => lineage({ name: `own-${index}\u202e`, mode: 'renew' }));
  const heading = (lineages: Snapshot['lineages']) =>
    checkTable({ ...incident(), lineages }, view, { ...plain, columns: 200 }).split('\n')[0] ?? '';
  t.regex(heading([lineage()]), /mode observe$/);
  t.regex(heading([lineage(), ...modes(1)]), /mode observe \(own-0\\u\{202e\}: renew\)$/);
  t.regex(heading(modes(5)), /: renew, own-2[^:]*: renew, and 2 more of their own\)$/);
});
