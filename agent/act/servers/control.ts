import type { Result } from '@certherd/protocol/failure';
import type { OutcomeReason } from '../../decide/action.ts';
import { redacted } from '../../formats/redact.ts';
import type { ProgramEnd } from '../../ports.ts';
import type { ActPorts, Ended } from '../act.ts';

/** What one server program can be told: each undefined where it went well, else why not. */
export interface ServerControl {
  /** Its own words for the test and the reload, as the steps of an action are called. */
  names: { test: string; reload: string };
  /** Has it judge the config and files as they are now. */
  test: () => Promise<Ended | undefined>;
  /** Has it load them. It must run: nothing is ever started that was not. */
  reload: () => Promise<Ended | undefined>;
  /** The same after a reload that it may not have survived. */
  revive: () => Promise<Ended | undefined>;
}

const programMs = 30_000;

/** Runs one of its commands; `saying` finds the reason in what it printed, `remedy` ends the sentence where it is not installed. */
export async function runCommand(
  { programs }: Pick<ActPorts, 'programs'>,
  argv: string[],
  told: {
    reason: Extract<OutcomeReason, 'config-test-failed' | 'reload-failed'>;
    saying: (output: string) => string;
    remedy: string;
    environment?: Record<string, string>;
  },
): Promise<Ended | undefined> {
  const end: Result<ProgramEnd> = await programs(argv, {
    environment: told.environment ?? {},
    deadlineMs: programMs,
  });
  if (!end.ok) return { reason: 'program-absent', detail: `${end.failure.detail}: ${told.remedy}` };
  const { exitCode, timedOut, output } = end.value;
  if (exitCode === 0) return undefined;
  const said = told.saying(redacted(output)).slice(0, 1000);
  return {
    reason: told.reason,
    detail: timedOut
      ? `${argv[0]} did not end within ${programMs / 1000} s`
      : said || `${argv[0]} printed nothing and ended with ${exitCode ?? 'a signal'}`,
  };
}

/** How the step of a command ended. */
export function judged(ended: Ended | undefined): { ok: boolean; detail?: string } {
  return ended ? { ok: false, detail: ended.detail } : { ok: true };
}

/** The lines that say something, without the prefix that a program puts before each. */
export function telling(output: string, wanted: RegExp, prefix: RegExp): string {
  const lines = output
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const found = lines.filter((line) => wanted.test(line));
  const chosen = found.length > 0 ? found.slice(0, 3) : lines.slice(-1);
  return chosen.map((line) => line.replace(prefix, '')).join('; ');
}
