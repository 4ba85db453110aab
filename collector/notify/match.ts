import type { Concern } from '../store/concern.ts';
import { lifeMs } from '../evaluate/concerns.ts';
import { globbed } from '../evaluate/labels.ts';
import type { Silence } from '../store/tell.ts';
import { isWithin } from './hours.ts';
import { type Maintenance, type Rule, spanMs } from './settings.ts';

/** Does this rule tell it? */
export function fitsRule({ match }: Rule, concern: Concern, now: number): boolean {
  const { severities, codes, left } = match;
  return (
    severities.includes(concern.severity) &&
    (codes === undefined || codes.includes(concern.code)) &&
    fitsPlace(match, concern) &&
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

function fitsSilence(match: Silence['match'], concern: Concern, incident: string | undefined): boolean {
  if (match.incident !== undefined && match.incident !== incident) return false;
  if (match.code !== undefined && match.code !== concern.code) return false;
  const labels = new Map(Object.entries(match.labels ?? {}).map(([key, value]) => [key, [value]]));
  return fitsPlace(
    {
      hosts: match.host === undefined ? undefined : [match.host],
      names: match.name === undefined ? undefined : [match.name],
      labels,
    },
    concern,
  );
}

function fitsPlace(
  { hosts, names, labels }: Pick<Maintenance, 'hosts' | 'names' | 'labels'>,
  concern: Concern,
): boolean {
  return (
    (hosts === undefined || anyFits(hosts, [concern.hostName])) &&
    (names === undefined || anyFits(names, concern.names)) &&
    [...labels].every(([key, wanted]) => anyFits(wanted, [concern.labels[key] ?? '']))
  );
}

/** Names and host names count in lower case. */
function anyFits(patterns: readonly string[], texts: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const fits = globbed(pattern.toLowerCase());
    return texts.some((text) => fits(text.toLowerCase()));
  });
}
