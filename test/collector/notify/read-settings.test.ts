import test from 'ava';
import { parseConfig } from '../../../collector/config.ts';

const surroundings = { env: {}, home: '/root', isRoot: true };
const read = (text: string) => parseConfig(text, 'c.toml', undefined, surroundings);
const mistakes = (text: string) => {
  const parsed = read(text);
  return parsed.ok ? [] : parsed.failure;
};

test('a channel alone is told everything, and every default is scaled to the certificate', (t) => {
  const parsed = read('[[notify.channel]]\nname = "ops"\nkind = "slack"\nurl_file = "/etc/certherd/slack.url"\n');
  if (!parsed.ok) return t.fail(parsed.failure.join('\n'));
  const [rule] = parsed.value.notify.rules;
  t.like(rule, { name: 'everything', to: ['ops'], repeat: { ofLife: 0.05 }, waitMs: 30_000 });
  t.deepEqual(rule?.match.severities, ['critical', 'unknown', 'warning']);
  t.is(parsed.value.notify.channels.get('ops')?.kind, 'slack');
});

test('each mistake is told with its line, its field, and what was expected', (t) => {
  const text = `log_level = "info"
[notify]
pag = "https://x"
page = "https://user:secret@certherd.example"

[[notify.channel]]
name = "a"
kind = "slack"

[[notify.channel]]
name = "b"
kind = "email"
server = "mail"
from = "certherd@example.org"
to = ["not an address"]
port = 70000

[[notify.rule]]
name = "first"
to = ["nobody"]

[[notify.rule]]
name = "second"
to = ["{owner}"]
for = "5 minutes"
quiet = { hours = "22:00-07:00", zone = "Mars/Olympus" }
labels = { Owner = "x" }

[[notify.maintenance]]
name = "never"
from = 2026-12-02T00:00:00Z
until = 2026-12-01T00:00:00Z
`;
  const found = mistakes(text);
  const at = (line: number) => found.filter((one) => one.startsWith(`c.toml:${line}: `)).join('\n');
  t.regex(at(3), /notify\.pag: unknown field; did you mean page\?/);
  t.regex(at(4), /notify\.page: expected a URL, .* without a password in it/);
  t.regex(at(6), /url_file is needed: an absolute path/);
  t.regex(at(15), /notify\.channel\.to: expected mail addresses/);
  t.regex(at(16), /notify\.channel\.port: expected a port/);
  t.regex(at(20), /notify\.rule\.to: there is no \[\[notify\.channel\]\] called "nobody"/);
  t.regex(at(25), /notify\.rule\.for: expected a part of the certificate's life, as "5%", or a time/);
  t.regex(at(26), /notify\.rule\.quiet: expected/);
  t.regex(at(27), /notify\.rule\.labels: expected/);
  t.regex(at(29), /expected from and a later until, or when/);
  t.is(found.length, 10, found.join('\n'));
  t.false(found.join('').includes('secret'), 'a password is not repeated');
});

test('nothing is done again more often than each minute, or less often than a timer can wait', (t) => {
  const of = (what: string) =>
    mistakes(`[[notify.channel]]\nname = "a"\nkind = "webhook"\nurl = "https://a.example/"\n${what}`);
  const repeat = (value: string) => of(`[[notify.rule]]\nname = "r"\nto = ["a"]\nrepeat = "${value}"`);
  const every = (value: string) => of(`[notify]\ndead_mans_switch_every = "${value}"`);
  const quiet = (value: string) => of(`[[notify.rule]]\nname = "r"\nto = ["a"]\nquiet = { hours = "${value}" }`);
  for (const good of ['1m', '24d']) t.deepEqual([...repeat(good), ...every(good)], [], good);
  for (const bad of ['0s', '59s', '25d']) {
    t.regex(repeat(bad).join('\n'), /notify\.rule\.repeat: expected .* from "1m" to "24d"/);
    t.regex(every(bad).join('\n'), /dead_mans_switch_every: expected a time from "1m" to "24d"/);
  }
  t.is(repeat('0%').length, 1);
  t.deepEqual(repeat('5%'), []);
  t.deepEqual(quiet('00:00-24:00'), []);
  t.is(quiet('07:00-07:00').length, 1, 'is it nothing, or a day?');
});

test('two channels or two rules of one name, rules without a channel, and kinds that there are not are mistakes', (t) => {
  const channel = '[[notify.channel]]\nname = "a"\nkind = "webhook"\nurl = "https://a.example/"\n';
  const rule = '[[notify.rule]]\nname = "r"\nto = ["a"]\n';
  t.deepEqual(mistakes(channel + rule), []);
  t.regex(mistakes(channel + channel).join('\n'), /^c\.toml:6: .*two channels called "a"/);
  t.regex(mistakes(channel + rule + rule).join('\n'), /two rules of this name/);
  t.regex(
    mistakes('[[notify.rule]]\nname = "r"\nto = ["{owner}"]\n').join('\n'),
    /there is no \[\[notify\.channel\]\] to tell/,
  );
  t.regex(
    mistakes('[[notify.channel]]\nname = "a"\nkind = "fax"\n').join('\n'),
    /^c\.toml:3: .*expected one of slack, teams/,
  );
  t.regex(mistakes('notify = 3\n').join('\n'), /^c\.toml:1: notify: expected a table/);
});
