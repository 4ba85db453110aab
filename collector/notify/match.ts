import type { Concern } from '../store/concern.ts';
import { lifeMs } from '../evaluate/concerns.ts';
import type { Silence } from '../store/tell.ts';
import { fitsPlace, fitsSilence } from './fits-silence.ts';
import { isWithin } from './hours.ts';
import { type Maintenance, type Rule, spanMs } from './settings.ts';

/** Does this rule tell it? */
export function fitsRule({ match }: Rule, concern: Concern, now: number): boolean {
  const { severities, codes, left } = match;
  return (
    severities.includes(concern.severity) &&
    (codes === undefined || codes.includes(concern.code)) &&
    fitsPlace(match, concern, concern.partly) &&
    (left === undefined ||
      (concern.life !== undefined && Date.parse(concern.life.notAfter) - now <= spanMs(left, lifeMs(concern.life))))
  );
}

/** Is it silenced, or in a maintenance window? */
export function isMuted(
  concern: Concern,
  incident: string | undefined,
  { silences, maintenance, now }: { silences: readonly Silence[]; maintenance: readonly Maintenance[]; now: number },
): boolean {
  return (
    silences.some((silence) => silence.until > now && fitsSilence(silence.match, concern, incident)) ||
    maintenance.some((window) => isNow(window, now) && fitsPlace(window, concern))
  );
}

function isNow({ when }: Maintenance, now: number): boolean {
  return 'clock' in when ? isWithin(when, now) : now >= when.from && now < when.until;
}
