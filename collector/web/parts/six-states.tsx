import type { EndpointView } from '../../serve/estate.ts';
import { stepsOf } from '../../present/steps.ts';
import { absolute } from '../../wording/duration.ts';
import { stepWords } from '../../wording/words.ts';
import { Moment, type Now } from './moment.tsx';

/** How far the newest certificate got on its way to the clients of an endpoint, and when it got there. */
export function SixStates({ endpoint, now }: { endpoint: Pick<EndpointView, 'reached' | 'reachedAt'>; now: Now }) {
  const steps = stepsOf(endpoint);
  return (
    <ol class="six">
      {steps.map(({ step, done, at }) => (
        <li key={step} class={done === undefined ? 'untraced' : done ? 'done' : 'ahead'}>
          <span class="step-word">{stepWords[step]}</span>
          <span class="unseen">{done === undefined ? ', not traced' : done ? ', reached' : ', not reached'}</span>
          <span class="quiet step-time">
            {at === undefined ? '' : <Moment instant={at} now={now} />}
            {at !== undefined && <span class="unseen"> ({absolute(at)})</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
