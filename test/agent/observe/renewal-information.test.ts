import fs from 'node:fs';
import test from 'ava';
import { certIdOf } from '../../../agent/formats/cert-id.ts';
import { recallSuggestions } from '../../../agent/observe/renewal-information.ts';
import { begun, type Reply, startAsking, startCa, windowFrom } from '../../helpers/asked-ca.ts';
import { mint } from '../../helpers/mint.ts';
import { lineage } from '../../helpers/observed.ts';
import { rawCertificate } from '../../helpers/raw-certificate.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const usual = windowFrom(begun + 20 * day, begun + 21 * day);

test("a certificate's own directory is asked once, its window is known, kept, and told", async (t) => {
  const ca = await startCa(t, () => usual);
  const { start, seen, answered, stored, fingerprint, leaf, changes, time, set, state, said } = await startAsking(
    t,
    ca,
  );
  const information = start();
  t.is(information.known().size, 0);
  information.saw(seen());
  t.is(ca.asked.length, 0, 'a look waits for nobody');
  await answered(10_000);
  const certId = certIdOf(leaf.der) ?? 'none';
  t.deepEqual(ca.asked, ['/dir', `/ari/${certId}`]);
  const told = { start: begun + 20 * day, end: begun + 21 * day, from: begun + 10_000 };
  t.deepEqual([...information.known()], [[fingerprint, told]]);
  t.is(changes(), 1);
  t.like(stored().certificates[0], { certId, fingerprint, lineage: 'shop', nextAskAt: begun + 10_000 + hour });
  t.deepEqual([...recallSuggestions(set, state)], [...information.known()], '`check` sees the same');

  information.saw(seen());
  time.pass(hour - 1000);
  t.is(ca.asked.length, 2, 'Retry-After is obeyed');
  await answered(1000);
  t.deepEqual(ca.asked.slice(2), [`/ari/${certId}`], 'the directory is known');
  t.is(changes(), 1, 'nothing is new');

  information.stop();
  const again = start();
  t.deepEqual([...again.known()], [[fingerprint, told]], 'a restart forgets nothing');
  again.saw(seen());
  time.pass(hour - 1000);
  t.is(ca.asked.length, 3, 'and asks no sooner');
  ca.answer = () => windowFrom(begun - 2 * hour, begun - hour);
  await answered(1000);
  t.is(changes(), 2, 'a window that was moved is told at once');
  t.is(again.known().get(fingerprint)?.from, time.clock.now());
  t.deepEqual(said, []);
});

test('what fails is asked again after 5, 10, 20 minutes and then every six hours, and is no trouble of the host', async (t) => {
  const failures: Reply[] = [
    { status: 500 },
    { body: '<html>' },
    { status: 404 },
    { body: { suggestedWindow: { start: 'x', end: 'y' } } },
    { status: 302 },
    { body: 'x'.repeat(70_000) },
  ];
  const ca = await startCa(t, () => usual);
  const { start, seen, answered, stored, said, fingerprint, time } = await startAsking(t, ca);
  const information = start();
  information.saw(seen());
  await answered(10_000);
  let failed = 0;
  ca.answer = () => failures[failed++ % failures.length] ?? {};
  await answered(hour);
  for (const minutes of [5, 10, 20, 40, 80, 160, 320, 360, 360]) {
    t.is(stored().certificates[0].nextAskAt - time.clock.now(), minutes * minute);
    await answered(minutes * minute);
  }
  t.is(information.known().get(fingerprint)?.start, begun + 20 * day, 'the window that is known stays');
  ca.answer = () => ({ status: 503, retryAfter: '36000' });
  await answered(6 * hour);
  t.is(stored().certificates[0].nextAskAt - time.clock.now(), 10 * hour, 'a CA that wants to be left alone longer is');
  ca.answer = () => usual;
  await answered(10 * hour);
  t.is(stored().certificates[0].failures, 0);
  t.deepEqual(said, []);
});

test('a CA without renewal information is asked for its directory twice a day, and for nothing else', async (t) => {
  const ca = await startCa(t, () => usual);
  ca.directory = { newOrder: 'x' };
  const { start, seen, answered, time } = await startAsking(t, ca);
  const information = start();
  information.saw(seen());
  await answered(10_000);
  t.deepEqual(time.waits(), [12 * hour]);
  await answered(12 * hour);
  t.deepEqual(ca.asked, ['/dir', '/dir']);
  t.is(information.known().size, 0);
});

