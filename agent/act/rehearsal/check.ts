import type { Lineage } from '@certherd/protocol/snapshot';
import type { Config } from '../../config.ts';
import type { OutcomeReason } from '../../decide/action.ts';
import type { RenewalConfig } from '../../formats/certbot-renewal.ts';
import type { Observations } from '../../observe/observations.ts';
import type { Names, PlaceToken, WebGet } from '../../ports.ts';
import type { ActPorts } from '../act.ts';

/** What a rehearsal asks of the machine beside what every action does. */
export interface RehearsalPorts {
  names: Names;
  webGet: WebGet;
  placeToken: PlaceToken;
  /** The host's own addresses, without loopback. */
  addresses(): readonly string[];
}

/** The renewal that is rehearsed. */
export interface Rehearsed {
  lineage: Lineage;
  /** Of renewal/NAME.conf. */
  settings: RenewalConfig;
  /** Of the live certificate: what certbot would ask for again. */
  names: readonly string[];
  seen: Observations;
  config: Config;
  ports: ActPorts;
}

/** `untold`: the check could not be made, which says nothing against the host; `reason` says why a renewal would fail. */
export type Verdict =
  | { state: 'passed'; detail?: string }
  | { state: 'failed' | 'untold'; reason: OutcomeReason; detail: string };

export type Check = (rehearsed: Rehearsed) => Promise<Verdict> | Verdict;

export function passed(detail?: string): Verdict {
  return { state: 'passed', ...(detail && { detail }) };
}

export function wouldFail(reason: OutcomeReason, detail: string): Verdict {
  return { state: 'failed', reason, detail };
}

export function untold(reason: OutcomeReason, detail: string): Verdict {
  return { state: 'untold', reason, detail };
}

/** One verdict of many: what fails comes first, then what could not be told; notes of those that passed are kept, each once. */
export function together(verdicts: readonly Verdict[]): Verdict {
  const words = (state: Verdict['state']) => [
    ...new Set(verdicts.flatMap((one) => (one.state === state && one.detail ? [one.detail] : []))),
  ];
  for (const state of ['failed', 'untold'] as const) {
    const found = verdicts.find((one) => one.state === state);
    if (found && found.state !== 'passed') return { ...found, detail: listed(words(state)) };
  }
  return passed(listed(words('passed')));
}

/** A certificate of a hundred names mostly fails for one reason. */
function listed(texts: string[]): string {
  const shown = texts.slice(0, 3).join('; ');
  return texts.length > 3 ? `${shown}; and ${texts.length - 3} more` : shown;
}

/** Does certbot answer this lineage's challenges over port 80 of its names (http-01, RFC 8555 8.3)? */
export function answersOverHttp({ settings }: Rehearsed): boolean {
  return ['webroot', 'nginx', 'apache', 'standalone'].includes(settings.authenticator ?? '');
}
