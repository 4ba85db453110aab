import type { Estate } from '../serve/estate.ts';
import { type Needs, needsOf } from './needs.ts';
import { type Proof, proofOf } from './proof.ts';

/** An estate, and what follows from it for every page. */
export interface Known {
  readonly estate: Estate;
  readonly needs: Needs;
  readonly proof: Proof;
}

export function knownOf(estate: Estate): Known {
  return { estate, needs: needsOf(estate), proof: proofOf(estate) };
}
