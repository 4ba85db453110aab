import { stripVTControlCharacters } from 'node:util';

export interface Tally {
  passed: number;
  failed: number;
}

/**
 * Counts what ava ran by what it shows: its default reporter writes a line with a tick per test that passed, and sums
 * up what failed at the end ("1 test failed", "1 uncaught exception", "1 test remained pending after a timeout"). It
 * sums up passes only when all passed.
 */
export function tallyOf(output: string): Tally {
  const text = stripVTControlCharacters(output);
  const tally = { passed: [...text.matchAll(/^ {2}[✔√] (?!\[expected fail\])/gm)].length, failed: 0 };
  for (const [, count, what = ''] of text.matchAll(/^ {2}(\d+) (.+)$/gm))
    if (/failed|exception|rejection|remained pending/.test(what)) tally.failed += Number(count);
  return tally;
}
