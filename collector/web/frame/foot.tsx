import type { Estate } from '../../serve/estate.ts';
import type { CollectorClock } from '../live/collector-clock.ts';
import { Moment } from '../parts/moment.tsx';
import { Raw } from '../parts/raw.tsx';
import { coarse } from '../../wording/duration.ts';

/** A browser's clock that is wrong by this much is worth a word. */
const noteworthyMs = 10_000;

/** Which collector this is, and whose clock the page goes by. */
export function Foot({ collector, clock }: { collector: Estate['collector']; clock: CollectorClock }) {
  const ahead = clock.aheadMs.value;
  return (
    <footer>
      <p>
        Collector <Raw text={collector.version} />, started <Moment instant={collector.startedAt} now={clock.now} />.
      </p>
      {Math.abs(ahead) > noteworthyMs && (
        <p>
          This browser's clock is {coarse(Math.abs(ahead))} {ahead > 0 ? 'ahead of' : 'behind'} the collector's. Times
          here follow the collector's.
        </p>
      )}
      <p>
        The same as JSON: <a href="/api/v1/estate">/api/v1/estate</a>
      </p>
    </footer>
  );
}
