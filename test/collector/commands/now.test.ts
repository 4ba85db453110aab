import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { printTable } from '../../../collector/commands/print-table.ts';
import { until } from '../../helpers/testbed/until.ts';
import { day, event, told } from '../helpers/example-snapshot.ts';
import { haltCampaign } from '../helpers/halted-campaign.ts';
import { hostile, tellEstate, type ToldEstate } from '../helpers/told-estate.ts';
import { typedHere } from '../helpers/typed-here.ts';

const now = Date.now();
const instant = (days: number) => new Date(now + days * day).toISOString();
let prepared: ToldEstate;
const type = (...argv: string[]) => typedHere([...argv, '--data', prepared.directory]);
const json = async (...argv: string[]) => JSON.parse((await type(...argv, '--json')).out);

test.before(async () => {
  prepared = await tellEstate(now);
});
test.after.always(async () => {
  await prepared.store.close();
  rmSync(prepared.directory, { recursive: true, force: true });
});

test('now tells what needs a person with its remedy and exits 1; what somebody took on or silenced can be left out', async (t) => {
  const told = await type('now');
  t.is(told.code, 1);
  t.regex(
    told.out,
    /^1 thing needs a person\.\n\ncritical {2}shop\.example\.test on =web-2\\x1b\[31m\\u\{202e\} {2}not-served\n {4}nginx was not reloaded/,
  );
  t.regex(told.out, /the served certificate: 9 d 23 h left, 11 % of its life, until /);
  t.regex(told.out, /\n {4}on =web-2[^\n]*:\n {6}systemctl reload nginx\n/);
  t.regex(told.out, /3 endpoints: 1 drift, 2 proved; 2 proved in the last hour/);
  const { items, pressing, proof } = await json('now');
  t.deepEqual(
    [items[0].code, items[0].remedy, pressing, proof.provedInTheLastHour],
    ['not-served', 'systemctl reload nginx', 1, 2],
  );
  t.false('offers' in items[0]);
  const silenced = await type('silence', '--host', '*', '--for', '1h', '--reason', 'a move');
  t.is(silenced.code, 0, silenced.err);
  t.regex((await type('now')).out, /silent until .*: a move\n/);
  const quiet = await type('now', '--unanswered');
  t.is(quiet.code, 3, 'nothing is left, and not everything is proved');
  t.regex(quiet.out, /^Nothing needs a person, but not everything is proved\.\n[^]*Taken on or silenced: 1\./);
});

test.serial(
  'a campaign that waits and a log that is not read are told by now, as much as a terminal has room for',
  async (t) => {
    const own = await tellEstate(now);
    t.teardown(() => rmSync(own.directory, { recursive: true, force: true }));
    await haltCampaign(own.store, now - 60_000);
    const failure = { reason: 'no-answer', detail: 'refused', since: now - day } as const;
    const unread = { proved: { size: 0, hashes: [] }, size: 0, behindSince: now - day, failure };
    await own.store.transparency.keep('log.test/2026', unread, []);
    await own.store.close();
    const told = await typedHere(['now', '--data', own.directory]);
    t.is(told.code, 1);
    t.regex(told.out, /^3 things need a person\.\n/);
    t.regex(
      told.out,
      /warning {2}shop on web-9 {2}campaign-paused\n {4}Campaign c1 \(R10 is revoked\) paused itself: [^]*owner=payments\n {4}Mend what failed; then certherd-collector campaign resume c1 --reason WHY /,
    );
    t.regex(told.out, /log-not-read\n[^]*\n {4}If the log is closed for good, /);
    const { isTTY, columns, rows } = process.stdout;
    t.teardown(() => Object.assign(process.stdout, { isTTY, columns, rows }));
    Object.assign(process.stdout, { isTTY: true, columns: 120, rows: 20 });
    const typed = async (...more: string[]) => {
      const { code, out } = await typedHere(['now', ...more, '--data', own.directory]);
      return { code, out: stripVTControlCharacters(out) };
    };
    const brief = await typed();
    t.is(brief.code, 1);
    t.regex(
      brief.out,
      /^3 things need a person\.\n\ncritical [^]*systemctl reload nginx\n\n2 more, less urgent: --all\n\n3 endp/,
    );
    t.true(brief.out.split('\n').length < 20, 'the verdict and the most urgent one are on the screen');
    t.is((await typed('--all')).out.split('\n').length, told.out.split('\n').length);
    t.is(JSON.parse((await typed('--json')).out).items.length, 3);
  },
);

test('events are told newest first, chosen by kind, outcome, host and words; followed, those that come are told too', async (t) => {
  const all = await type('events');
  t.deepEqual(all.out.split('\n'), [
    '2026-11-23 22:00:00 UTC  failed   web-1  deployment: nginx said no\\x1b[2J (12.5 ms)'.replace('12.5', '13'),
    '2026-11-23 21:43:35 UTC  ok       web-1  renewal: Step 1 ended. (4.0 s)',
  ]);
  t.deepEqual(
    (await json('events', '--outcome', 'bad')).items.map(({ seq }: { seq: number }) => seq),
    [2],
  );
  t.is((await type('events', '--kind', 'renewal', '--host', 'agent-02')).out, 'No event fits.');
  let end = () => {};
  const lines: string[] = [];
  const following = typedHere(['events', '--follow', '--json', 'later', '--data', prepared.directory], {
    ended: () => new Promise((resolve) => (end = resolve)),
    said: (line) => lines.push(line),
  });
  await prepared.store.keepEvents('agent-02', 'e1', told(event(1, { summary: 'said later' })), now);
  await until('the event is told', () => lines.length === 1);
  end();
  t.is((await following).code, 0);
  t.like(JSON.parse(lines[0] ?? ''), { summary: 'said later', hostName: hostile });
});

test('who follows events into a pipe that nobody reads any more has ended with the next one', async (t) => {
  const own = await tellEstate(now);
  t.teardown(async () => {
    await own.store.close();
    rmSync(own.directory, { recursive: true, force: true });
  });
  const main = join(import.meta.dirname, '../../../collector/main.ts');
  const argv = [main, 'events', '--follow', '--host', 'agent-01', '--data', own.directory];
  const following = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => following.kill('SIGKILL'));
  const ended = once(following, 'exit');
  await once(following.stdout, 'data');
  following.stdout.destroy();
  let isOver = false;
  void ended.then(() => (isOver = true));
  let seq = 0;
  await until('it has ended', async () => {
    seq += 1;
    await own.store.keepEvents('agent-01', 'piped', told(event(seq, { summary: 'nobody reads' })), now);
    return isOver;
  });
  t.deepEqual(await ended, [0, null]);
});

