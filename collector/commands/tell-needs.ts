import { wrapped } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import { lifeAt, sharePercent } from '../present/life.ts';
import type { Need } from '../present/needs.ts';
import { absolute, ago, timeLeft } from '../wording/duration.ts';
import { isSentence } from '../wording/remedy.ts';
import { severityTone } from '../wording/words.ts';
import type { Console } from './command.ts';
import { colours, toned } from './toned.ts';

/** What somebody said about a need, in words. */
export type AnswerWords = (need: Need) => readonly string[];

const indent = '    ';

/** Each need as one sentence, then since when, the deadline, whose it is, what was said about it, and the remedy. */
export function tellNeeds(
  needs: readonly Need[],
  { now, answers = () => [] }: { now: number; answers?: AnswerWords },
  console: Console,
): void {
  const room = Math.max(40, (process.stdout.isTTY ? process.stdout.columns : 120) - indent.length);
  const tell = (text: string, paint = (line: string) => line) => {
    for (const line of wrapped(printable(text), room)) console.print(indent + paint(line));
  };
  needs.forEach((need, index) => {
    const { severity, hostName, name, code, cause, since, deadline, remedy, stale, labels } = need;
    if (index > 0) console.print('');
    const where = name === undefined ? hostName : `${name} on ${hostName}`;
    const more = [code, stale ? 'as it was at the last look' : undefined].filter((one) => one !== undefined).join(', ');
    console.print(
      `${toned(severityTone[severity], severity)}  ${colours().bold(printable(where))}${more === '' ? '' : colours().dim(`  ${printable(more)}`)}`,
    );
    tell(cause);
    tell(`since ${absolute(since)}, ${ago(now - Date.parse(since))}`, colours().dim);
    if (deadline) {
      const { leftMs, shareLeft } = lifeAt(deadline, now);
      tell(
        `the served certificate: ${timeLeft(leftMs)}, ${sharePercent(shareLeft)} of its life, until ${absolute(deadline.notAfter)}`,
        colours().dim,
      );
    }
    const whose = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    if (whose.length > 0) tell(whose.join(', '), colours().dim);
    for (const words of answers(need)) tell(words);
    if (remedy === '') return;
    if (isSentence(remedy)) tell(remedy);
    else {
      console.print(`${indent}${colours().dim(`on ${printable(hostName)}:`)}`);
      // Whole, whatever the width: it is to be copied.
      for (const line of remedy.split('\n')) console.print(`${indent}  ${printable(line)}`);
    }
  });
}
