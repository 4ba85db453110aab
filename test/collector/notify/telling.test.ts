import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Message } from '../../../collector/notify/message.ts';
import { addToken, readEstate, runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { certificate, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startMailReceiver, startReceiver, type Received } from '../helpers/receivers.ts';
import { until } from '../../helpers/testbed/until.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

// A collector in a process of its own, an agent on the wire, and receivers on loopback.

const one = certificate('one');
const broken = () => snapshotFrame(snapshot(one, { findings: [finding()] }));
const mended = () => snapshotFrame(snapshot(one));
const kindOf = ({ body }: Received) => (JSON.parse(body) as Message).kind;

async function started(t: ExecutionContext, notify: string) {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  const listens =
    'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "debug"\nlog_format = "json"\n';
  writeFileSync(config, `${listens}${notify}`);
  const data = join(directory, 'data');
  const args = ['--config', config, '--data', data];
  const collector = await spawnCollector(t, args);
  const join_ = await addToken(data, collector.agents, 3_600_000, Date.now());
  const identity = await enrol(join_, 'web-1');
  const command = async (...argv: string[]) => {
    const ran = runCollector([...argv, ...args]);
    return { code: await ran.ended, lines: ran.lines, complaints: ran.complaints };
  };
  return { directory, args, collector, data, join: join_, identity, command };
}

test('Slack and the owner’s mailbox hear once that nginx was not reloaded, and once that it was; a link and a command answer it', async (t) => {
  const slack = await startReceiver(t);
  const hook = await startReceiver(t);
  const mail = await startMailReceiver(t);
  const pings = await startReceiver(t);
  const secrets = temporaryDirectory(t);
  const file = (name: string, content: string) => {
    writeFileSync(join(secrets, name), content, { mode: 0o600 });
    return JSON.stringify(join(secrets, name));
  };
  const notify = `
    [notify]
    page = "https://certherd.example.test"
    dead_mans_switch_file = ${file('ping', `${pings.url}/canary-ping\n`)}
    dead_mans_switch_every = "1m"

    [[notify.channel]]
    name = "slack"
    kind = "slack"
    url_file = ${file('slack', `${slack.url}/services/canary-slack\n`)}

    [[notify.channel]]
    name = "hook"
    kind = "webhook"
    url = "${hook.url}/hook"
    secret_file = ${file('hook', 'canary-hook')}

    [[notify.channel]]
    name = "payments"
    kind = "email"
    server = "127.0.0.1"
    port = ${mail.port}
    ca_file = ${file('ca', mail.ca)}
    from = "certherd@example.test"
    to = ["payments@example.test"]

    [[notify.rule]]
    name = "all"
    wait = "0s"
    to = ["{owner}", "slack", "hook"]
  `;
  const { command, collector, join: join_, identity } = await started(t, notify);
  const labelled = await command('label', 'set', 'owner=payments', '--host', 'web-1');
  t.is(labelled.code, 0, labelled.complaints.join('\n'));
  const isLabelled = async () => (await readEstate(collector.web)).hosts[0]?.labels?.['owner'] === 'payments';
  await until('the label is noticed', isLabelled);
  const wire = await begin(join_, identity);
  wire.send(broken());
  await until('all heard', () => slack.received.length > 0 && hook.received.length > 0 && mail.received.length > 0);
  const opened: Message = JSON.parse(hook.received[0]?.body ?? '');
  t.like(opened, {
    kind: 'opened',
    code: 'not-served',
    remedy: 'systemctl reload nginx',
    labels: { owner: 'payments' },
  });
  t.is(opened.runbook, 'https://certherd.example.test/findings#not-served');
  t.true(mail.received[0]?.text.includes('systemctl reload nginx'));

  const shown = await command('incidents', '--json');
  t.like(JSON.parse(shown.lines.join('')), { version: 1, items: [{ id: opened.incident, rule: 'all' }] });
  const answer = new URL(opened.answer ?? '', collector.web);
  const link = `${collector.web}${answer.pathname.slice(1)}`;
  const page = await fetch(link);
  t.is(page.status, 200);
  t.regex(await page.text(), /Take it on/);
  t.is(await answered(link, { reason: '' }), 400, 'why is asked');
  t.is(await answered(`${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`, { reason: 'x' }), 404);
  t.is(hook.received.length, 1, 'a look at the link changes nothing');
  const { origin } = new URL(link);
  const taken = await fetch(link, {
    headers: { origin },
    method: 'POST',
    body: new URLSearchParams({ reason: '<b>on it</b>', name: 'Eve' }),
  });
  t.is(taken.status, 200);
  t.true((await taken.text()).includes('It is yours'));
  await until(
    'that is told',
    () => hook.received.length === 2 && slack.received.length === 2 && mail.received.length === 2,
  );
  t.like(JSON.parse(hook.received[1]?.body ?? ''), {
    kind: 'acknowledged',
    acknowledged: { by: 'Eve (by a link to hook)', reason: '<b>on it</b>' },
  });
  t.is((await command('ack', opened.incident)).code, 64, 'a command asks why too');
  t.is((await command('ack', 'nothing', '--reason', 'x')).code, 1);

  wire.send(mended());
  await until('all hear that it is over', () => [slack, hook, mail].every(({ received }) => received.length === 3));
  t.deepEqual(hook.received.map(kindOf), ['opened', 'acknowledged', 'resolved']);
  t.true(slack.received[2]?.body.includes('Resolved: not-served'));
  t.is((await command('ack', opened.incident, '--reason', 'late')).code, 1);

  const silenced = await command('silence', '--label', 'owner=payments', '--for', '1h', '--reason', 'move', '--json');
  t.is(silenced.code, 0, silenced.complaints.join('\n'));
  const { id }: { id: string } = JSON.parse(silenced.lines.join(''));
  wire.send(broken());
  const listed = await command('silences', '--json');
  t.like(JSON.parse(listed.lines.join('')), {
    items: [{ id, match: { labels: { owner: 'payments' } }, reason: 'move' }],
  });
  t.is(hook.received.length, 3, 'it is silent');
  t.is((await command('silence', '--end', id)).code, 0);
  await until('it is told then', () => hook.received.length === 4);
  t.is(kindOf(hook.received[3] ?? t.fail()), 'opened');

  const history = await command('audit', '--json');
  const { items }: { items: { action: string; via: string; actor: string }[] } = JSON.parse(history.lines.join(''));
  const said = items.filter(({ action }) => action.startsWith('silence-') || action.startsWith('incident-'));
  t.deepEqual(
    said.map(({ action, via }) => `${action} ${via}`),
    ['silence-ended command', 'silence-added command', 'incident-acknowledged link'],
  );
  t.is(said[2]?.actor, 'Eve (by a link to hook)');

  const tried = await command('notify', 'test', 'slack');
  t.is(tried.code, 0, tried.complaints.join('\n'));
  t.true(slack.received.at(-1)?.body.includes('Test: '));
  const verdict = async () => JSON.parse((await command('notify', 'test', 'slack', '--json')).lines.join(''));
  t.deepEqual(await verdict(), { version: 1, channel: 'slack', ok: true });
  slack.answer = (response) => void response.writeHead(404).end('no_service');
  t.is((await command('notify', 'test', 'slack')).code, 1);
  t.like(await verdict(), { ok: false, reason: 'gone', detail: 'status 404: no_service' });
  t.is((await command('notify', 'test', 'nobody')).code, 64);

  await until('somebody waits for it', () => pings.received.length > 0);
  t.like(pings.received[0], { method: 'GET', path: '/canary-ping' });
  const metrics = async () => (await fetch(`${collector.web}metrics`)).text();
  await until('the last one is counted, too', async () =>
    (await metrics()).includes('certherd_notifications_sent_total{channel="hook"} 4\n'),
  );
  const { incident: again, answer: token }: { incident: string; answer: string } = JSON.parse(
    hook.received[3]?.body ?? '',
  );
  const silent = `${collector.web}${new URL(token).pathname.slice(1)}`;
  t.is(await answered(silent, { reason: 'at night', do: 'silence', hours: '4' }), 200);
  const { items: holding }: { items: object[] } = JSON.parse((await command('silences', '--json')).lines.join(''));
  t.is(holding.length, 1);
  t.like(holding[0], { by: 'a link to hook', reason: 'at night', match: { incident: again } });
  t.is((await command('ack', again, '--reason', 'mine')).code, 0);
  t.is((await command('ack', again, '--give-back', '--reason', 'x')).code, 64, 'nothing that is said is dropped');
  t.is((await command('ack', again, '--give-back')).code, 0);
  t.is((await command('ack', again, '--give-back')).code, 1, 'nobody has it');
  collector.process.kill('SIGTERM');
  t.is(await collector.ended, 0);
  t.false(
    collector.complaints.some((line) => line.includes('canary')),
    'no secret is in the log, at debug',
  );
});

test('a collector that is killed while it sends loses nothing: what knows its id comes once, what does not says that it may be a second copy', async (t) => {
  const slack = await startReceiver(t);
  const hook = await startReceiver(t);
  const secrets = temporaryDirectory(t);
  writeFileSync(join(secrets, 'slack'), `${slack.url}/services/x`);
  const notify = `
    [[notify.channel]]
    name = "slack"
    kind = "slack"
    url_file = ${JSON.stringify(join(secrets, 'slack'))}

    [[notify.channel]]
    name = "hook"
    kind = "webhook"
    url = "${hook.url}/hook"

    [[notify.rule]]
    name = "all"
    wait = "0s"
    to = ["slack", "hook"]
  `;
  const { collector, join: join_, identity, args } = await started(t, notify);
  // Both take it, and the collector hears of neither.
  slack.answer = () => {};
  hook.answer = () => {};
  const wire = await begin(join_, identity);
  wire.send(broken());
  await until('both were sent', () => slack.received.length > 0 && hook.received.length > 0);
  collector.process.kill('SIGKILL');
  await collector.ended;
  // On a machine that is busy for ten seconds it has given up waiting, and sent one again.
  const sent = { slack: slack.received.length, hook: hook.received.length };
  slack.answer = (response) => void response.end('ok');
  hook.answer = (response) => void response.end('ok');

  const again = await spawnCollector(t, args);
  await until(
    'both are sent again, once the lease is over',
    () => slack.received.length > sent.slack && hook.received.length > sent.hook,
  );
  const keys = hook.received.map(({ headers }) => headers['idempotency-key']);
  t.is(new Set(keys).size, 1, 'the receiver knows the second copy');
  t.deepEqual(new Set(hook.received.map(({ body }) => body)).size, 1);
  t.false(slack.received[0]?.body.includes('it may have arrived already'));
  t.true(slack.received[sent.slack]?.body.includes('it may have arrived already'));

  // Killed before anything was sent: the row is there, and is sent after the start.
  const second = await begin({ ...join_, authority: again.agents }, identity, { generation: 2 });
  slack.answer = (response) => void response.writeHead(500).end();
  hook.answer = (response) => void response.writeHead(500).end();
  const before = { slack: slack.received.length, hook: hook.received.length };
  second.send(mended());
  const isRefused = (channel: string) =>
    again.complaints.some((line) => line.includes('a message was not taken') && line.includes(`"${channel}"`));
  await until('both were refused, and that is written down', () => isRefused('slack') && isRefused('hook'));
  again.process.kill('SIGKILL');
  await again.ended;
  const tried = { slack: slack.received.length, hook: hook.received.length };
  t.true(tried.slack > before.slack && tried.hook > before.hook);
  slack.answer = (response) => void response.end('ok');
  hook.answer = (response) => void response.end('ok');
  const third = await spawnCollector(t, args);
  await until('both are sent', () => hook.received.length > tried.hook && slack.received.length > tried.slack);
  t.is(kindOf(hook.received.at(-1) ?? t.fail()), 'resolved');
  t.false(slack.received.at(-1)?.body.includes('it may have arrived already'), 'a refusal is no copy');
  const metrics = async () => (await fetch(`${third.web}metrics`)).text();
  await until('nothing waits', async () => /waiting\{channel="hook"\} 0\n/.test(await metrics()));
  t.is(hook.received.length, tried.hook + 1);
  t.is(slack.received.length, tried.slack + 1);
});

async function answered(link: string, form: Record<string, string>): Promise<number> {
  return (
    await fetch(link, { method: 'POST', headers: { origin: new URL(link).origin }, body: new URLSearchParams(form) })
  ).status;
}
