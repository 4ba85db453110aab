import type { EventView } from '../../../serve/estate.ts';
import { fitsEvent, newestFirst, type WantedEvents } from '../../../present/past-events.ts';
import { useAsked } from '../../live/asked.ts';
import { Events } from '../../parts/events.tsx';
import type { Now } from '../../parts/moment.tsx';
import { SearchBox, searched } from '../../parts/search-box.tsx';
import type { Router } from '../../route/router.ts';
import { kindName } from '../../../wording/words.ts';

interface EventsAnswer {
  readonly version: 1;
  readonly items: readonly EventView[];
}

/** The last thousand events, as far as they are of a kind, an outcome and a text; the address keeps which. */
export function PastEvents({ now, router }: { now: Now; router: Router }) {
  const { answer, failed } = useAsked<EventsAnswer>('/api/v1/events?limit=1000').value;
  const { view } = router.place.value;
  const outcome: WantedEvents['outcome'] = outcomes.find(([one]) => one === view.get('outcome'))?.[0] ?? '';
  const wanted = { kind: view.get('kind') ?? '', outcome, search: searched(router) };
  const all = newestFirst(answer?.items ?? []);
  const kinds = [...new Set(all.map((event) => event.kind))].sort();
  const rows = all.filter((event) => fitsEvent(event, wanted));
  return (
    <Events
      title="Past events"
      events={rows}
      now={now}
      nothing={failed ? 'The collector did not answer.' : answer ? 'No event fits.' : 'Asking the collector…'}
      tools={
        <div class="choices">
          <Choice
            router={router}
            name="kind"
            label="Kind"
            options={kinds.map((one): [string, string] => [one, kindName(one)])}
          />
          <Choice router={router} name="outcome" label="Outcome" options={outcomes} />
          <SearchBox router={router} label="Search events" placeholder="Host, name, text…" />
        </div>
      }
    />
  );
}

const outcomes: readonly ['good' | 'bad', string][] = [
  ['good', 'went well'],
  ['bad', 'did not'],
];

interface ChoiceProps {
  readonly router: Router;
  /** In the address. */
  readonly name: string;
  readonly label: string;
  readonly options: readonly (readonly [value: string, words: string])[];
}

function Choice({ router, name, label, options }: ChoiceProps) {
  const chosen = router.place.value.view.get(name) ?? '';
  return (
    <select
      aria-label={label}
      value={chosen}
      onChange={({ currentTarget: { value } }) =>
        router.look((view) => (value === '' ? view.delete(name) : view.set(name, value)))
      }
    >
      <option value="">{label}: any</option>
      {options.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  );
}
