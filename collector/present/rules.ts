import { globbed, labelBook } from '../evaluate/labels.ts';
import type { LabelView } from '../serve/api/views.ts';
import type { Estate } from '../serve/estate.ts';

type Labelled = Pick<Estate, 'hosts' | 'endpoints' | 'targets'>;

/** A rule, and what has its label from it. */
export interface RuleRow {
  readonly rule: LabelView;
  readonly hosts: number;
  /** Server names, each once for each host that serves it, and targets. */
  readonly names: number;
}

/** One label of one thing, and the rule that gave it. */
export interface GivenRow {
  readonly kind: 'host' | 'name' | 'target';
  readonly name: string;
  /** Where the name is served. */
  readonly on?: { readonly agentId: string; readonly hostName: string };
  readonly rule: LabelView;
}

/** What every rule gives, in the order of the rules; of several that fit one thing only the strongest gives. */
export function ruleRowsOf(rules: readonly LabelView[], given: readonly GivenRow[]): RuleRow[] {
  const counts = new Map(rules.map(({ id }) => [id, { hosts: 0, names: 0 }]));
  for (const { kind, rule } of given) {
    const count = counts.get(rule.id);
    if (count) count[kind === 'host' ? 'hosts' : 'names'] += 1;
  }
  return rules.map((rule) => ({ rule, ...(counts.get(rule.id) ?? { hosts: 0, names: 0 }) }));
}

/** Every label of every host, served name and target, with its rule: hosts first. */
export function givenRowsOf(rules: readonly LabelView[], { hosts, endpoints, targets }: Labelled): GivenRow[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const book = labelBook(rules.map((rule) => ({ ...rule, setAt: Date.parse(rule.setAt) })));
  const rows: GivenRow[] = [];
  const add = (labels: ReturnType<typeof book.ofHost>, thing: Omit<GivenRow, 'rule'>): void => {
    for (const { id } of labels.values()) {
      const rule = byId.get(id);
      if (rule) rows.push({ ...thing, rule });
    }
  };
  for (const { agentId, name } of hosts)
    add(book.ofHost(name), { kind: 'host', name, on: { agentId, hostName: name } });
  const seen = new Set<string>();
  for (const { agentId, hostName, serverName } of endpoints) {
    const key = `${agentId} ${serverName}`;
    if (serverName === '' || seen.has(key)) continue;
    seen.add(key);
    add(book.ofNames([serverName], hostName), { kind: 'name', name: serverName, on: { agentId, hostName } });
  }
  for (const { target } of targets) add(book.ofNames([hostOfTarget(target)], ''), { kind: 'target', name: target });
  return rows;
}

/** How many hosts, or server names and targets, a pattern fits now. */
export function fitting(scope: LabelView['scope'], pattern: string, estate: Labelled): number {
  const fits = globbed(pattern.toLowerCase());
  const names =
    scope === 'host'
      ? estate.hosts.map(({ name }) => name)
      : [
          ...estate.endpoints.map(({ serverName }) => serverName),
          ...estate.targets.map(({ target }) => hostOfTarget(target)),
        ];
  return [...new Set(names)].filter((name) => fits(name.toLowerCase())).length;
}

/** "mail.example.com" of "smtp://mail.example.com:25". */
function hostOfTarget(target: string): string {
  return target
    .replace(/^[a-z0-9]+:\/\//, '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
}
