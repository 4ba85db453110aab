import { Resolver } from 'node:dns/promises';
import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Outcome } from '../../agent/decide/action.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { intact, nextTry, observedShop, renewShop, standing } from '../helpers/renewals.ts';
import { type AcmeAnswer, problem } from '../helpers/testbed/acme-front.ts';
import { until } from '../helpers/testbed/until.ts';

const minute = 60_000;

const closers: (() => unknown)[] = [];
let answer: AcmeAnswer = () => undefined;
let host: TestHost;

test.serial.before('a host whose CA answers as each test has it', async () => {
  const teardown = (close: () => unknown) => void closers.push(close);
  host = await startHost({ teardown }, { acmeAnswer: (asked, forward) => answer(asked, forward) });
});

test.serial.after.always('the host ends', async () => {
  for (const close of closers.toReversed()) await close();
});

/** What came of a renewal while the CA answers like this, and how long the agent waits after it, in milliseconds. */
async function failed(
  t: ExecutionContext,
  answers?: AcmeAnswer,
  options: { deadlineSeconds?: number } = {},
): Promise<{ outcome: Outcome; began: number; wait: number }> {
  answer = answers ?? (() => undefined);
  t.teardown(() => {
    answer = () => undefined;
  });
  const before = standing(host);
  const began = Date.now();
  const outcome = await renewShop(host, options);
  await intact(t, host, before);
  return { outcome, began, wait: nextTry(host, outcome, began) - began };
}

/** Orders for pebble's own DNS. */
async function dns(order: string, body: object): Promise<void> {
  const { status } = await fetch(`${host.pebble.dnsOrdersUrl}/${order}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (status !== 200) throw new Error(`${order}: ${status}`);
}

const refuseOrders =
  (...refusal: Parameters<typeof problem>): AcmeAnswer =>
  ({ path, method }) =>
    method === 'POST' && path === '/order-plz' ? problem(...refusal) : undefined;

test.serial('dns: the CA cannot look the name up', async (t) => {
  await dns('set-servfail', { host: shopName });
  t.teardown(() => dns('clear-servfail', { host: shopName }));
  const { outcome, wait } = await failed(t);
  t.is(outcome.reason, 'dns');
  t.regex(outcome.detail, /^shop\.example\.test: .*could not resolve/);
  t.is(wait, minute);
});

test.serial('dns: the name has no address', async (t) => {
  await dns('set-default-ipv4', { ip: '' });
  t.teardown(() => dns('set-default-ipv4', { ip: '127.0.0.1' }));
  const { outcome, wait } = await failed(t);
  t.is(outcome.reason, 'dns');
  t.is(wait, minute);
});

test.serial('connection: nothing listens where the name leads', async (t) => {
  await dns('add-a', { host: shopName, addresses: ['127.0.0.9'] });
  const resolver = new Resolver();
  resolver.setServers([host.pebble.dnsServer]);
  await until('the name leads elsewhere', async () => (await resolver.resolve4(shopName)).join() === '127.0.0.9');
  t.teardown(() => dns('clear-a', { host: shopName }));
  const { outcome, wait } = await failed(t);
  t.is(outcome.reason, 'connection');
  t.regex(outcome.detail, /connection refused/);
  t.is(wait, minute);
});

test.serial('unauthorized: the web server answers the challenge with 404', async (t) => {
  const challenges = `${host.nginx.webroot}/.well-known/acme-challenge`;
  fs.mkdirSync(challenges, { recursive: true });
  fs.writeFileSync(`${challenges}/mine`, 'x');
  const status = async () => (await fetch(`http://127.0.0.1:${host.httpPort}/.well-known/acme-challenge/mine`)).status;
  const config = fs.readFileSync(host.nginx.configFile, 'utf8');
  fs.writeFileSync(host.nginx.configFile, config.replaceAll(/\broot [^;]+;/g, 'root /nonexistent;'));
  await host.nginx.reloadWhole();
  t.is(await status(), 404);
  const { outcome, wait } = await failed(t);
  fs.writeFileSync(host.nginx.configFile, config);
  await host.nginx.reloadWhole();
  t.is(await status(), 200);
  t.is(outcome.reason, 'unauthorized');
  t.regex(outcome.detail, /^shop\.example\.test: .* 404$/);
  t.is(wait, minute);
});

