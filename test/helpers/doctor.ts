import type { Diagnosis } from '@certherd/command-line/diagnosis';
import type { Ran } from './testbed/children.ts';

/** What one `doctor --json` told. */
export interface Consultation {
  exit: number | null;
  checks: (Diagnosis & { area: string })[];
  /** The one diagnosis of this check. */
  of: (check: string) => Diagnosis;
  /** The one that is wrong, with what mends it. */
  wrong: (check: string) => Extract<Diagnosis, { verdict: 'wrong' }>;
}

/** Reads what `doctor --json` printed. */
export function consultation({ exit, stdout, stderr }: Pick<Ran, 'exit' | 'stdout' | 'stderr'>): Consultation {
  if (!stdout.startsWith('{')) throw new Error(`doctor ended with ${exit}: ${stderr}${stdout}`);
  const { checks }: { checks: Consultation['checks'] } = JSON.parse(stdout);
  const of = (check: string) => {
    const [one, ...others] = checks.filter((each) => each.check === check);
    if (!one || others.length > 0) throw new Error(`${check} is not told once: ${JSON.stringify(checks, null, 1)}`);
    return one;
  };
  return {
    exit,
    checks,
    of,
    wrong: (check) => {
      const one = of(check);
      if (one.verdict !== 'wrong') throw new Error(`${check} is ${one.verdict}: ${one.says}`);
      return one;
    },
  };
}
