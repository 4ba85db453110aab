/** What one look at an installation came to. Texts are raw: whatever strangers wrote is escaped where it is shown. */
export type Diagnosis = Fine | Wrong | NotTold;

interface Told {
  /** For scripts, and never renamed: "state-owner". */
  check: string;
  /** What was found, in one line of plain words. */
  says: string;
}

interface Fine extends Told {
  verdict: 'ok';
}

interface Wrong extends Told {
  verdict: 'wrong';
  /** What that leads to. */
  why: string;
  /** The exact command or setting that mends it; a sentence where there is neither. */
  fix: string;
}

interface NotTold extends Told {
  verdict: 'not-told';
  /** Why it could not be told, where `says` does not. */
  why?: string;
  /** How it can be told. */
  fix?: string;
}

export function ok(check: string, says: string): Diagnosis {
  return { check, verdict: 'ok', says };
}

export function wrong(check: string, says: string, why: string, fix: string): Diagnosis {
  return { check, verdict: 'wrong', says, why, fix };
}

export function notTold(check: string, says: string, more: { why?: string; fix?: string } = {}): Diagnosis {
  return { check, verdict: 'not-told', says, ...more };
}

/** The diagnoses of one part of an installation. */
export interface Diagnosed {
  area: string;
  diagnoses: Diagnosis[];
}

/** Exit codes of `doctor`: what is wrong comes before what could not be told. */
export const doctorCodes = { fine: 0, wrong: 1, unknown: 3 } as const;

export function doctorCode(diagnosed: readonly Diagnosed[]): number {
  const verdicts = new Set(diagnosed.flatMap(({ diagnoses }) => diagnoses.map(({ verdict }) => verdict)));
  if (verdicts.has('wrong')) return doctorCodes.wrong;
  return verdicts.has('not-told') ? doctorCodes.unknown : doctorCodes.fine;
}
