import type { EndpointView } from '../../serve/estate.ts';
import { listenerName } from '../../wording/names.ts';
import { endpointTone, failureWords, reachedWords } from '../../wording/words.ts';
import { ChainOfThree } from './chain-of-three.tsx';
import { LifeBar } from './life-bar.tsx';
import { Mark } from './mark.tsx';
import { Moment, type Now } from './moment.tsx';
import { Raw } from './raw.tsx';

/** Its status, and how old that is. */
export function Status({ endpoint: { status, observedAt }, now }: { endpoint: EndpointView; now: Now }) {
  return (
    <>
      <Mark tone={endpointTone[status]} word={status} />
      {status === 'unknown' && (
        <span class="quiet below">
          {observedAt === undefined ? (
            'never seen'
          ) : (
            <>
              seen <Moment instant={observedAt} now={now} />
            </>
          )}
        </span>
      )}
    </>
  );
}

/** Where it listens, and for which keys. */
export function Listener({ endpoint }: { endpoint: EndpointView }) {
  return (
    <>
      <Raw text={listenerName(endpoint)} /> <span class="quiet algorithm">{endpoint.algorithm}</span>
    </>
  );
}

/** Issued, configured and served, and why they are not one. */
export function Proof({ endpoint }: { endpoint: EndpointView }) {
  const { status, failure, reached, issued } = endpoint;
  return (
    <>
      <ChainOfThree endpoint={endpoint} />
      {failure !== undefined && (
        <span class="below">
          {failureWords[failure.reason]}
          {failure.detail !== '' && (
            <span class="quiet">
              {' · '}
              <Raw text={failure.detail} />
            </span>
          )}
        </span>
      )}
      {status === 'drift' && issued !== undefined && (
        <span class="below">The newest certificate is {reachedWords[reached]}.</span>
      )}
    </>
  );
}

/** The life of what is served. */
export function Served({ endpoint: { servedNotBefore, servedNotAfter }, now }: { endpoint: EndpointView; now: Now }) {
  if (servedNotBefore === undefined || servedNotAfter === undefined) return <span class="quiet">not known</span>;
  return <LifeBar validity={{ notBefore: servedNotBefore, notAfter: servedNotAfter }} now={now} brief />;
}
