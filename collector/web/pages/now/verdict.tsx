import type { Proof, Verdict as VerdictWords } from '../../../present/proof.ts';
import type { Connection } from '../../../present/connection.ts';
import { Shape } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { addressOf } from '../../route/address.ts';
import { counted } from '../../../wording/words.ts';

interface VerdictProps {
  readonly verdict: VerdictWords;
  readonly proof: Proof;
  readonly connection: Connection;
  readonly estateAt: string;
  readonly now: Now;
}

/** The page's first sentence, and what it rests on. */
export function Verdict({ verdict, proof, connection, estateAt, now }: VerdictProps) {
  return (
    <header class={`verdict ${verdict.tone}`}>
      <Shape tone={verdict.tone} />
      <div>
        <h1>{verdict.sentence}</h1>
        <p class="proof">
          {proof.endpointCount > 0 && (
            <>
              {proof.recent} of {counted(proof.endpointCount, 'endpoint')} proved in the last hour
              {proof.lookedAt !== undefined && (
                <>
                  , the earliest <Moment instant={proof.lookedAt} now={now} />
                </>
              )}
              .
            </>
          )}
          <Oldest proof={proof} now={now} />
          {proof.endpointCount === 0 && proof.hostCount > 0 && 'No agent has found an endpoint.'}
          {connection === 'lost' && (
            <strong>
              {' '}
              All of this is as it was <Moment instant={estateAt} now={now} />.
            </strong>
          )}
        </p>
      </div>
    </header>
  );
}

/** A host that looked so much earlier than the others is worth a word. */
const noteworthyMs = 60_000;

/** Where knowledge is older than the proof is, this says how old, and whose. */
function Oldest({ proof: { oldest, lookedAt }, now }: { proof: Proof; now: Now }) {
  if (oldest === undefined || Date.parse(lookedAt ?? oldest.observedAt) - Date.parse(oldest.observedAt) < noteworthyMs)
    return null;
  return (
    <>
      {' '}
      The oldest look is that of{' '}
      <a href={addressOf('hosts', oldest.agentId)}>
        <Raw text={oldest.name} limit={80} />
      </a>
      : <Moment instant={oldest.observedAt} now={now} />.
    </>
  );
}
