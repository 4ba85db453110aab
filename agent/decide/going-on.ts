import type { Finding } from '@certherd/protocol/finding';

/** The start of a process is known to some 20 ms, to more on a busy host, and comes out a little earlier at one look than at another. */
export const startsDifferMs = 1000;

/**
 * A finding as it goes on, where it is one of `before`: with the instant at which it began, and in the words of before where these differ by the
 * start of a process that was reckoned anew and by nothing else. So a host at rest tells the same at every look.
 */
export function goingOn(finding: Finding, before: readonly Finding[]): Finding {
  const { code, subject } = finding;
  const same = before.find(
    (old) => old.code === code && old.subject.kind === subject.kind && old.subject.id === subject.id,
  );
  if (!same) return finding;
  const since = isLater(same.since, finding.since, startsDifferMs) ? finding.since : same.since;
  if (!isReckonedAnew(wordsOf(same), wordsOf(finding))) return { ...finding, since };
  const { cause, evidence, remedy } = same;
  return { ...finding, since, cause, evidence, remedy };
}

const instants = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

function wordsOf({ cause, evidence, remedy }: Finding): string {
  return JSON.stringify([cause, evidence, remedy]);
}

function isReckonedAnew(then: string, now: string): boolean {
  if (then.replace(instants, '') !== now.replace(instants, '')) return false;
  const others = now.match(instants) ?? [];
  return (then.match(instants) ?? []).every((instant, at) => {
    const other = others[at] ?? instant;
    return !isLater(instant, other, startsDifferMs) && !isLater(other, instant, startsDifferMs);
  });
}

function isLater(one: string, other: string, byMs: number): boolean {
  return Date.parse(one) - Date.parse(other) >= byMs;
}
