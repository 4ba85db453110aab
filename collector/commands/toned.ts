import pc from 'picocolors';
import type { Tone } from '../wording/words.ts';

/** A word in its colour, where the terminal has colours. */
export function toned(tone: Tone, word: string): string {
  return colours[tone](word);
}

const colours: Readonly<Record<Tone, (text: string) => string>> = {
  good: pc.green,
  warning: pc.yellow,
  critical: pc.red,
  unknown: pc.dim,
  notice: pc.cyan,
};
