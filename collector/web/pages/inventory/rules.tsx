import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';

import type { LabelView } from '../../../serve/api/views.ts';
import { mayChange } from '../../../present/may.ts';
import { givenRowsOf, ruleRowsOf } from '../../../present/rules.ts';
import { useAsked } from '../../live/asked.ts';
import { useSettled } from '../../live/settled.ts';
import type { PageProps } from '../../pages.ts';
import { ListPage } from '../../parts/list-page.tsx';
import { Places } from './places.tsx';
import { ruleColumns, ruleFacets, ruleHolds } from './rule-columns.tsx';
import { type Edited, RuleDialog } from './rule-dialog.tsx';

/** A fleet's labels are not given anew at each of twenty changes a second. */
const settleMs = 1000;

/** What the API lists. */
export interface Items<Item> {
  version: 1;
  items: Item[];
}

/** Every rule that gives a label, with what it gives it to. */
export function RuleList({ known, me, router }: PageProps) {
  const turn = useSignal(0);
  const edited = useSignal<Edited | undefined>(undefined);
  const { answer, failed } = useAsked<Items<LabelView>>('/api/v1/labels', turn.value).value;
  const estate = useSettled(known.estate, settleMs);
  const rows = useMemo(() => {
    const rules = answer?.items ?? [];
    return ruleRowsOf(rules, givenRowsOf(rules, estate));
  }, [answer, estate]);
  const may = mayChange(me);
  const columns = useMemo(() => ruleColumns(may ? (rule) => (edited.value = { rule }) : undefined), [may, edited]);
  return (
    <>
      <ListPage
        name="rules"
        title="Inventory"
        placeholder="Pattern, owner=…, who"
        rows={rows}
        keyOf={({ rule }) => String(rule.id)}
        facets={ruleFacets}
        columns={columns}
        holds={ruleHolds}
        router={router}
        none={failed ? 'The collector does not answer: trying again.' : answer ? noRule : 'Asking the collector…'}
      >
        <Places at="" />
        <p class="beside">
          Of several rules that fit and give the same label, the one whose pattern says most counts; a rule for a name
          before one for its host. {!may && 'Operators change them here.'}
          {may && (
            <button type="button" onClick={() => (edited.value = { rule: undefined })}>
              Add a rule
            </button>
          )}
        </p>
      </ListPage>
      {edited.value !== undefined && (
        <RuleDialog
          edited={edited.value}
          estate={known.estate}
          done={(changed) => {
            if (changed) turn.value += 1;
            edited.value = undefined;
          }}
          again={() => (turn.value += 1)}
        />
      )}
    </>
  );
}

const noRule =
  'No rule yet: nothing says whose the hosts and names are. An operator adds rules here, or imports a list.';
