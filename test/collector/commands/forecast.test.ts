import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, day, endpoint, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { readEstate, runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol, readJoin } from '../helpers/wire-agent.ts';

test('forecast tells from what the agents told who lapses, in words and as JSON, beside the serving collector', async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const common = ['--config', config, '--data', join(directory, 'data')];
  const collector = await spawnCollector(t, common);
  const run = async (...args: string[]) => {
    const child = runCollector([...args, ...common]);
    const code = await child.ended;
    return { code, out: child.lines.join('\n'), err: child.complaints.join('\n') };
  };
  t.regex((await run('forecast')).out, /No host has told of a certificate in use yet/);

  const invitation = readJoin((await run('token', 'create', '--url', collector.agents)).out.trim());
  const wire = await begin(invitation, await enrol(invitation, 'web-1'));
  const now = Date.now();
  const instant = (days: number) => new Date(now + days * day).toISOString();
  const bought = certificate('bought', {
    issuer: 'O=DigiCert Inc, CN=G2',
    notBefore: instant(-30),
    notAfter: instant(335),
  });
  const path = snapshot(bought).files[0]?.path ?? '';
  const told = snapshot(bought, {
    lineages: [],
    endpoints: [endpoint(bought)],
    findings: [finding({ code: 'unmanaged', severity: 'warning', subject: { kind: 'file', id: path } })],
  });
  wire.send(snapshotFrame(told));
  await until('the snapshot is kept', async () => (await readEstate(collector.web)).endpoints.length === 1);

  const words = await run('forecast', '--lifetime', '47d', '--until', '2035-01-01');
  t.is(words.code, 0, words.err);
  t.regex(words.out, /1 certificates? in use: 1 by hand\./);
  t.regex(words.out, /days {2}192\.0\.2\.7 on web-1: a person renews it: certherd-agent adopt takes it over/);
  const json = JSON.parse((await run('forecast', '--json', '--lifetime', '47d', '--until', '2035-01-01')).out);
  t.is(json.certificates, 1);
  t.like(json.items[0].lapses[0], { hostName: 'web-1', renewer: 'hand' });
  t.true(json.items[0].lapses[0].longestSeconds > 250 * 86_400);

  const asToday = await run('forecast');
  t.regex(asToday.out, /1 of them lives longer than a public certificate may/);
  t.regex(asToday.out, /No name would be without a valid certificate/);

  for (const wrong of [
    ['--until', '2020-01-01'],
    ['--until', 'soon'],
    ['--lifetime', '1h'],
    ['--lifetime', 'x'],
  ]) {
    const { code, err } = await run('forecast', ...wrong);
    t.is(code, 64);
    t.true(err.includes(wrong.join(' ')), err);
  }
  wire.close();
});
