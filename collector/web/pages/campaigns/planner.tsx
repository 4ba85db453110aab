import { useSignal } from '@preact/signals';
import type { Me } from '../../../serve/action-bodies.ts';
import type { PlanAnswer } from '../../../serve/campaigns/views.ts';
import { askPlan, startCampaign, type Told } from '../../live/campaigns.ts';
import { Shape } from '../../parts/mark.tsx';
import { Raw } from '../../parts/raw.tsx';
import { ReasonField } from '../../parts/reason-field.tsx';
import { Section } from '../../parts/section.tsx';
import { selectionFields } from '../../../wording/campaigns.ts';
import { counted } from '../../../wording/words.ts';
import { PlanShown } from './plan-shown.tsx';

interface PlannerProps {
  readonly me: Me | undefined;
  /** Another campaign was begun. */
  readonly begun: (id: string) => void;
}

/** What is to be replaced, what that would be, and only then the button. */
export function Planner({ me, begun }: PlannerProps) {
  const wish = useSignal<Readonly<Record<string, string>>>({});
  const plan = useSignal<Told<PlanAnswer> | 'asking' | undefined>(undefined);
  const change = (key: string, value: string): void => {
    const { [key]: _, ...rest } = wish.value;
    wish.value = value.trim() === '' ? rest : { ...rest, [key]: value.trim() };
    // A plan of something else is not to be begun.
    plan.value = undefined;
  };
  const ask = async (): Promise<void> => {
    const asked = wish.value;
    plan.value = 'asking';
    const answer = await askPlan(asked);
    if (wish.value === asked) plan.value = answer;
  };
  const current = plan.value;
  return (
    <Section id="planner" title="Plan a campaign" count="all that is given has to fit; * stands for any characters">
      <form
        class="plan-form"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <div class="label-fields">
          {selectionFields.map(({ key, title, hint }) => (
            <label key={key}>
              {title}
              <input
                type="text"
                name={key}
                maxLength={500}
                autocomplete="off"
                placeholder={hint}
                onInput={({ currentTarget: { value } }) => change(key, value)}
              />
            </label>
          ))}
        </div>
        <p>
          <button type="submit">Show the plan</button>{' '}
          <output aria-live="polite">
            {current === 'asking' && 'Asking…'}
            {current !== undefined && current !== 'asking' && !current.ok && (
              <>
                <Shape tone="warning" /> <Raw text={current.why} limit={1000} />
              </>
            )}
          </output>
        </p>
      </form>
      {current !== undefined && current !== 'asking' && current.ok && (
        <>
          <PlanShown plan={current.value} />
          <Begin key={current.value.digest} plan={current.value} me={me} begun={begun} />
        </>
      )}
    </Section>
  );
}

function Begin({ plan, me, begun }: PlannerProps & { plan: PlanAnswer }) {
  const reason = useSignal('');
  const key = useSignal(crypto.randomUUID());
  const failure = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  if (plan.radius.lineages === 0) return <p>Nothing of it can be replaced by an agent.</p>;
  if (me?.role !== 'operator' && me?.role !== 'admin')
    return <p class="quiet">Operators begin campaigns, here or with certherd-collector campaign start.</p>;
  const begin = async (): Promise<void> => {
    busy.value = true;
    const { selection, digest } = plan;
    const told = await startCampaign({ selection, digest, reason: reason.value.trim(), key: key.value });
    busy.value = false;
    if (told.ok) begun(told.value.campaign.id);
    else failure.value = told.why;
  };
  return (
    <form
      class="asking"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy.value) void begin();
      }}
    >
      <ReasonField name="reason" reason={reason} />
      <button type="submit" class="firm" aria-disabled={busy.value}>
        Replace {counted(plan.radius.lineages, 'certificate')}
      </button>
      <output aria-live="polite">
        {failure.value !== undefined && (
          <>
            <Shape tone="warning" /> Not begun: <Raw text={failure.value} limit={1000} />
          </>
        )}
      </output>
    </form>
  );
}
