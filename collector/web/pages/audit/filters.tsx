import { auditActions, auditWays } from '../../../store/audit-words.ts';
import { Choice } from '../../parts/choice.tsx';
import type { Router } from '../../route/router.ts';

const actions = [['', 'anything'], ...auditActions.map((one) => [one, one] as const)] as const;
const ways = [['', 'any way'], ...auditWays.map((one) => [one, one] as const)] as const;

/** By whom, what, of what, and when; the address keeps it. */
export function AuditFilters({ router }: { router: Router }) {
  const { view } = router.place.value;
  const set = (name: string, value: string): void =>
    router.look((one) => (value === '' ? one.delete(name) : one.set(name, value)));
  const given = (name: string) => ({
    value: view.get(name) ?? '',
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement }) => set(name, currentTarget.value),
  });
  const text = (name: string, label: string) => (
    <label class="choice">
      {label}
      <input type="search" maxLength={200} autocomplete="off" spellcheck={false} {...given(name)} />
    </label>
  );
  const day = (name: string, label: string) => (
    <label class="choice">
      {label}
      <input type="date" {...given(name)} />
    </label>
  );
  return (
    <search class="fields no-print">
      {text('actor', 'Who')}
      <Choice
        label="What"
        value={wordIn(actions, view.get('action'))}
        options={actions}
        choose={(one) => set('action', one)}
      />
      {text('subject', 'Of what')}
      <Choice label="By" value={wordIn(ways, view.get('via'))} options={ways} choose={(one) => set('via', one)} />
      {day('since', 'From (UTC)')}
      {day('until', 'Until (UTC)')}
    </search>
  );
}

/** A word of the address that is none of them is as if it were not there. */
function wordIn<Word extends string>(options: readonly (readonly [Word, string])[], word: string | null): Word | '' {
  return options.find(([one]) => one === word)?.[0] ?? '';
}
