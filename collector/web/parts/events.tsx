import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Step } from '@certherd/protocol/event';
import type { EventView } from '../../serve/estate.ts';
import { EvidenceList } from './evidence-list.tsx';
import { Shape } from './mark.tsx';
import { Moment, type Now } from './moment.tsx';
import { Raw, RawLines } from './raw.tsx';
import { More } from './table.tsx';
import { took } from '../../wording/duration.ts';
import { eventTone, kindName } from '../../wording/words.ts';
import { Nothing, Section } from './section.tsx';

const step = 20;

interface EventsProps {
  readonly events: readonly EventView[];
  readonly now: Now;
  readonly title?: string;
  readonly tools?: ComponentChildren;
  /** Why there is none. */
  readonly nothing?: string;
}

/** The last outcomes and changes, newest first; each opens to its steps and their durations. */
export function Events({
  events,
  now,
  title = 'Last events',
  tools,
  nothing = 'Nothing has happened yet.',
}: EventsProps) {
  const limit = useSignal(step);
  const shown = events.slice(0, limit.value);
  return (
    <Section id="events" title={title} count={`${events.length}`} tools={tools}>
      {events.length === 0 && <Nothing>{nothing}</Nothing>}
      <ol class="events">
        {shown.map((event) => (
          <li key={JSON.stringify([event.agentId, event.epoch, event.seq])}>
            <Entry event={event} now={now} />
          </li>
        ))}
      </ol>
      <More
        shown={shown.length}
        total={events.length}
        ask={() => {
          limit.value += step * 2;
        }}
      />
    </Section>
  );
}

function Entry({ event, now }: { event: EventView; now: Now }) {
  const detail = Object.entries(event.detail);
  const line = <EntryLine event={event} now={now} />;
  if (event.steps.length === 0 && detail.length === 0) return <div class="entry plain">{line}</div>;
  return (
    <details class="entry">
      <summary>{line}</summary>
      {event.steps.length > 0 && <Steps steps={event.steps} />}
      {detail.length > 0 && <EvidenceList evidence={detail} />}
    </details>
  );
}

function EntryLine({ event, now }: { event: EventView; now: Now }) {
  const tone = eventTone(event);
  const total = event.steps.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return (
    <span class="entry-line">
      <Shape tone={tone} />
      <span class="when">
        <Moment instant={event.at} now={now} />
      </span>
      <span class="what">
        <b>
          {kindName(event.kind)}
          {event.ok ? '' : tone === 'critical' ? ' failed' : ''}
        </b>{' '}
        <Raw text={event.summary} limit={500} />
        {total > 0 && <span class="quiet"> · {took(total)}</span>}
      </span>
      <span class="quiet host">
        <Raw text={event.hostName} />
      </span>
    </span>
  );
}

function Steps({ steps }: { steps: readonly Step[] }) {
  const longest = Math.max(...steps.map(({ durationMs }) => durationMs), 1);
  return (
    <ol class="steps">
      {steps.map(({ step: name, ok, durationMs, detail }, index) => (
        <li key={index} class={ok ? '' : 'failed'}>
          <span class="step-line">
            <Shape tone={ok ? 'good' : 'critical'} />
            <Raw text={name} />
            {!ok && <b>failed</b>}
            <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
              <rect class="rest" width={Math.max(1, (durationMs / longest) * 100)} height="4" />
            </svg>
            <span class="took">{took(durationMs)}</span>
          </span>
          {detail !== undefined && detail !== '' && <RawLines text={detail} />}
        </li>
      ))}
    </ol>
  );
}
