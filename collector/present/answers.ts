import { fitsSilence } from '../notify/fits-silence.ts';
import type { IncidentView, SilenceView } from '../serve/api/inventory-views.ts';
import type { SilenceBody } from '../serve/inventory-bodies.ts';
import type { Need } from './needs.ts';

/** What a silence may be of: its words, and what has to fit. */
export interface Silenceable {
  readonly words: string;
  readonly match: SilenceBody['match'];
}

interface Answered {
  /** As which people were told of it; undefined: nobody was. */
  readonly incident: IncidentView | undefined;
  /** That it is in. */
  readonly silences: readonly SilenceView[];
}

/** What people said about what needs one. `now`: milliseconds since 1970. */
export function answersTo(
  { agentId, hostName, told, names, labels }: Pick<Need, 'agentId' | 'hostName' | 'told' | 'names' | 'labels'>,
  { incidents, silences }: { incidents: readonly IncidentView[]; silences: readonly SilenceView[] },
  now: number,
): Answered {
  // What is seen from outside is told of no host.
  const isIt = (one: IncidentView['concerns'][number]) =>
    one.code === told.code &&
    one.kind === told.kind &&
    one.subject === told.subject &&
    (one.agentId === '' || one.agentId === agentId);
  const incident = incidents.find(({ concerns }) => concerns.some(isIt));
  const concern = { code: told.code, hostName, names, labels };
  return {
    incident,
    silences: silences.filter(
      ({ match, until }) => Date.parse(until) > now && fitsSilence(match, concern, incident?.id),
    ),
  };
}

/** What can be silenced about it, from the least to the most. A host's name is a pattern there: "*" in it stands for any characters. */
export function silenceables(
  need: Pick<Need, 'hostName' | 'told' | 'names'>,
  incident: IncidentView | undefined,
): Silenceable[] {
  const { hostName, told, names } = need;
  const [name] = names;
  return [
    ...(incident ? [{ words: incidentWords(incident), match: { incident: incident.id } }] : []),
    ...(names.length === 1 && name !== undefined && name !== ''
      ? [{ words: `${told.code} of ${name} on ${hostName}`, match: { code: told.code, host: hostName, name } }]
      : []),
    { words: `${told.code} on ${hostName}`, match: { code: told.code, host: hostName } },
    { words: `everything on ${hostName}`, match: { host: hostName } },
  ];
}

function incidentWords({ concerns }: IncidentView): string {
  return concerns.length === 1 ? 'this finding' : `this cause, at all ${concerns.length} places`;
}
