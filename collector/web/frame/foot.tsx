import type { Estate } from '../../serve/estate.ts';
import type { PageEntry } from '../pages.ts';
import type { CollectorClock } from '../live/collector-clock.ts';
import { Moment } from '../parts/moment.tsx';
import { Raw } from '../parts/raw.tsx';
import { coarse } from '../../wording/duration.ts';

/** A browser's clock that is wrong by this much is worth a word. */
const noteworthyMs = 10_000;

interface FootProps {
  readonly entry: PageEntry | undefined;
  readonly collector: Estate['collector'];
  readonly clock: CollectorClock;
}

/** Which collector this is, whose clock the page goes by, and where programs find the same. */
export function Foot({ entry, collector, clock }: FootProps) {
  const ahead = clock.aheadMs.value;
  const path = `/api/v1/${entry?.api ?? 'estate'}`;
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
        The same as JSON: <a href={path}>{path}</a>, of <a href="/api">the API</a>
      </p>
    </footer>
  );
}
