import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Channel } from '../../../collector/notify/channel.ts';
import type { ChannelSettings } from '../../../collector/notify/settings.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';
import { until } from '../../helpers/testbed/until.ts';
import { file, hostile, message, open, resolved, soon } from '../helpers/opened-channel.ts';
import { type MailReceiver, startMailReceiver } from '../helpers/receivers.ts';

const mailSettings = (receiver: MailReceiver, change: Partial<Extract<ChannelSettings, { kind: 'email' }>> = {}) =>
  ({
    kind: 'email',
    server: '127.0.0.1',
    port: receiver.port,
    tls: 'starttls',
    caFile: file(receiver.ca),
    user: 'certherd',
    passwordFile: file('canary-password'),
    from: 'Certherd <certherd@example.test>',
    to: ['ops@example.test', 'shop@example.test'],
    ...change,
  }) satisfies ChannelSettings;

test('email: one mail for all, over STARTTLS, and what hosts say makes neither headers nor recipients', async (t) => {
  const receiver = await startMailReceiver(t);
  const channel = open(mailSettings(receiver));
  for (const one of [message(), resolved, hostile]) t.deepEqual(await channel.send(one, soon()), { ok: true });
  const [first, second, third] = receiver.received;
  t.is(receiver.received.length, 3);
  for (const mail of receiver.received)
    t.like(mail, {
      from: 'certherd@example.test',
      to: ['ops@example.test', 'shop@example.test'],
      user: 'certherd',
      secure: true,
    });
  const head = (text = '') => unfolded(text.split('\r\n\r\n')[0] ?? '');
  t.regex(head(first?.text), /^Subject: \[critical\] not-served: shop\.example\.test on web-1 and 11 more$/m);
  t.regex(head(first?.text), /^Message-ID: <certherd-i1-1-ops@example\.test>$/m);
  t.regex(head(second?.text), /^In-Reply-To: <certherd-i1@example\.test>$/m);
  t.regex(head(second?.text), /^Auto-Submitted: auto-generated$/m);
  t.true(first?.text.includes('systemctl reload nginx'));
  t.true(second?.text.includes('Lasted: 2 h 5 min'));
  t.notRegex(head(third?.text), /^Bcc:/im);
  t.is(head(third?.text).match(/^To: /gm)?.length, 1);
});

test('email: refusals, hanging servers and servers without STARTTLS are told apart, and no password is told', async (t) => {
  const receiver = await startMailReceiver(t);
  const failing = async (channel: Channel, ms?: number) => {
    const delivery = await channel.send(message(), soon(ms));
    if (delivery.ok) throw new Error('it was taken');
    t.false(JSON.stringify(delivery).includes('canary-password'));
    return delivery.failure.reason;
  };
  const channel = open(mailSettings(receiver));
  const answer = (responseCode: number) => () => {
    throw Object.assign(new Error('canary-password is no reason'), { responseCode });
  };
  receiver.take = answer(451);
  t.is(await failing(channel), 'failed');
  receiver.take = answer(550);
  t.is(await failing(channel), 'refused');
  receiver.take = () => new Promise(() => {});
  t.is(await failing(channel, 500), 'no-answer');
  t.is(await failing(open(mailSettings(receiver, { passwordFile: file('wrong') }))), 'refused');
  t.is(await failing(open(mailSettings(receiver, { caFile: undefined }))), 'unreachable', 'nobody vouches for it');
  const plain = await startMailReceiver(t, { disabledCommands: ['STARTTLS'] });
  t.is(await failing(open(mailSettings(plain))), 'refused');
  t.is(plain.received.length, 0, 'nothing goes over the wire in plain text');
});

test('email: a recipient that is refused is named while the others have it; one that is put off has it later, and nobody has it twice', async (t) => {
  const answers = new Map<string, number>();
  const receiver = await startMailReceiver(t, {
    onRcptTo({ address }, _session, done) {
      const responseCode = answers.get(address);
      done(responseCode === undefined ? null : Object.assign(new Error('not here'), { responseCode }));
    },
  });
  const to = ['ops@example.test', 'Shop <shop@example.test>', 'late@bücher.test'];
  const channel = open(mailSettings(receiver, { to }));
  const got = () => receiver.received.map((mail) => mail.to);

  answers.set('shop@example.test', 550);
  const refused = await channel.send(message({ id: 'one' }), soon());
  t.true(refused.ok);
  t.regex((refused.ok && refused.refused) || '', /^shop@example\.test: .*550 not here$/);
  t.deepEqual(got(), [['ops@example.test', 'late@bücher.test']]);

  receiver.received.length = 0;
  answers.set('shop@example.test', 451).set('late@bücher.test', 451);
  const putOff = await channel.send(message({ id: 'two' }), soon());
  t.like(putOff, { ok: false, failure: { reason: 'failed' } });
  t.false((await channel.send(message({ id: 'two' }), soon())).ok, 'and still');
  answers.clear();
  t.deepEqual(await channel.send(message({ id: 'two' }), soon()), { ok: true });
  t.deepEqual(got(), [['ops@example.test'], ['shop@example.test', 'late@bücher.test']]);
  t.deepEqual(await channel.send(message({ id: 'three' }), soon()), { ok: true });
  t.is(got().at(-1)?.length, 3);

  answers.set('shop@example.test', 451);
  t.false((await channel.send(message({ id: 'four' }), soon())).ok);
  answers.set('shop@example.test', 550);
  const gone = await channel.send(message({ id: 'four' }), soon());
  t.true(gone.ok, 'who has it does not wait for who never will');
  t.regex((gone.ok && gone.refused) || '', /^shop@example\.test: .*550 not here$/);
});

test('alertmanager: the real one takes what is opened, shows it once, and takes it for over when it is resolved', async (t) => {
  const sandbox = openSandbox();
  t.teardown(sandbox.close);
  const port = await sandbox.port();
  const config = join(sandbox.directory, 'alertmanager.yml');
  writeFileSync(config, 'route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n');
  const argv = [
    `--config.file=${config}`,
    `--storage.path=${sandbox.folder('alertmanager')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
  sandbox.start('prometheus-alertmanager', argv, join(sandbox.directory, 'alertmanager.log'));
  const url = `http://127.0.0.1:${port}`;
  await until('Alertmanager is ready', async () => (await fetch(`${url}/-/ready`)).ok);
  const channel = open({ kind: 'alertmanager', url, user: undefined, passwordFile: undefined }, () => Date.now());
  const since = new Date(Date.now() - 60_000).toISOString();
  for (const one of [message({ since }), message({ since }), { ...hostile, since }])
    t.deepEqual(await channel.send(one, soon()), { ok: true });
  const alerts = async (): Promise<{ labels: Record<string, string> }[]> =>
    (await fetch(`${url}/api/v2/alerts`)).json();
  const shown = await until('the alerts are shown', async () => {
    const list = await alerts();
    return list.length === 14 && list;
  });
  t.is(shown.filter(({ labels }) => labels['server_name'] === 'shop.example.test').length, 12);
  t.deepEqual(await channel.send({ ...resolved, since }, soon()), { ok: true });
  await until('they are over', async () => (await alerts()).length === 2);
});

function unfolded(head: string): string {
  return head.replaceAll(/\r\n[ \t]+/g, ' ').replaceAll('\r\n', '\n');
}