test('one day is told however far ahead it is, and a day of nothing is said to be one', async (t) => {
  const far = instant(70).slice(0, 10);
  t.regex((await type('due', '--day', instant(25).slice(0, 10), '--weeks', '1')).out, /pay\.example\.test +ends/);
  t.is((await type('due', '--day', far)).out, `Nothing comes due on ${far}.`);
  t.is((await type('due', '--day', '2026-02-30')).code, 64);
});

test.serial('on 80 columns days and what is to be copied stay whole', async (t) => {
  const { isTTY, columns } = process.stdout;
  t.teardown(() => Object.assign(process.stdout, { isTTY, columns }));
  Object.assign(process.stdout, { isTTY: true, columns: 80 });
  const lines = (await type('history')).out.split('\n').filter((line) => /^\d/.test(line));
  t.is(lines.length, 29);
  for (const line of lines) t.regex(line, /^\d{4}-\d\d-\d\d \d\d:\d\d /);
  const [head = ''] = /^CA .*/m.exec((await type('report')).out) ?? [];
  const ofNames = /^CA +/.exec(head)?.[0].length ?? 80;
  t.true(head.length - ofNames + 'Castellan Digital  '.length <= 80, `a CA’s name has room: ${head}`);
  const out: string[] = [];
  const print = (line: string) => out.push(line);
  const id = 'f'.repeat(32);
  printTable(['BROWSER', 'FROM', 'SINCE'], [[id, '2001:db8::1', '2026-11-28 05:16'.repeat(3)]], { print }, 'none');
  t.regex(out[1] ?? '', new RegExp(`^${id} +2001:db8::1 `));
  const change = [
    '2026-11-28 05:16:41',
    'ada',
    'page',
    'incident-acknowledged',
    'subject'.repeat(5),
    'detail'.repeat(9),
  ];
  printTable(['WHEN', 'WHO', 'BY', 'WHAT', 'OF', 'DETAIL'], [change], { print }, 4);
  t.regex(out[3] ?? '', /^2026-11-28 05:16:41 {2}ada {2}page {2}incident-acknowledged {2}subj/);
});

