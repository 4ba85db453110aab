import fs from 'node:fs';
import test from 'ava';
import { certIdOf } from '../../agent/formats/cert-id.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { withRenewalInfo } from '../helpers/testbed/acme-front.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';

const hour = 3_600_000;
const served = async (host: TestHost) => (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint;

/** A CA that suggests windows; `suggest` decides, by certID. */
function suggesting(suggest: (certId: string) => { start: number; end: number }) {
  const asked: string[] = [];
  const answer = withRenewalInfo((certId) => {
    asked.push(certId);
    const { start, end } = suggest(certId);
    const suggestedWindow = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
    const body = JSON.stringify({ suggestedWindow, explanationURL: 'https://ca.example/revocation' });
    // a second is less than the agent heeds: it waits a minute
    return { status: 200, headers: { 'content-type': 'application/json', 'retry-after': '1' }, body };
  });
  return { asked, answer };
}

function certIdServedBy(host: TestHost): string {
  const pem = fs.readFileSync(host.certbot.lineage('shop').certificate, 'utf8');
  const [, base64 = ''] = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem) ?? [];
  return certIdOf(Buffer.from(base64, 'base64')) ?? 'none';
}

test('a CA that moves the window to the past has a certificate in the middle of its life renewed, loaded and proved: once', async (t) => {
  t.timeout(240_000);
  let called: string | undefined;
  const ca = suggesting((certId) => {
    const at = Date.now();
    return certId === called ? { start: at - 2 * hour, end: at - hour } : { start: at + hour, end: at + 2 * hour };
  });
  const host = await startHost(t, { validitySeconds: 24 * 3600, acmeAnswer: ca.answer });
  host.setMode('renew');
  const state = (name: string) => {
    const file = `${host.sandbox.directory}/state/${name}`;
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  };
  const first = certIdServedBy(host);
  const leaf = host.certbot.lineage('shop').leaf();
  const agent = host.daemon();
  await until('the CA was asked and its window is kept', () => state('renewal-information.json').includes('"window"'), {
    deadlineMs: 40_000,
  });
  t.deepEqual(ca.asked, [first], 'by the name that RFC 9773 gives it');
  const shown = JSON.parse((await host.agent(['check', '--json'])).stdout).lineages[0].renewal;
  t.like(shown, { basis: 'renewal-information', explanation: 'https://ca.example/revocation' });
  t.is(host.certbot.lineage('shop').leaf(), leaf, 'its window has not come');

  called = first;
  const live = () => host.certbot.lineage('shop').leaf();
  await until('it is renewed', () => live() !== leaf, { deadlineMs: 120_000 });
  await until('the new certificate is served', async () => (await served(host)) === live(), { deadlineMs: 60_000 });
  const events = () =>
    state('outbox.jsonl')
      .split('\n')
      .filter((line) => /"kind":"(?:renewal|deployment)"/.test(line));
  await until('the proof is kept', () => events().length >= 2);
  t.regex(events()[0] ?? '', /its CA asks for the renewal, at .*and says why: https:\/\/ca\.example\/revocation/);
  t.true(
    events().every((line) => line.includes('"ok":true')),
    events().join('\n'),
  );

  agent.signal('SIGTERM');
  t.is((await agent.exited).exit, 0);

  const second = certIdServedBy(host);
  t.not(second, first);
  const next = host.daemon();
  await until('the CA was asked for the new one', () => ca.asked.includes(second), { deadlineMs: 60_000 });
  await until('its window is kept', () => state('renewal-information.json').includes(second));
  const kept = JSON.parse(state('renewal-information.json')).certificates;
  t.is(kept.length, 2, 'that the first was renewed is remembered');
  t.like(
    kept.find(({ certId }: { certId: string }) => certId === first),
    { lineage: 'shop', advised: true },
  );

  // Linked back by hand: the CA still says "now" for it, and the agent has done what it was asked for.
  next.signal('SIGTERM');
  t.is((await next.exited).exit, 0);
  for (const kind of ['cert', 'privkey', 'chain', 'fullchain']) {
    const link = `${host.certbot.configDirectory}/live/shop/${kind}.pem`;
    fs.rmSync(link);
    fs.symlinkSync(`../../archive/shop/${kind}1.pem`, link);
  }
  const asked = ca.asked.length;
  const again = host.daemon();
  await until('the old one is served again', async () => (await served(host)) === leaf);
  const status = async () => JSON.parse((await host.agent(['status', '--json'])).stdout);
  const looked = (await status()).lookedAt;
  fs.appendFileSync(host.nginx.configFile, '# a change, so that it looks once more\n');
  await until('it looked again', async () => (await status()).lookedAt > looked);
  t.is(events().filter((line) => line.includes('"kind":"renewal"')).length, 1, 'it was renewed once');
  t.deepEqual(
    fs.readdirSync(host.certbot.lineage('shop').archive).filter((name) => /^cert\d/.test(name)),
    ['cert1.pem', 'cert2.pem'],
  );
  t.is(ca.asked.length, asked, 'and the CA is not asked for it any more');
  again.signal('SIGTERM');
  t.is((await again.exited).exit, 0);
});
