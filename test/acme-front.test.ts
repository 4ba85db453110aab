import { request } from 'node:https';
import fs from 'node:fs';
import test from 'ava';
import { startHost } from './helpers/host.ts';
import { problem, startAcmeFront, withRenewalInfo } from './helpers/testbed/acme-front.ts';
import { certbot } from './helpers/testbed/certbot.ts';
import { startNginx } from './helpers/testbed/nginx.ts';
import { startPebble } from './helpers/testbed/pebble.ts';
import { openSandbox } from './helpers/testbed/sandbox.ts';

test('a client that begins at the front stays there, and the front may reply in the place of the CA', async (t) => {
  let refuse = false;
  const host = await startHost(t, {
    acmeAnswer: withRenewalInfo(
      (certId) => ({ status: 200, headers: { 'retry-after': '21600' }, body: JSON.stringify({ certId }) }),
      ({ path }) => (refuse && path === '/order-plz' ? problem(429, 'rateLimited', 'no more') : undefined),
    ),
  });
  const { front } = host;
  const paths = front.seen.map(({ path }) => path.replace(/[^/]+$/, ''));
  for (const path of ['/authZ/', '/chalZ/', '/finalize-order/', '/certZ/']) t.true(paths.includes(path), path);

  const ca = fs.readFileSync(host.pebble.caFile, 'utf8');
  const directory = JSON.parse((await get(front.directoryUrl, ca)).body);
  t.true(directory.newOrder.startsWith(new URL(front.directoryUrl).origin), directory.newOrder);
  const info = await get(`${directory.renewalInfo}/aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE`, ca);
  t.is(info.headers['retry-after'], '21600');
  t.deepEqual(JSON.parse(info.body), { certId: 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE' });

  const before = host.certbot.lineage('shop').leaf();
  t.is((await host.certbot.renew('shop')).exit, 0);
  const renewed = host.certbot.lineage('shop').leaf();
  t.not(renewed, before);
  refuse = true;
  t.is((await host.certbot.renew('shop')).exit, 1);
  t.is(host.certbot.lineage('shop').leaf(), renewed);
});

test('an order that needs no challenge is never told as one: the client asks once more', async (t) => {
  const sandbox = openSandbox();
  t.teardown(sandbox.close);
  const httpPort = await sandbox.port();
  const nginx = await startNginx(sandbox, { httpPort });
  const pebble = await startPebble(sandbox, { validitySeconds: 7200, httpPort, reusesAuthorizations: true });
  const front = await startAcmeFront(sandbox, pebble);
  t.teardown(front.close);
  const client = certbot(sandbox, { ...pebble, directoryUrl: front.directoryUrl });
  const issued = await client.issue('shop', ['shop.example.test'], { keyType: 'ecdsa', webroot: nginx.webroot });
  t.is(issued.exit, 0, issued.stderr);
  const orders = () => front.seen.filter(({ method, path }) => method === 'POST' && path === '/order-plz').length;
  t.is(orders(), 1);
  t.is((await client.renew('shop')).exit, 1, 'this CA never has another answer');
  t.is(orders(), 3);
});

function get(url: string, ca: string): Promise<{ headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { ca, agent: false }, (reply) => {
      let body = '';
      reply.setEncoding('utf8');
      reply.on('data', (part: string) => (body += part));
      reply.on('end', () => resolve({ headers: reply.headers, body }));
    })
      .on('error', reject)
      .end();
  });
}
