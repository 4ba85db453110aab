import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadConfig } from '../../agent/config.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { parseConfig } from '../../collector/config.ts';
import { testDirectory } from '../helpers/directory.ts';

/** Far from every field's name, so that the mistake lists all that could have been meant. */
const unmeant = 'zzzzzzzzzzzzzzzzzzzz';

test('every field of agent.toml is in docs/settings.md, and every field there exists', (t) => {
  const known = fieldsOf(agentMistake(t, `${unmeant} = 1\n`)).flatMap((name) => {
    const headers = [`[${name}]`, `[[${name}]]`, `[${name}."NAME"]`];
    const [header, inner = []] =
      headers
        .map((each) => [each, fieldsOf(agentMistake(t, `${each}\n${unmeant} = 1\n`))] as const)
        .find(([, fields]) => fields.length > 0) ?? [];
    return inner.length > 0 ? inner.map((field) => `${header} ${field}`) : [name];
  });
  t.true(
    known.includes('mode') && known.includes('[nginx] config'),
    `the schema tells its fields: ${known.join(', ')}`,
  );
  t.deepEqual(documented('Agent').sort(), known.sort());
});

test('every field of collector.toml is in docs/settings.md, and every field there exists', (t) => {
  const known = fieldsOf(collectorMistake(`${unmeant} = 1\n`)).flatMap((name) => {
    const own = fieldsOf(collectorMistake(`[${name}]\n${unmeant} = 1\n`));
    if (own.length === 0) return [name];
    return own.flatMap((field) => {
      const inner = fieldsOf(collectorMistake(`[[${name}.${field}]]\n${unmeant} = 1\n`));
      return inner.length > 0 ? inner.map((one) => `[[${name}.${field}]] ${one}`) : [`[${name}] ${field}`];
    });
  });
  t.true(known.includes('[[notify.rule]] to'), known.join(', '));
  t.true(known.includes('web_listen'), `the readers tell their fields: ${known.join(', ')}`);
  t.deepEqual(documented('Collector').sort(), known.sort());
});

test('the settings that are shipped are all settings there are, each with the default of docs/settings.md', (t) => {
  const shipped = fs.readFileSync(path.resolve(import.meta.dirname, '../../deploy/config/agent.toml'), 'utf8');
  const lines = shipped.split('\n').map((line) => line.replace(/^#(?=[a-z[])/, ''));
  const whole = lines.join('\n');
  t.is(agentMistake(t, whole), '', 'with no comment signs it is right as a whole');
  let header = '';
  const values = lines.flatMap((line): [string, string][] => {
    if (line.startsWith('[')) header = `${line.replace(/"[^"]+"/, '"NAME"')} `;
    const [, field, value] = /^([a-z_]+) = (.+)$/.exec(line) ?? [];
    return field === undefined || value === undefined ? [] : [[`${header}${field}`, value]];
  });
  t.deepEqual(values.map(([field]) => field).sort(), documented('Agent').sort());
  for (const [field, value] of values) {
    const said = documentedDefault(field);
    if (said !== undefined) t.is(value, said, field);
  }
  t.deepEqual(
    shipped.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    ['mode = "observe"'],
  );
  t.true(shipped.split('\n').every((line) => line.length <= 140));
});

test('no setting is described twice', (t) => {
  for (const part of ['Agent', 'Collector'] as const) t.is(new Set(documented(part)).size, documented(part).length);
});

/** What the first cells of a section's table name in code: `field`, or `[table] field`. */
function documented(part: 'Agent' | 'Collector'): string[] {
  const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/settings.md'), 'utf8');
  const section = page.split(/^## /m).find((one) => one.startsWith(`${part}:`)) ?? '';
  const cells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, field]) => field ?? ''));
}

/** The default in the second cell, where that is a value alone, in TOML. */
function documentedDefault(field: string): string | undefined {
  const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/settings.md'), 'utf8');
  const cells = page
    .split('\n')
    .map((line) => line.split(' | '))
    .find(([first]) => first === `| \`${field}\``);
  const said = cells?.[1]?.replace(/^`(.*)`$/, '$1');
  if (said === undefined) return undefined;
  if (/^\/\S+$/.test(said)) return `"${said}"`;
  return /^(?:\d+|true|false|"[^"]*"|\[\])$/.test(said) ? said : undefined;
}

/** "expected one of a, b, found …" and "known are a, b": the names; none where the mistake is another one. */
function fieldsOf(mistake: string): string[] {
  return (
    /(?:expected one of|known are) ([a-z_, ]+?)(?:, found a field with no meaning here)?$/
      .exec(mistake)?.[1]
      ?.split(', ') ?? []
  );
}

function agentMistake(t: ExecutionContext, text: string): string {
  const file = path.join(testDirectory(t), 'agent.toml');
  fs.writeFileSync(file, text);
  const loaded = loadConfig(systemFiles(), file, { hostName: 'web-1', isRoot: true, stateHome: '/home/x' });
  return loaded.ok ? '' : (loaded.failure[0] ?? '');
}

function collectorMistake(text: string): string {
  const parsed = parseConfig(text, 'collector.toml', undefined, { env: {}, home: '/home/x', isRoot: false });
  return parsed.ok ? '' : (parsed.failure.find((one) => one.includes('known are')) ?? parsed.failure[0] ?? '');
}
