import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Estate } from '../../../collector/serve/estate.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, endpoint, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

async function served(t: ExecutionContext) {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const data = join(directory, 'data');
  const common = ['--config', config, '--data', data];
  const collector = await spawnCollector(t, common);
  const run = async (...args: string[]) => {
    const child = runCollector([...args, ...common]);
    const code = await child.ended;
    return { code, out: child.lines.join('\n'), err: child.complaints.join('\n') };
  };
  const estate = async (): Promise<Estate> => (await fetch(`${collector.web}api/v1/estate`)).json();
  const file = (name: string, text: string | Uint8Array) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  return { run, estate, collector, data, file, directory };
}

test('a sheet is compared with what is served, imported wholly, labels its names, and comes back as it was', async (t) => {
  const { run, estate, collector, data, file, directory } = await served(t);
  const invitation = await addToken(data, collector.agents, 3_600_000, Date.now());
  const wire = await begin(invitation, await enrol(invitation, 'web-1'), { minVersion: 1, maxVersion: 2 });
  const one = certificate('one', { notAfter: '2027-01-31T00:00:00.000Z', subjectAltNames: ['shop.example.com'] });
  wire.send(snapshotFrame(snapshot(one, { endpoints: [endpoint(one, { serverName: 'shop.example.com' })] })));
  await until('the snapshot is shown', async () => (await estate()).endpoints.length === 1);

  const sheet = [
    'Domain,Expiration,Issuer,Owner/Team,Environment,Platform,Cost',
    'shop.example.com,2026-12-01,E7,payments,production,nginx,0',
    'shop.example.com,2027-01-31,DigiCert,payments,test,haproxy,120',
    'gone.example.com,31.12.2026,Sectigo,web,production,,=1+1',
    '',
  ].join('\n');
  const path = file('certificates.csv', sheet);
  const tried = await run('import', '--dry-run', path);
  t.is(tried.code, 0, tried.err);
  t.regex(tried.out, /^Columns: Domain as name, Expiration as expiration, .*Cost as label cost\.$/m);
  t.regex(tried.out, /^2 +shop\.example\.com +new +2026-12-01 +2027-01-31 differs +web-1$/m);
  t.regex(tried.out, /^4 +gone\.example\.com +new +31\.12\.2026 +seen by no agent$/m);
  t.regex(tried.out, /^3 rows of 2 names: 3 new, 0 as before; 0 wrong, 0 gone\.$/m);
  t.regex(
    tried.out,
    /^1 name served where an agent looks, 1 seen by none; 1 row with another end than what is served\.$/m,
  );
  t.is((await run('export')).out.split('\n').length, 1, 'nothing was imported');

  const unasked = await run('import', path);
  t.deepEqual(
    [unasked.code, unasked.err],
    [1, 'Nothing was imported: --yes does it, and on a terminal you are asked.'],
  );
  t.is((await run('label', 'set', 'owner=by hand', '--name', 'gone.example.com')).code, 0);
  const done = await run('import', '--yes', path);
  t.is(done.code, 0, done.err);
  t.regex(done.out, /^3 rows imported\.$/m);
  await until('the labels are shown', async () => (await estate()).endpoints[0]?.labels?.['owner'] === 'payments');
  t.deepEqual((await estate()).endpoints[0]?.labels, { owner: 'payments' }, 'what its rows disagree on is nobody’s');
  const labels = JSON.parse((await run('label', 'list', '--name', 'gone.example.com', '--json')).out).items;
  t.like(
    labels.find(({ key }: { key: string }) => key === 'owner'),
    { value: 'by hand', source: 'command' },
  );

  const written = join(directory, 'out.csv');
  t.is((await run('export', written)).code, 0);
  t.regex(readFileSync(written, 'utf8'), /"'=1\+1"/);
  t.regex(
    (await run('import', '--dry-run', written)).out,
    /^3 rows of 2 names: 0 new, 3 as before; 0 wrong, 0 gone\.$/m,
  );
  t.is((await run('export', '--served', written)).code, 0);
  t.regex((await run('import', '--dry-run', written)).out, /^3 rows of 2 names: 0 new, 3 as before/m);
  const withServed = (await run('export', '--served')).out.split('\n');
  t.regex(withServed[1] ?? '', /,"2027-01-31","web-1"$/);
  t.regex(
    (await run('import', '--dry-run', file('less.csv', sheet.split('\n').slice(0, 3).join('\n')))).out,
    /1 gone\.$/m,
  );
});

test('an export replaces a list whole or not at all', async (t) => {
  const { run, file, directory } = await served(t);
  const path = file('list.csv', 'domain\nold.example.com\n');
  t.is((await run('import', '--yes', path)).code, 0);
  chmodSync(path, 0o640);
  t.is((await run('export', path)).code, 0);
  t.regex(readFileSync(path, 'utf8'), /"old\.example\.com"/);
  t.is(statSync(path).mode & 0o777, 0o640);
  const refused = await run('export', join(directory, 'absent', 'list.csv'));
  t.deepEqual([refused.code, /cannot be written \(ENOENT\)/.test(refused.err)], [1, true]);
  const link = join(directory, 'link.csv');
  symlinkSync(file('target.csv', ''), link);
  t.is((await run('export', link)).code, 0);
  t.true(lstatSync(link).isSymbolicLink());
  t.regex(readFileSync(join(directory, 'target.csv'), 'utf8'), /old\.example\.com/);
  t.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.new')),
    [],
  );
});

test('with a wrong row nothing is imported, unless it is left out on purpose', async (t) => {
  const { run, file } = await served(t);
  const path = file('domains.csv', 'domain,owner\na.example.com,me\nnot a name,me\n');
  const refused = await run('import', '--yes', path);
  t.deepEqual([refused.code, refused.err], [1, 'Nothing was imported: mend 1 row, or leave it out with --skip-wrong.']);
  t.regex(refused.out, /^3 +wrong +"not a name" is no DNS name$/m);
  t.is(JSON.parse((await run('export', '--json')).out).items.length, 0);
  const skipped = await run('import', '--yes', '--skip-wrong', '--json', path);
  t.like(JSON.parse(skipped.out), { imported: true });
  t.like(JSON.parse((await run('export', '--json')).out).items, [{ name: 'a.example.com', labels: { owner: 'me' } }]);
});

test('a file that cannot be read as a sheet says what to do', async (t) => {
  const { run, file, directory } = await served(t);
  const refusals: [string, RegExp][] = [
    [
      file('latin1.csv', Buffer.from('domain,owner\na.example.com,M\xfcller\n', 'latin1')),
      /not UTF-8: save it as "CSV UTF-8"/,
    ],
    [file('none.csv', 'a,b\n1,2\n'), /no column has the names/],
    [join(directory, 'absent.csv'), /cannot be read \(ENOENT\)/],
    [file('large.csv', Buffer.alloc(16 * 1024 * 1024 + 1, 'x')), /larger than 16 MiB/],
    [file('empty.csv', ''), /has no row that could be taken/],
  ];
  for (const [path, words] of refusals) {
    const { code, err } = await run('import', '--yes', path);
    t.is(code, 1, path);
    t.regex(err, words);
  }
});
