import { widthOf, wrapped } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import type { Console } from './command.ts';
import { colours } from './toned.ts';

/** "Issuer   O=Example": what is told of one thing, the names of the facts in one column; undefined ones are left out. */
export function printFacts(facts: readonly (readonly [string, string | undefined])[], console: Console): void {
  const widest = facts.reduce((most, [name]) => Math.max(most, widthOf(name)), 0);
  const room = Math.max(40, (process.stdout.isTTY ? process.stdout.columns : Infinity) - widest - 4);
  for (const [name, text] of facts) {
    if (text === undefined) continue;
    const lines = wrapped(printable(text), room);
    lines.forEach((line, index) => console.print(`  ${(index === 0 ? name : '').padEnd(widest)}  ${line}`.trimEnd()));
  }
}

/** A heading, an empty line before it. */
export function printHeading(words: string, console: Console): void {
  console.print(`\n${colours().bold(printable(words))}`);
}

/** At most so many lines, and how many more there are. */
export function printSome(lines: readonly string[], most: number, console: Console): void {
  for (const line of lines.slice(0, most)) console.print(`  ${line}`);
  if (lines.length > most) console.print(`  and ${lines.length - most} more: --json has all`);
}