test('nobody is asked for a directory that is not https, a certificate without a certID, or against the settings', async (t) => {
  const ca = await startCa(t, () => usual);
  const plain = await startAsking(t, ca);
  for (const address of ['http://localhost:1/dir', 'file:///etc/passwd', 'dir', 'https://name:word@localhost/dir']) {
    const information = plain.start();
    information.saw(plain.seen(address));
    t.deepEqual(plain.time.waits(), [], address);
  }
  const nameless = await startAsking(t, ca, { leaf: rawCertificate() });
  const information = nameless.start();
  information.saw(nameless.seen());
  nameless.time.pass(10_000);
  t.deepEqual(nameless.time.waits(), [], 'it is not tried again');
  const off = await startAsking(t, ca, { certbot: { renewalInformation: false } });
  off.start().saw(off.seen());
  t.deepEqual(off.time.waits(), []);
  t.deepEqual(ca.asked, []);
});

test('a file that is another one by the time of the question, and one that has ended, are not asked for', async (t) => {
  const ca = await startCa(t, () => usual);
  const { start, seen, time, directory } = await startAsking(t, ca);
  const information = start();
  information.saw(seen());
  fs.writeFileSync(`${directory}/fullchain.pem`, (await mint({ names: ['shop.example.test'] })).pem);
  time.pass(10_000);
  t.deepEqual(time.waits(), []);
  time.jump(100 * day);
  information.saw(seen());
  t.deepEqual(time.waits(), []);
  t.deepEqual(ca.asked, []);
});

test('a clock that was 400 days ahead keeps the CA from being asked no longer than its mending', async (t) => {
  const ca = await startCa(t, () => usual);
  const { start, seen, answered, stored, directory, time } = await startAsking(t, ca);
  const first = start();
  first.saw(seen());
  await answered(10_000);
  first.stop();
  const ahead = stored();
  ahead.certificates[0].nextAskAt += 400 * day;
  fs.writeFileSync(`${directory}/state/renewal-information.json`, JSON.stringify(ahead));
  const second = start();
  second.saw(seen());
  await answered(minute);
  t.is(ca.asked.length, 4, 'by a new process the directory too');
  t.is(stored().certificates[0].nextAskAt, time.clock.now() + hour);
});

test('a damaged file is set aside and said, and one that cannot be written is said', async (t) => {
  const ca = await startCa(t, () => usual);
  const { start, seen, answered, directory, said, stored, fingerprint } = await startAsking(t, ca);
  fs.mkdirSync(`${directory}/state`);
  fs.writeFileSync(`${directory}/state/renewal-information.json`, '{"version":1,"certificates":[{"certId":7}]}');
  const information = start();
  t.deepEqual(said, ['what the CAs told before is damaged and was set aside']);
  information.saw(seen());
  await answered(10_000);
  t.is(stored().certificates.length, 1);
  fs.rmSync(`${directory}/state`, { recursive: true });
  fs.writeFileSync(`${directory}/state`, 'in the way');
  ca.answer = () => windowFrom(begun, begun + day);
  await answered(hour);
  t.is(said.at(-1), 'the state directory cannot be written');
  t.is(information.known().get(fingerprint)?.start, begun, 'what is known counts all the same');
});

test('a renewal that the agent did is kept at once, and its certificate is not asked for again', async (t) => {
  const ca = await startCa(t, () => windowFrom(begun - 2 * hour, begun - hour));
  const { start, seen, answered, stored, fingerprint, time } = await startAsking(t, ca);
  const information = start();
  information.saw(seen());
  await answered(10_000);
  const at = new Date(time.clock.now()).toISOString();
  const renewal = { windowStart: at, windowEnd: at, at, basis: 'renewal-information' as const };
  information.renewed(lineage({ live: fingerprint, renewal }));
  t.like(stored().certificates[0], { renewedAt: time.clock.now(), advised: true });
  t.is(information.known().size, 0);
  const again = start();
  again.saw(seen());
  t.deepEqual(
    time.waits().filter((ms) => ms > hour),
    [],
  );
  t.is(again.known().size, 0);
});

test('stopping in the middle of a question leaves what was known, and asks nobody any more', async (t) => {
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  const ca = await startCa(t, () => {
    arrived();
    return { status: 500 };
  });
  const { start, seen, time, directory } = await startAsking(t, ca);
  const information = start();
  information.saw(seen());
  time.pass(10_000);
  await asked;
  information.stop();
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(time.waits(), []);
  t.false(fs.existsSync(`${directory}/state/renewal-information.json`));
});
