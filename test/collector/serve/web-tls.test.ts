import { renameSync, writeFileSync } from 'node:fs';
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import test from 'ava';
import { askWeb } from '../../../collector/doctor/gather/listeners.ts';
import { mint } from '../../helpers/mint.ts';
import { until } from '../../helpers/testbed/until.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { plainWeb, startTestCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { addUsers, password } from '../helpers/signed-in.ts';

/** As a browser that trusts whatever it is shown. */
async function ask(port: number, path: string, headers: Record<string, string> = {}, body?: string) {
  const method = body === undefined ? 'GET' : 'POST';
  const asked = request({ host: '127.0.0.1', port, path, method, headers, rejectUnauthorized: false, agent: false });
  asked.end(body);
  const [answer]: IncomingMessage[] = await once(asked, 'response');
  if (!answer) throw new Error('no answer');
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

test('beyond loopback the page is served with TLS alone, everybody signs in, and the cookie is for this host', async (t) => {
  const web = { ...plainWeb, tls: 'own-key', names: ['certherd.example.test'] } as const;
  const { webAddress, webUrl, directory } = await startTestCollector(t, {
    webListen: { host: '0.0.0.0', port: 0 },
    web,
  });
  const { port } = webAddress;
  t.is(webUrl, `https://certherd.example.test:${port}`);
  const host = `certherd.example.test:${port}`;
  t.is((await ask(port, '/api/v1/hosts', { host })).status, 401, 'also before there is a user');
  t.is((await ask(port, '/healthz', { host: 'other.example.test' })).status, 421);
  await addUsers(directory, { anna: 'viewer' });
  const form = `name=anna&password=${encodeURIComponent(password)}&next=/`;
  const headers = { host, 'content-type': 'application/x-www-form-urlencoded' };
  t.is((await ask(port, '/sign-in', { ...headers, origin: `http://${host}` }, form)).status, 403, 'another origin');
  const answer = await ask(port, '/sign-in', { ...headers, origin: `https://${host}` }, form);
  t.is(answer.status, 303);
  const [set = ''] = answer.headers['set-cookie'] ?? [];
  t.regex(set, /^__Host-certherd=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  const [cookie = ''] = set.split(';');
  t.is((await ask(port, '/api/v1/hosts', { host, cookie })).status, 200);
  t.is((await ask(port, '/api/v1/hosts', { host, cookie: cookie.replace('__Host-', '') })).status, 401);
  t.deepEqual(await askWeb({ host: '0.0.0.0', port }, true), { ok: true, status: 200 });
  await t.throwsAsync(once(plainRequest({ host: '127.0.0.1', port }).end(), 'response'));
});

test('the certificate of the settings is served, and a renewed one after it without a restart; what does not fit is not', async (t) => {
  const folder = temporaryDirectory(t);
  const files = { certificate: join(folder, 'page.pem'), key: join(folder, 'page.key') };
  const put = ({ certificate, key }: { certificate: string; key: string }) => {
    writeFileSync(`${files.key}.new`, key);
    writeFileSync(`${files.certificate}.new`, certificate);
    renameSync(`${files.key}.new`, files.key);
    renameSync(`${files.certificate}.new`, files.certificate);
  };
  const [first, second, third] = await Promise.all([minted(), minted(), minted()]);
  put(first);
  const clock = handClock(Date.now());
  const { webAddress } = await startTestCollector(t, { web: { ...plainWeb, tls: files } }, clock);
  const shown = async () => {
    const socket = connect({ host: '127.0.0.1', port: webAddress.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const found = socket.getPeerX509Certificate()?.fingerprint256;
    socket.destroy();
    return found;
  };
  t.is(await shown(), first.fingerprint);
  put(second);
  clock.advance(60_000);
  await until('the renewed one is served', async () => (await shown()) === second.fingerprint);
  put({ certificate: third.certificate, key: first.key });
  clock.advance(60_000);
  t.is(await shown(), second.fingerprint, 'a key of another certificate');
  put(third);
  clock.advance(60_000);
  t.is(await shown(), third.fingerprint);
});

test('a certificate that cannot be used is one line, and nothing serves', async (t) => {
  const folder = temporaryDirectory(t);
  const [one, other] = await Promise.all([minted(), minted()]);
  const files = { certificate: join(folder, 'page.pem'), key: join(folder, 'page.key') };
  const start = () => startTestCollector(t, { web: { ...plainWeb, tls: files } });
  await t.throwsAsync(start, {
    message: `${files.certificate}: cannot be read (ENOENT): correct web_certificate, or its rights`,
  });
  writeFileSync(files.certificate, one.certificate);
  writeFileSync(files.key, other.key);
  await t.throwsAsync(start, {
    message: `${files.key}: not the key of ${files.certificate}: correct web_certificate or web_key`,
  });
});

test('a proxy that is named is believed who comes, by which name and who it is, and nobody else is', async (t) => {
  const web = { ...plainWeb, proxies: ['127.0.0.1'], names: ['certherd.example.test'], userHeader: 'x-remote-user' };
  const { url, directory } = await startTestCollector(t, { web });
  await addUsers(directory, { anna: 'operator' });
  const forwarded = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'certherd.example.test',
    'x-forwarded-for': '192.0.2.9',
  };
  const me = async (headers: Record<string, string>) => {
    const answer = await fetch(`${url}/api/v1/me`, { headers });
    return { status: answer.status, ...(await answer.json()) };
  };
  t.like(await me({ ...forwarded, 'x-remote-user': 'Anna' }), { by: 'proxy', name: 'anna', role: 'operator' });
  t.deepEqual(await me(forwarded), { status: 200, version: 1, by: 'nobody' });
  const basic = { ...forwarded, 'x-remote-user': 'anna', authorization: 'Basic YW5uYTpob3JzZQ==' };
  t.like(await me(basic), { by: 'proxy', name: 'anna' }, 'which the proxy asked for');
  t.like(await me({ ...basic, authorization: 'Bearer chapi_wrong' }), { by: 'nobody' });
  t.deepEqual(await me({ ...forwarded, 'x-remote-user': 'stranger' }), { status: 200, version: 1, by: 'nobody' });
  t.is((await fetch(`${url}/`, { headers: { ...forwarded, 'x-remote-user': 'stranger' } })).status, 401);
  t.is((await me({ ...forwarded, 'x-forwarded-host': 'evil.example' })).status, 421);
  const post = async (origin: string) => {
    const headers = { ...forwarded, 'x-remote-user': 'anna', origin, 'content-type': 'application/json' };
    const body = JSON.stringify({ scope: 'host', pattern: 'web-1', labels: { owner: 'x' } });
    return (await fetch(`${url}/api/v1/labels`, { method: 'POST', headers, body })).status;
  };
  t.is(await post('https://certherd.example.test'), 200);
  t.is(
    await post('https://evil.example'),
    403,
    'a proxy that knows everybody by itself sends other sites’ requests, too',
  );

  const elsewhere = await startTestCollector(t, { web: { ...web, proxies: ['192.0.2.1'] } });
  await addUsers(elsewhere.directory, { anna: 'admin' });
  const answer = await fetch(`${elsewhere.url}/api/v1/hosts`, { headers: { ...forwarded, 'x-remote-user': 'anna' } });
  t.is(answer.status, 401, 'from an address that is not named');
});

async function minted() {
  const one = await mint();
  return { certificate: one.pem, key: one.keyPem, fingerprint: one.x509.fingerprint256 };
}
