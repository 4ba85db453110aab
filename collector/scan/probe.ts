import { lookingClients } from '@certherd/handshake/dial/looking-clients';
import { systemDialer } from '@certherd/handshake/dialer';
import { type AskNeeds, askPlaces, type Target } from '@certherd/handshake/outside/ask-places';
import type { Clock } from '../ports.ts';
import type { ReadAnswer } from './answers.ts';
import type { SeenAnswer, SeenTarget } from './seen.ts';
import { targetText } from './target.ts';

export interface ProbeNeeds extends Omit<AskNeeds<SeenAnswer>, 'read' | 'dial'> {
  read: ReadAnswer;
  clock: Clock;
  dial?: AskNeeds<SeenAnswer>['dial'];
}

/** Asks one target at all of its addresses. What goes wrong is part of what was seen; rejects only where `inTurn` does. */
export type Probe = (target: Target) => Promise<SeenTarget>;

/** Asks from the collector's machine, and judges each chain as it comes. */
export function createProbe({ read, clock, dial = systemDialer(lookingClients()), ...needs }: ProbeNeeds): Probe {
  return async (target) => {
    const asked = await askPlaces(target, { ...needs, dial, read: (shown, host) => read(shown, host, clock.now()) });
    return { target: targetText(target), ...target, at: new Date(clock.now()).toISOString(), ...asked };
  };
}
