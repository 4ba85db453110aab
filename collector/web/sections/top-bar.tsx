import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Connection, LiveEstate } from '../live/follow-estate.ts';
import { Shape } from '../parts/mark.tsx';
import type { Now } from '../parts/moment.tsx';
import { ago } from '../wording/duration.ts';
import type { Tone } from '../wording/words.ts';

interface TopBarProps {
  readonly live: LiveEstate;
  readonly filter: Signal<string>;
  readonly now: Now;
}

/** Name, filter, and whether the page hears from the collector. */
export function TopBar({ live, filter, now }: TopBarProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      box.current?.focus();
    };
    document.addEventListener('keydown', focus);
    return () => document.removeEventListener('keydown', focus);
  }, []);
  return (
    <header class="top-bar">
      <a class="skip" href="#now">
        Skip to what needs a person
      </a>
      <p class="brand">Certherd</p>
      <search>
        <input
          ref={box}
          type="search"
          aria-label="Filter hosts, endpoints, certificates and events"
          placeholder="Filter by name, host, status, fingerprint…"
          title="Press / to come here"
          autocomplete="off"
          spellcheck={false}
          value={filter}
          onInput={({ currentTarget }) => {
            filter.value = currentTarget.value;
          }}
        />
      </search>
      <Heartbeat live={live} now={now} />
    </header>
  );
}

function Heartbeat({ live: { connection, heardAt, trouble }, now }: { live: LiveEstate; now: Now }) {
  const state = connection.value;
  const heard = heardAt.value === undefined ? '' : `heard ${ago(now.value - heardAt.value)}`;
  return (
    <p class={`heartbeat ${state}`}>
      <Shape tone={tones[state]} />
      <span>
        {words[state]}
        <span class="quiet"> {state === 'lost' ? [trouble.value, heard].filter(Boolean).join(', ') : heard}</span>
      </span>
    </p>
  );
}

const words: Readonly<Record<Connection, string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, trying again',
};

const tones: Readonly<Record<Connection, Tone>> = { connecting: 'unknown', live: 'good', lost: 'critical' };
