import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type CauseLook, lookForCauses, paste } from '../helpers/causes.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { mint } from '../helpers/mint.ts';
import { site } from '../helpers/testbed/nginx.ts';
import { until } from '../helpers/testbed/until.ts';

const codes = ({ findings }: CauseLook) => findings.map(({ code }) => code).sort();
const about = (look: CauseLook, code: string) => look.findings.filter((finding) => finding.code === code);
const shopPair = ({ certbot }: TestHost) => {
  const { certificate, key } = certbot.lineage('shop');
  return { certificate, key };
};

/** Looks until nothing is found; the last look's findings are in the error otherwise. */
async function cleared(host: TestHost): Promise<CauseLook> {
  let last = '';
  return until('nothing is found any more', async () => {
    const look = await lookForCauses(host);
    last = look.findings.map(({ code, cause }) => `${code}: ${cause}`).join('; ');
    if (last !== '') throw new Error(last);
    return look;
  });
}

test('renewed and never reloaded: the cause is told from the start of the workers', async (t) => {
  const host = await startHost(t);
  t.deepEqual((await lookForCauses(host)).findings, []);
  await host.certbot.renew('shop');
  const look = await lookForCauses(host);
  t.deepEqual(codes(look), ['not-served']);
  const [cause] = look.causes;
  t.is(cause?.kind, 'not-reloaded');
  t.true(
    Date.parse(cause?.evidence['newest worker started'] ?? '') < Date.parse(cause?.evidence['file changed'] ?? ''),
  );
  t.is((await paste(host, cause?.remedy ?? '')).exit, 0);
  await cleared(host);
});

test("a reload that nginx refused is told once, in nginx's own words and with the place", async (t) => {
  const host = await startHost(t);
  const extra = host.nginx.writeSite('extra', '\nbogus_directive on;\n');
  await until('a second has passed since the workers started', async () => {
    process.kill(host.nginx.pid(), 'SIGHUP');
    return readFileSync(host.nginx.errorLog, 'utf8').includes('unknown directive');
  });
  await host.certbot.renew('shop');
  process.kill(host.nginx.pid(), 'SIGHUP');
  const refusals = () => readFileSync(host.nginx.errorLog, 'utf8').split('unknown directive').length;
  const before = refusals();
  await until('the reload is refused', () => refusals() >= before);
  const look = await until('the refusal is younger than the change', async () => {
    process.kill(host.nginx.pid(), 'SIGHUP');
    const seen = await lookForCauses(host);
    return seen.causes[0]?.kind === 'reload-failed' && seen;
  });
  t.deepEqual(codes(look), ['reload-failed', 'restart-would-fail']);
  const [failed] = about(look, 'reload-failed');
  t.is(failed?.severity, 'critical');
  t.regex(failed?.cause ?? '', /its last reload .*unknown directive "bogus_directive"/);
  t.is(failed?.evidence.place, `${extra}:2`);
  const [sentence, command = ''] = (failed?.remedy ?? '').split(', then: ');
  t.is(sentence, `Mend ${extra}:2`);
  rmSync(extra);
  t.is((await paste(host, command)).exit, 0);
  await cleared(host);
});

test('another server block that answers is named, with the place', async (t) => {
  const host = await startHost(t);
  const other = await mint({ names: ['other.example.test'] });
  const [certificate, key] = [join(host.sandbox.directory, 'other.pem'), join(host.sandbox.directory, 'other.key')];
  writeFileSync(certificate, other.pem);
  writeFileSync(key, other.keyPem);
  // a port that nginx has not bound at a single address yet
  const port = await host.sandbox.port();
  const shop = site({ serverNames: [shopName], port, pairs: [shopPair(host)] });
  const everywhere = shop.replace('127.0.0.1:', '');
  const shopFile = host.nginx.writeSite('shop', everywhere);
  const block = { serverNames: ['other.example.test'], port, pairs: [{ certificate, key }] };
  const otherFile = host.nginx.writeSite('other', site(block));
  await host.nginx.reload();
  const look = await until('the new config answers', async () => {
    const seen = await lookForCauses(host);
    return seen.causes[0]?.kind === 'wrong-server' && seen;
  });
  const [wrong] = about(look, 'wrong-server');
  t.false(codes(look).includes('not-served'));
  t.is(wrong?.evidence['meant to answer'], `${shopFile}:1`);
  t.is(wrong?.evidence.answers, `${otherFile}:1`);
  const [sentence = '', command = ''] = (wrong?.remedy ?? '').split(', then: ');
  const [, listen] = /^Add "(listen [^"]+;)" to the server at /.exec(sentence) ?? [];
  host.nginx.writeSite('shop', everywhere.replace('server {', `server {\n  ${listen}`));
  t.is((await paste(host, command)).exit, 0);
  await until('it is not told any more', async () => !codes(await lookForCauses(host)).includes('wrong-server'));
});

test('a server block that never answers since an earlier one has its name is told', async (t) => {
  const host = await startHost(t);
  const other = await mint({ names: [shopName] });
  const [certificate, key] = [join(host.sandbox.directory, 'other.pem'), join(host.sandbox.directory, 'other.key')];
  writeFileSync(certificate, other.pem);
  writeFileSync(key, other.keyPem);
  const later = host.nginx.writeSite(
    'zz',
    site({ serverNames: [shopName], port: host.tlsPort, pairs: [{ certificate, key }] }),
  );
  await host.nginx.reload();
  const [wrong] = about(await lookForCauses(host), 'wrong-server');
  t.is(wrong?.severity, 'warning');
  t.is(wrong?.evidence['never answers'], `${later}:1`);
  const first = wrong?.evidence.answers?.replace(/:1$/, '') ?? '';
  t.is(wrong?.remedy.split(', then: ')[0], `Take ${shopName} out of the server at ${first}:1`);
  rmSync(first);
  t.is((await paste(host, wrong?.remedy.split(', then: ')[1] ?? '')).exit, 0);
  await until('it is not told any more', async () => !codes(await lookForCauses(host)).includes('wrong-server'));
});

test('a key that does not belong is a time bomb: told with what it keeps from starting', async (t) => {
  const host = await startHost(t);
  const { keyTarget } = host.certbot.lineage('shop');
  const key = readFileSync(keyTarget());
  writeFileSync(keyTarget(), (await mint()).keyPem);
  process.kill(host.nginx.pid(), 'SIGHUP');
  await until('nginx refuses it', () => readFileSync(host.nginx.errorLog, 'utf8').includes('key values mismatch'));
  const look = await lookForCauses(host);
  t.deepEqual(codes(look), ['key-mismatch', 'restart-would-fail']);
  const [bomb] = about(look, 'restart-would-fail');
  t.regex(bomb?.cause ?? '', /serves 1 endpoint from what it loaded earlier and would not start again/);
  t.not((await host.nginx.test()).exit, 0, 'nginx agrees');
  writeFileSync(keyTarget(), key);
  t.is((await host.nginx.test()).exit, 0);
  t.is((await host.nginx.reload()).exit, 0);
  await cleared(host);
});
