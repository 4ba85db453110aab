import type { EndpointView } from '../serve/estate.ts';

export const stages = ['issued', 'configured', 'served'] as const;
export type Stage = (typeof stages)[number];

/** One of the three fingerprints; equal fingerprints share a group, counted from 0 in the order of appearance. */
export interface Link {
  readonly stage: Stage;
  readonly fingerprint?: string;
  readonly group?: number;
}

/** How two neighbours in the chain of three stand to each other. */
export type Joint = 'equal' | 'different' | 'unknown';

/** The chain of three: what was issued, what is configured, what is served. */
export interface Agreement {
  readonly links: readonly Link[];
  readonly joints: readonly Joint[];
  /** The same in words, for whoever cannot see it. */
  readonly words: string;
}

export function agreementOf(endpoint: Pick<EndpointView, Stage>): Agreement {
  const distinct = [...new Set(stages.map((stage) => endpoint[stage]).filter((value) => value !== undefined))];
  const links = stages.map((stage): Link => {
    const fingerprint = endpoint[stage];
    return fingerprint === undefined ? { stage } : { stage, fingerprint, group: distinct.indexOf(fingerprint) };
  });
  const joints = links.slice(1).map((link, index) => joint(links[index], link));
  return { links, joints, words: inWords(links, distinct.length) };
}

function joint(left: Link | undefined, right: Link): Joint {
  if (left?.group === undefined || right.group === undefined) return 'unknown';
  return left.group === right.group ? 'equal' : 'different';
}

function inWords(links: readonly Link[], groups: number): string {
  const missing = links.filter(({ group }) => group === undefined).map(({ stage }) => stage);
  const members = Array.from({ length: groups }, (_, group) =>
    links.filter((link) => link.group === group).map(({ stage }) => stage),
  );
  const known = knownWords(members);
  const unknown = missing.length > 0 ? `${listed(missing)} not known` : '';
  return [known, unknown].filter((part) => part !== '').join('; ');
}

function knownWords(members: readonly Stage[][]): string {
  const [first = [], second = []] = members;
  if (members.length === 0) return '';
  if (members.length === 1) return first.length > 1 ? `${listed(first)} agree` : `only ${listed(first)} known`;
  if (members.length === 2) return `${listed(first)} ${first.length > 1 ? 'differ' : 'differs'} from ${listed(second)}`;
  return `${listed(members.flat())} all differ`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
