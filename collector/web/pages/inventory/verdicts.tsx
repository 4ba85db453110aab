import { useSignal } from '@preact/signals';
import type { ImportCheck } from '../../../serve/api/inventory-views.ts';
import { Mark } from '../../parts/mark.tsx';
import { Raw } from '../../parts/raw.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { counted, type Tone } from '../../../wording/words.ts';

type Verdict = ImportCheck['items'][number];

interface VerdictsProps {
  readonly check: ImportCheck;
  /** It is on its way. */
  readonly busy: boolean;
  readonly take: (skipWrong: boolean) => void;
}

/** What an import would do, row by row: what is wrong first, then what goes, what differs from what is served, and the rest. */
export function Verdicts({ check: { columns, items }, busy, take }: VerdictsProps) {
  const skip = useSignal(false);
  const count = (verdict: Verdict['verdict']): number => items.filter((one) => one.verdict === verdict).length;
  const [wrong, fresh, same, gone] = [count('wrong'), count('new'), count('same'), count('gone')];
  const rows = items.toSorted((one, other) => placeOf(one) - placeOf(other));
  const may = !busy && (wrong === 0 || skip.value) && fresh + same > 0;
  return (
    <>
      <p>
        {columns.map(({ header, role, key }) => (
          <span key={header} class="column-guess">
            <Raw text={header} limit={60} />{' '}
            <span class="quiet">is {key ?? (role === 'ours' ? 'left out' : role)}</span>
          </span>
        ))}
      </p>
      <p role="status">
        <b>
          {fresh} new, {same} as before, {wrong} wrong, {gone} {gone === 1 ? 'goes' : 'go'}
        </b>
      </p>
      {wrong > 0 && (
        <label class="tick">
          <input
            type="checkbox"
            checked={skip.value}
            onChange={({ currentTarget: { checked } }) => (skip.value = checked)}
          />{' '}
          Leave out what is wrong
        </label>
      )}
      <p>
        <button type="button" class="firm" aria-disabled={!may} onClick={() => may && take(skip.value)}>
          Import {counted(fresh + same, 'row')}
        </button>
      </p>
      <Table
        name="verdicts"
        caption="Rows: what is wrong first, then what goes, what differs from what is served, and the rest"
        columns={tableColumns}
        rows={rows}
        keyOf={(row) => `${row.line ?? 'gone'} ${items.indexOf(row)}`}
      />
    </>
  );
}

function placeOf({ verdict, differs }: Verdict): number {
  return verdict === 'wrong' ? 0 : verdict === 'gone' ? 1 : differs ? 2 : verdict === 'new' ? 3 : 4;
}

const tone: Readonly<Record<Verdict['verdict'], Tone>> = {
  wrong: 'critical',
  gone: 'warning',
  new: 'notice',
  same: 'notice',
};

const tableColumns: Column<Verdict>[] = [
  {
    title: 'Row',
    class: 'status plain',
    cell: ({ verdict, line }) => (
      <>
        <Mark tone={tone[verdict]} word={verdict} />
        {line !== undefined && <span class="quiet"> line {line}</span>}
      </>
    ),
  },
  {
    title: 'Name',
    names: true,
    class: 'name plain',
    cell: ({ name, why }) => <Raw text={why ?? name ?? ''} limit={300} />,
  },
  { title: 'The list says', class: 'told', cell: ({ expiration = '' }) => <Raw text={expiration} limit={60} /> },
  {
    title: 'Served until',
    class: 'until',
    cell: ({ servedUntil, hostNames, verdict, differs }) =>
      servedUntil === undefined ? (
        <span class="quiet">{verdict === 'wrong' ? '' : hostNames ? 'not known' : 'seen by no agent'}</span>
      ) : (
        `${servedUntil.slice(0, 10)}${differs ? ', differs' : ''}`
      ),
  },
];
