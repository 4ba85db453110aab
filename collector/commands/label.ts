import { aligned } from '@certherd/command-line/layout';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { type LabelBook, labelBook, type Labels } from '../evaluate/labels.ts';
import type { LabelRule } from '../store/facts.ts';
import type { Kept } from '../store/kept.ts';
import type { Store } from '../store/store.ts';
import { account } from './account.ts';
import { byCommand } from './by-command.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { notWritten } from './directory.ts';
import { storeOf } from './database.ts';
import { mistakeInKey, mistakeInPattern, readLabel } from '../evaluate/label-words.ts';

export interface LabelOptions extends JsonOptions {
  host?: string | undefined;
  name?: string | undefined;
}

type Place = Pick<LabelRule, 'scope' | 'pattern'>;

/** `label set KEY=VALUE…`: one rule for each; a rule of the same pattern and key gets the new value. Beside a serving collector too. */
export async function setLabels(words: readonly string[], options: LabelOptions, console: Console): Promise<number> {
  const place = placeOf(options);
  if (typeof place === 'string') return wrong(place, console);
  const labels = words.map(readLabel);
  const mistake = labels.find((label) => !label.ok);
  if (mistake && !mistake.ok) return wrong(mistake.failure, console);
  const by = { source: 'command', setBy: account(process.env) } as const;
  const drafts = labels.flatMap((label) =>
    label.ok ? [{ ...place, ...by, key: label.value[0], value: label.value[1] }] : [],
  );
  const entry = byCommand(
    console,
    'labels-set',
    placeText(place),
    Object.fromEntries(drafts.map(({ key, value }) => [key, value])),
  );
  return changing(options, console, 'set', (store) => store.setLabels(drafts, entry.at, entry));
}

/** `label remove KEY…`: the rules of that very pattern. */
export async function removeLabels(keys: readonly string[], options: LabelOptions, console: Console): Promise<number> {
  const place = placeOf(options);
  if (typeof place === 'string') return wrong(place, console);
  const mistake = keys.map(mistakeInKey).find((found) => found !== undefined);
  if (mistake !== undefined) return wrong(mistake, console);
  const entry = byCommand(console, 'labels-removed', placeText(place), { keys: keys.join(' ') });
  return changing(options, console, 'removed', (store) => store.removeLabels(place, keys, entry));
}

/** `label list`: all rules; with --host or --name what one thing is labelled, and by which rule. */
export async function listLabels(options: LabelOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const rules = await store.labels();
  await store.close();
  const asked = options.host !== undefined || options.name !== undefined;
  const items = asked ? [...subjectLabels(labelBook(rules), options).values()] : rules;
  if (options.json) console.print(jsonLine({ version: 1, items: items.map(ruleView) }));
  else if (items.length > 0) for (const line of tableOf(items)) console.print(line);
  else
    console.print(
      asked ? 'No label fits.' : 'There are no labels. Next: certherd-collector label set owner=NAME --host PATTERN',
    );
  return exitCodes.ok;
}

/** A rule as JSON. */
export function ruleView({ scope, pattern, key, value, source, setBy, setAt }: LabelRule): object {
  return { scope, pattern, key, value, source, setBy, setAt: new Date(setAt).toISOString() };
}

function placeOf({ host, name }: LabelOptions): Place | string {
  if ((host === undefined) === (name === undefined))
    return 'say what to label: --host PATTERN or --name PATTERN, where * stands for any characters';
  const pattern = (host ?? name ?? '').toLowerCase();
  const mistake = mistakeInPattern(pattern);
  if (mistake !== undefined) return `${JSON.stringify(pattern)}: ${mistake}`;
  return { scope: host === undefined ? 'name' : 'host', pattern };
}

/** "host web-*", as the history has it. */
function placeText({ scope, pattern }: Place): string {
  return `${scope} ${pattern}`;
}

/** With both, the labels of that name as served by that host. */
function subjectLabels(book: LabelBook, { host = '', name }: LabelOptions): Labels {
  return name === undefined ? book.ofHost(host) : book.ofNames([name], host);
}

async function changing(
  options: LabelOptions,
  console: Console,
  done: string,
  change: (store: Store) => Promise<Kept<number>>,
): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  try {
    const kept = await change(store);
    if (!kept.ok) throw notWritten(config, kept.failure);
    const count = kept.value;
    console.print(
      options.json
        ? jsonLine({ version: 1, changed: count })
        : count === 0
          ? 'Nothing to change.'
          : `${count} ${count === 1 ? 'label' : 'labels'} ${done}.`,
    );
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

function wrong(mistake: string, console: Console): number {
  console.complain(mistake);
  return exitCodes.usage;
}

function tableOf(rules: readonly LabelRule[]): string[] {
  const head = ['LABEL', 'GIVEN TO', 'BY', 'SET'];
  const rows = rules.map(({ scope, pattern, key, value, source, setBy, setAt }) => [
    `${key}=${printable(value)}`,
    `${scope} ${printable(pattern)}`,
    `${printable(setBy)}${source === 'enrolment' ? ', at enrolment' : ''}`,
    new Date(setAt).toISOString().slice(0, 16).replace('T', ' '),
  ]);
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  return aligned(
    [head, ...rows].map((row) => row.map((text) => ({ text }))),
    { ...(columns !== undefined && { columns }), flexible: 0, ellipsis: '…' },
  );
}
