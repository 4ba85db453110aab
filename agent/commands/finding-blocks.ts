import type { Finding } from '@certherd/protocol/finding';
import { delayOf, mayBe } from '../decide/delays.ts';
import { severityMark } from './endpoint-table.ts';
import { widthOf, wrapped } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import { span } from '@certherd/command-line/span';
import type { Terminal } from '@certherd/command-line/terminal';

/** Of findings with one code so many are told in full, those with a remedy of their own first; of notices one. */
const toldInFull = 3;
/** Of the others so many are named. */
const subjectsNamed = 12;

interface Telling {
  /** Milliseconds since 1970. */
  now: number;
  findingDelayMs: number;
  /** Every finding in a block of its own. */
  wide: boolean;
}

/** Findings for people, in their order: what, about what, since when, why, and the command that mends it. */
export function findingBlocks(findings: readonly Finding[], telling: Telling, to: Terminal): string[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.code}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((group) => {
    const most = group[0]?.severity === 'notice' ? 1 : toldInFull;
    const told = telling.wide || group.length <= most ? group : withOwnRemedy(group).slice(0, most);
    const others = group.filter((finding) => !told.includes(finding));
    return told.map((finding, index) => block(finding, index === told.length - 1 ? others : [], telling, to));
  });
}

/** The first finding of each remedy. */
function withOwnRemedy(group: readonly Finding[]): Finding[] {
  const remedies = new Set<string>();
  return group.filter(({ remedy }) => !remedies.has(remedy) && remedies.add(remedy));
}

/** One finding, and behind it those that are like it. */
function block(finding: Finding, others: readonly Finding[], { now, findingDelayMs }: Telling, to: Terminal): string {
  const { code, severity, subject, since, cause, remedy } = finding;
  const { bold, dim, cyan } = to.colours;
  const columns = Math.max(40, (to.columns ?? 120) - 4);
  const age = now - Date.parse(since);
  const young = age < delayOf(code, { findingDelayMs });
  const lasting = young ? `seen just now: may be ${mayBe(code)}` : age >= 1000 ? `for ${span(age)}` : '';
  const mark = severityMark(severity, to);
  const named = others.slice(0, subjectsNamed).map((other) => printable(other.subject.id));
  const rest = others.length > subjectsNamed ? [`and ${others.length - subjectsNamed} more`] : [];
  const same = others.every((other) => other.remedy === remedy) ? 'The same command mends' : 'Besides';
  const like = `${same} ${others.length} more ${code}: ${[...named, ...rest].join(', ')}; --wide tells each`;
  const title = `${mark.text} ${severity.toUpperCase()} ${printable(code)}`;
  const about = printable(subject.id);
  const fits = widthOf(`${title}  ${about}  ${lasting}`) <= columns + 4;
  return [
    `${mark.paint(title)}  ${bold(about)}${lasting && fits ? `  ${dim(lasting)}` : ''}`,
    ...(lasting && !fits ? [`    ${dim(lasting)}`] : []),
    ...wrapped(printable(cause), columns).map((line) => `    ${line}`),
    `  ${cyan(to.glyphs.arrow)} ${printable(remedy)}`,
    ...(others.length > 0 ? wrapped(like, columns).map((line) => `    ${dim(line)}`) : []),
  ].join('\n');
}
