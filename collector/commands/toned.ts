import { terminalOf } from '@certherd/command-line/terminal';
import type { Tone } from '../wording/words.ts';

/** A word in its colour, where the terminal has colours. */
export function toned(tone: Tone, word: string): string {
  return colours()[shades[tone]](word);
}

/** Those of this process's output: none in a pipe, whatever else the environment says. */
export function colours(): ReturnType<typeof terminalOf>['colours'] {
  return terminalOf(process.stdout, process.env).colours;
}

const shades = {
  good: 'green',
  warning: 'yellow',
  critical: 'red',
  unknown: 'dim',
  notice: 'cyan',
} as const satisfies Record<Tone, string>;