test('what comes due ahead is told a day at a time, and what happened so far a day at a time too', async (t) => {
  const due = await type('due');
  t.is(due.code, 0, due.err);
  const lines = due.out.split('\n');
  const line = (days: number, rest: string) => `${instant(days).slice(0, 10)}  ${rest}`.trimEnd();
  t.true(lines.includes(line(25, '0      1    pay.example.test')), due.out);
  t.true(lines.includes(line(30, '1      0')), due.out);
  t.regex(due.out, /enough {2}0 of 50 certificates for one registered domain in 7 days\n/);
  const { items } = await json('due', '--day', instant(25).slice(0, 10));
  t.like(items, [{ ends: [{ name: 'pay.example.test', authority: 'Northgate', owner: 'payments' }] }]);
  t.regex(
    (await type('due', '--csv')).out,
    /\r\n"[^"]+","end","pay\.example\.test","Northgate","payments","[0-9a-f]{64}"/,
  );
  const history = await type('history', '--days', '3');
  t.is(history.out.split('\n').length, 7, history.out);
  t.regex(history.out, /Nothing was renewed in 3 days\./);
  t.is((await json('history')).findings.length, 1);
});

test('the report has the page’s tables; its own sheet with prices in it is read back', async (t) => {
  const told = await type('report');
  t.is(told.code, 0, told.err);
  t.regex(told.out, /^3 certificates of 1 domain by 2 CAs: 0 ended, 2 end within 30 days; 3 endpoints on 2 hosts\.\n/);
  t.regex(told.out, /Northgate +2 +0 +2 +0 +not known +\$0 +\$0\n/);
  t.regex(told.out, /1 renewal, 0 failed/);
  const sheet = (await type('report', 'costs', '--csv')).out;
  const file = join(prepared.directory, 'prices.csv');
  writeFileSync(file, sheet.replace(/("Northgate".*?)""/, '$1"199"'));
  const { costs } = await json('report', '--prices', file);
  t.like(
    costs.find(({ authority }: { authority: string }) => authority === 'Northgate'),
    { price: 199, basis: 'written', yearly: 398, saved: 0, named: 2 },
  );
  t.regex((await type('report', 'owners', '--csv')).out, /"payments","","1","0","1","0"/);
  t.regex(
    (await type('report', 'automation', '--csv')).out,
    /^"name","ca","ends","owner","team","hosts","fingerprint"\r\n"shop\.example\.test"/,
  );
  t.regex((await type('report', 'prevented')).out, /0: would have cost \$0, at \$47,000 each\./);
  writeFileSync(file, 'ca,price\nNorthgate,dear\n');
  const wrong = await type('report', '--prices', file);
  t.deepEqual([wrong.code, wrong.err], [1, `--prices ${file}: row 2: expected a number, found "dear"`]);
});

test('wrong usage is one line that says what is right, and exits 64', async (t) => {
  for (const [argv, says] of [
    [
      ['certificate', 'list', '--sort', 'colour'],
      /^--sort: expected a heading, or one of name, state, .*found "colour"$/,
    ],
    [['endpoint', 'list', '--columns', 'name,colour'], /^--columns: expected all, or headings, or some of name,/],
    [['host', 'list', '--reverse'], /^--reverse: say by what/],
    [['host', 'list', '--csv', '--json'], /^--csv: rows as a table/],
    [['certificate', 'show', 'x', '--pem', '--json'], /^--pem: /],
    [['events', '--kind', 'party'], /^--kind: expected one of agent-started, /],
    [['events', '--outcome', 'so-so'], /^--outcome: expected good or bad/],
    [['events', '--limit', '0'], /^--limit: /],
    [['due', '--weeks', 'many'], /^--weeks: /],
    [['due', '--day', '2026-02-31x'], /^--day: /],
    [['history', '--days', '731'], /^--days: expected a number from 1 to 730/],
    [['report', 'taxes'], /^expected one of costs, automation, prevented, owners/],
    [['report', '--csv'], /^--csv: one table/],
    [['report', '--incident', 'much'], /^--incident: /],
  ] as const) {
    const { code, out, err } = await type(...argv);
    t.deepEqual([code, out, err.split('\n').length], [64, '', 1], argv.join(' '));
    t.regex(err, says);
  }
});