// pebble reads no CAA records: the challenge's error is Let's Encrypt's, in its place.
test.serial('caa: a record forbids the CA', async (t) => {
  const error = {
    type: 'urn:ietf:params:acme:error:caa',
    detail: `CAA record for ${shopName} prevents issuance`,
    status: 403,
  };
  let answered = false;
  const { outcome, wait } = await failed(t, async ({ path }, forward) => {
    answered ||= path.startsWith('/chalZ/');
    if (!answered || !path.startsWith('/authZ/')) return undefined;
    const reply = await forward();
    const { challenges, ...rest } = JSON.parse(reply.body);
    const refused = challenges.map((one: { type: string }) => ({ ...one, status: 'invalid', error }));
    return { ...reply, body: JSON.stringify({ ...rest, status: 'invalid', challenges: refused }) };
  });
  t.is(outcome.reason, 'caa');
  t.regex(outcome.detail, /CAA record for shop\.example\.test prevents issuance/);
  t.is(wait, minute);
});

test.serial('rate-limited: the next try waits for as long as the CA asks, which certbot only logs', async (t) => {
  const { outcome, began, wait } = await failed(
    t,
    refuseOrders(429, 'rateLimited', 'too many new orders recently', { 'Retry-After': '1800' }),
  );
  t.is(outcome.reason, 'rate-limited');
  t.regex(outcome.detail, /too many new orders recently$/);
  t.true(wait >= 30 * minute && wait <= 30 * minute + Date.now() - began, String(wait));
  t.is(outcome.retryAt, began + wait);
});

test.serial('rate-limited: a Retry-After with a date beyond the life leaves one more try before it ends', async (t) => {
  const far = 'Fri, 01 Jan 2100 00:00:00 GMT';
  const { outcome, began, wait } = await failed(
    t,
    refuseOrders(429, 'rateLimited', 'Service busy; retry later.', { 'retry-after': far }),
  );
  t.is(outcome.reason, 'rate-limited');
  t.is(outcome.retryAt, Date.parse(far));
  const { notBefore = '', notAfter = '' } = observedShop(host).certificate ?? {};
  const end = Date.parse(notAfter);
  t.is(began + wait, end - (end - Date.parse(notBefore)) / 24);
});

test.serial("rate-limited: without Retry-After the agent's own waits hold", async (t) => {
  const { outcome, wait } = await failed(t, refuseOrders(429, 'rateLimited', 'Service busy; retry later.'));
  t.is(outcome.reason, 'rate-limited');
  t.is(outcome.retryAt, undefined);
  t.is(wait, minute);
});

test.serial('ca-failed: no nonce is ever good', async (t) => {
  const headers = { 'replay-nonce': '1n5tD5c2CvJnLWzPv0SeJw' };
  const seen = host.front.seen.length;
  const { outcome, wait } = await failed(t, ({ method }) =>
    method === 'POST' ? problem(400, 'badNonce', 'JWS has an invalid anti-replay nonce', headers) : undefined,
  );
  t.is(outcome.reason, 'ca-failed');
  t.regex(outcome.detail, /invalid anti-replay nonce/);
  t.is(wait, minute);
  t.true(host.front.seen.length - seen < 20, 'certbot does not go on for ever');
});

test.serial('timed-out: an order that never gets ready', async (t) => {
  const { outcome, wait } = await failed(t, async ({ path }, forward) => {
    if (!path.startsWith('/authZ/')) return undefined;
    const reply = await forward();
    const { challenges, ...rest } = JSON.parse(reply.body);
    const pending = challenges.map((one: object) => ({ ...one, status: 'pending' }));
    const body = JSON.stringify({ ...rest, status: 'pending', challenges: pending });
    return { ...reply, headers: { ...reply.headers, 'retry-after': '0' }, body };
  });
  t.is(outcome.reason, 'timed-out');
  t.regex(outcome.detail, /not finalized by the CA/);
  t.is(wait, minute);
});

test.serial('timed-out: a CA that takes the order and says nothing more', async (t) => {
  const { outcome, wait } = await failed(t, ({ path }) => (path === '/order-plz' ? new Promise(() => {}) : undefined), {
    deadlineSeconds: 10,
  });
  t.is(outcome.reason, 'timed-out');
  t.regex(outcome.detail, /ended at its deadline \(10 s\)/);
  t.is(wait, minute);
});

test.serial('ca-failed: something before the CA answers with a page, and asks to wait', async (t) => {
  const page = { status: 503, headers: { 'content-type': 'text/html', 'Retry-After': '900' }, body: '<h1>503</h1>' };
  const { outcome, wait } = await failed(t, () => page);
  t.is(outcome.reason, 'ca-failed');
  t.true(wait >= 15 * minute && wait < 17 * minute, String(wait));
});

test.serial('connection: nobody answers where the CA was', async (t) => {
  await host.front.close();
  const { outcome, wait } = await failed(t);
  t.is(outcome.reason, 'connection');
  t.regex(outcome.detail, /Connection refused/);
  t.is(wait, minute);
});
