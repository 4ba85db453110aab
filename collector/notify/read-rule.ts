import type { Maintenance, Rule, Span } from './settings.ts';
import { isTable, type Kind, type Mistaken, type Place, readTable, type Table } from './toml-table.ts';
import * as values from './values.ts';

/** May a rule name this channel? */
export type NamedChannels = (name: string) => boolean;

const severities = ['critical', 'unknown', 'warning'] as const;

const severity: Kind<Rule['match']['severities']> = {
  expected: `a list of ${severities.join(', ')}`,
  read(value) {
    if (!Array.isArray(value) || value.length === 0) return undefined;
    const found = severities.filter((one) => value.includes(one));
    return found.length === new Set(value).size ? found : undefined;
  },
};

const groupBy: Kind<readonly string[]> = {
  expected: 'a list of "cause", "code", "host", "name" and keys of labels',
  read: (value) =>
    Array.isArray(value) && value.every((one) => typeof one === 'string' && /^[a-z][a-z0-9_]{0,62}$/.test(one))
      ? value
      : undefined,
};

const ruleFields = [
  'name',
  'severity',
  'code',
  'host',
  'server_name',
  'labels',
  'left',
  'for',
  'wait',
  'more_after',
  'repeat',
  'group_by',
  'to',
  'escalate',
  'quiet',
] as const;

/** A certificate of 90 days is told again after 4.5 days, one of six days after seven hours. */
const usualRepeat: Span = { ofLife: 0.05, elseMs: 86_400_000 };

/** One [[notify.rule]]. */
export function readRule(table: Table, place: Place, named: NamedChannels, mistaken: Mistaken): Rule {
  const { take, need } = readTable(table, place, ruleFields, mistaken);
  const channels: Kind<readonly string[]> = {
    expected: 'names of channels, or "{owner}" for the channel that is called as the label says',
    read: (value) => values.texts.read(value),
  };
  const known = (list: readonly string[], field: string) => {
    for (const one of list)
      if (!named(one)) mistaken([...place, field], `there is no [[notify.channel]] called "${one}"`);
    return list;
  };
  const escalation: Kind<Rule['escalate']> = {
    expected: '[{ after = "1h", to = ["{team}"] }], each later than the one before',
    read: (value) => readEscalation(value, (list) => known(list, 'escalate')),
  };
  const repeat = take('repeat', values.spanOrNever, usualRepeat);
  return {
    name: need('name', values.name) ?? '',
    match: {
      severities: take('severity', severity, severities),
      codes: take('code', values.texts, undefined),
      hosts: take('host', values.texts, undefined),
      names: take('server_name', values.texts, undefined),
      labels: take('labels', values.labels, new Map<string, readonly string[]>()),
      left: take('left', values.span, undefined),
    },
    for: take('for', values.span, { ms: 0 }),
    waitMs: take('wait', values.duration, 30_000),
    moreAfterMs: take('more_after', values.duration, 300_000),
    repeat: repeat === 'never' ? undefined : repeat,
    groupBy: take('group_by', groupBy, ['cause', 'owner', 'team', 'environment']),
    to: known(need('to', channels) ?? [], 'to'),
    escalate: take('escalate', escalation, []),
    quiet: take('quiet', values.hours, undefined),
  };
}

function readEscalation(value: unknown, known: NamedList): Rule['escalate'] | undefined {
  if (!Array.isArray(value)) return undefined;
  const steps = value.map((one: unknown) => {
    if (!isTable(one) || Object.keys(one).some((key) => key !== 'after' && key !== 'to')) return undefined;
    const after = values.span.read(one['after']);
    const to = values.texts.read(one['to']);
    return after && to ? { after, to: known(to) } : undefined;
  });
  return steps.every((step) => step !== undefined) ? steps : undefined;
}

type NamedList = (list: readonly string[]) => readonly string[];

const windowFields = ['name', 'from', 'until', 'when', 'host', 'server_name', 'labels'] as const;

/** One [[notify.maintenance]]; undefined after a mistake. */
export function readMaintenance(table: Table, place: Place, mistaken: Mistaken): Maintenance | undefined {
  const { take, need } = readTable(table, place, windowFields, mistaken);
  const name = need('name', values.text);
  const again = take('when', values.hours, undefined);
  const from = take('from', values.instant, undefined);
  const until = take('until', values.instant, undefined);
  const once = from !== undefined && until !== undefined && from < until ? { from, until } : undefined;
  if ((again === undefined) === (once === undefined)) {
    mistaken(place, 'expected from and a later until, or when: one of both');
    return undefined;
  }
  return {
    name: name ?? '',
    when: again ?? once ?? { from: 0, until: 0 },
    hosts: take('host', values.texts, undefined),
    names: take('server_name', values.texts, undefined),
    labels: take('labels', values.labels, new Map<string, readonly string[]>()),
  };
}
