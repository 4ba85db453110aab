import type { Concern } from '../store/concern.ts';
import { globbed } from '../evaluate/labels.ts';
import type { Silence } from '../store/tell.ts';

/** What is looked at to know whether something is silent. */
export type Concerned = Pick<Concern, 'code' | 'hostName' | 'names' | 'labels'>;

/** Places, where each that is given has to fit. */
export interface PlaceMatch {
  hosts: readonly string[] | undefined;
  names: readonly string[] | undefined;
  labels: ReadonlyMap<string, readonly string[]>;
}

/** Does a silence fit what is told as this incident, if it is told at all? Whether its end has come is not asked. */
export function fitsSilence(match: Silence['match'], concern: Concerned, incident: string | undefined): boolean {
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

/** `partly`: values of labels of which one is enough; without them a label has to be that of all that is concerned. */
export function fitsPlace(
  { hosts, names, labels }: PlaceMatch,
  concern: Omit<Concerned, 'code'>,
  partly: Concern['partly'] = {},
): boolean {
  return (
    (hosts === undefined || anyFits(hosts, [concern.hostName])) &&
    (names === undefined || anyFits(names, concern.names)) &&
    [...labels].every(([key, wanted]) => anyFits(wanted, partly[key] ?? [concern.labels[key] ?? '']))
  );
}

/** Names and host names count in lower case. */
function anyFits(patterns: readonly string[], texts: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const fits = globbed(pattern.toLowerCase());
    return texts.some((text) => fits(text.toLowerCase()));
  });
}
