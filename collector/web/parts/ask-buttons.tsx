import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Me } from '../../serve/action-bodies.ts';
import { mayChange } from '../../present/may.ts';
import type { Offer } from '../../present/offers.ts';
import { ask, type Asked } from '../live/ask.ts';
import { changes, requestWords, verbWords } from '../../wording/requests.ts';
import { Shape } from './mark.tsx';
import { Raw } from './raw.tsx';

interface AskButtonsProps {
  readonly agentId: string;
  readonly hostName: string;
  readonly offers: readonly Offer[];
  /** For the history: what moved the person to press. */
  readonly reason: string;
  readonly me: Me | undefined;
}

/** A button for each thing that the host can be asked for; whoever may not ask sees none. */
export function AskButtons({ agentId, hostName, offers, reason, me }: AskButtonsProps) {
  const { step, sure, begin, press } = useAsking(agentId, reason);
  if (offers.length === 0 || !mayChange(me)) return null;
  const busy = step === 'asking' || (step?.ok === true && ['waiting', 'sent'].includes(step.request.state));
  return (
    <div class="asking">
      {offers.map((offer) => (
        <button key={offer.verb} type="button" aria-disabled={busy} onClick={() => busy || begin(offer)}>
          {verbWords[offer.verb]} <Raw text={offer.name} limit={60} />
        </button>
      ))}
      {sure !== undefined && (
        <span class="sure" role="group" aria-label="Are you sure?">
          <span>
            This changes <Raw text={hostName} limit={60} />:
          </span>
          <button type="button" class="firm" onClick={() => press(sure)}>
            {verbWords[sure.verb]} now
          </button>{' '}
          <button type="button" onClick={() => begin(undefined)}>
            Leave it
          </button>
        </span>
      )}
      <output aria-live="polite">{step !== undefined && <Outcome step={step} />}</output>
    </div>
  );
}

/** What was pressed, and what came of it; whoever leaves the page asks no further, and the host goes on. */
function useAsking(agentId: string, reason: string) {
  const step = useSignal<Asked | 'asking' | undefined>(undefined);
  const sure = useSignal<Offer | undefined>(undefined);
  const following = useRef(new AbortController());
  useEffect(() => () => following.current.abort(), []);
  const press = ({ verb, subject }: Offer): void => {
    sure.value = undefined;
    step.value = 'asking';
    const tell = (asked: Asked): void => {
      step.value = asked;
    };
    void ask({ host: agentId, verb, subject, reason }, tell, following.current.signal);
  };
  const begin = (offer: Offer | undefined): void => {
    step.value = undefined;
    if (offer === undefined || changes.includes(offer.verb)) sure.value = offer;
    else press(offer);
  };
  return { step: step.value, sure: sure.value, begin, press };
}

function Outcome({ step }: { step: Asked | 'asking' }) {
  if (step === 'asking') return <>Asking…</>;
  if (!step.ok)
    return (
      <>
        <Shape tone="warning" /> Not asked: <Raw text={step.why} limit={1000} />{' '}
        {step.signIn && <a href="/sign-in">Sign in again</a>}
      </>
    );
  const { tone, words } = requestWords(step.request);
  return (
    <>
      <Shape tone={tone} /> <Raw text={words} limit={2000} />
    </>
  );
}
