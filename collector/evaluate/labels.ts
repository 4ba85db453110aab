import type { LabelRule } from '../store/facts.ts';

/** By key, in the order of the keys. */
export type Labels = ReadonlyMap<string, LabelRule>;

/** Says what labels something has, and which rule gave each. */
export interface LabelBook {
  /** Of a host by itself. */
  ofHost: (hostName: string) => Labels;
  /** Of what serves these names on that host: a rule for a name counts before one for a host. */
  ofNames: (names: readonly string[], hostName: string) => Labels;
}

/**
 * Of several rules that fit and give the same label the one whose pattern says most counts, which is the one with the most
 * characters that are no "*"; an exact one before all others. Of equal ones the newest. Names and host names count in lower case.
 */
export function labelBook(rules: readonly LabelRule[]): LabelBook {
  const hosts = finder(rules.filter(({ scope }) => scope === 'host'));
  const names = finder(rules.filter(({ scope }) => scope === 'name'));
  return {
    ofHost: (hostName) => merged([hosts(hostName)]),
    ofNames: (wanted, hostName) => merged([...wanted.map((name) => names(name)), hosts(hostName)]),
  };
}

const noRules: readonly LabelRule[] = [];
const noLabels: Labels = new Map();

/** Far more names than most fleets have; hosts may tell of ever new ones. */
const mostKept = 65_536;

/** Rules that fit, the strongest first. Answers are kept: the same names come again and again. */
function finder(rules: readonly LabelRule[]): (subject: string) => readonly LabelRule[] {
  const exact = Map.groupBy(
    rules.filter(({ pattern }) => !pattern.includes('*')),
    ({ pattern }) => pattern,
  );
  const patterns = rules
    .filter(({ pattern }) => pattern.includes('*'))
    .map((rule) => ({ rule, fits: globbed(rule.pattern), weight: rule.pattern.replaceAll('*', '').length }))
    .sort((a, b) => b.weight - a.weight || b.rule.setAt - a.rule.setAt || b.rule.id - a.rule.id);
  if (rules.length === 0) return () => noRules;
  const known = new Map<string, readonly LabelRule[]>();
  return (subject) => {
    const name = subject.toLowerCase();
    const before = known.get(name);
    if (before) return before;
    const found = [...(exact.get(name) ?? []), ...patterns.filter(({ fits }) => fits(name)).map(({ rule }) => rule)];
    // those in use are soon there again
    if (known.size >= mostKept) known.clear();
    known.set(name, found);
    return found;
  };
}

/** The first rule for each key. */
function merged(lists: readonly (readonly LabelRule[])[]): Labels {
  if (lists.every((list) => list.length === 0)) return noLabels;
  const labels = new Map<string, LabelRule>();
  for (const rule of lists.flat()) if (!labels.has(rule.key)) labels.set(rule.key, rule);
  return new Map([...labels].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** "*" stands for any characters, none included. Takes each part at its first place, so it never goes back further than to there. */
export function globbed(pattern: string): (text: string) => boolean {
  const [head = '', ...parts] = pattern.split('*');
  const tail = parts.pop() ?? '';
  return (text) => {
    if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;
    const end = text.length - tail.length;
    let at = head.length;
    for (const part of parts) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
