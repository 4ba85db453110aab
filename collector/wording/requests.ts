import type { RequestedVerb } from '@certherd/protocol/frame';
import type { RequestView } from '../serve/request-view.ts';
import type { Tone } from './words.ts';

/** What a button says. */
export const verbWords: Readonly<Record<RequestedVerb, string>> = {
  rescan: 'Look again',
  verify: 'Verify',
  reload: 'Reload',
  renew: 'Renew',
  restore: 'Restore',
  rehearse: 'Rehearse',
};

/** What changes a host is asked twice. */
export const changes: readonly RequestedVerb[] = ['reload', 'renew', 'restore'];

/** Where a request stands, as a sentence; its own words are the host's, raw. */
export function requestWords({ state, hostName, summary, refused }: RequestView): { tone: Tone; words: string } {
  const told = [refused, summary].filter((part) => part !== undefined && part !== '').join(': ');
  const more = told === '' ? '' : `: ${told}`;
  switch (state) {
    case 'waiting':
      return { tone: 'unknown', words: `Waiting for ${hostName} to connect.` };
    case 'sent':
      return { tone: 'unknown', words: `${hostName} was asked and is at it…` };
    case 'late':
      return { tone: 'warning', words: `No answer from ${hostName} in time: look at its events.` };
    case 'done':
      return { tone: 'good', words: `Done${more}` };
    case 'failed':
      return { tone: 'critical', words: `Failed${more}` };
    case 'refused':
      return { tone: 'warning', words: `${hostName} refused${more}` };
  }
}
