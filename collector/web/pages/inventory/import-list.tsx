import { useSignal } from '@preact/signals';

import type { ImportCheck } from '../../../serve/api/inventory-views.ts';
import { mayChange } from '../../../present/may.ts';
import { sendChange, type Sent } from '../../live/change.ts';
import type { PageProps } from '../../pages.ts';
import { CopyCommand } from '../../parts/copy-command.tsx';
import { Raw } from '../../parts/raw.tsx';
import { counted } from '../../../wording/words.ts';
import { Places } from './places.tsx';
import { readText } from './read-text.ts';
import { Verdicts } from './verdicts.tsx';

/** The list that somebody keeps elsewhere: given back as it is, and taken in after a look at what that would do. */
export function ImportList({ known: { estate }, me }: PageProps) {
  return (
    <>
      <header class="page-head">
        <h1>Imported list</h1>
        <span class="quiet">{counted(estate.listed.length, 'row')}</span>
      </header>
      <Places at="/import" />
      <p>
        {estate.listed.length > 0 ? (
          <>
            <a href="/api/v1/listed.csv" download="listed.csv">
              Save the list as CSV
            </a>
            , or see it <a href="/certificates/listed">beside what is served</a>.
          </>
        ) : (
          'No list was imported yet.'
        )}{' '}
        An import takes the place of all of it: to add rows, save it, add them, and import that.
      </p>
      {mayChange(me) ? (
        <Import />
      ) : (
        <>
          <p>Operators import here. On the collector’s own machine it is this command:</p>
          <CopyCommand command="certherd-collector import FILE.csv" label="import a list" />
        </>
      )}
    </>
  );
}

interface Checked {
  readonly text: string;
  readonly name: string;
  readonly check: ImportCheck;
}

function Import() {
  const typed = useSignal('');
  const name = useSignal('');
  const says = useSignal<string | undefined>(undefined);
  const checked = useSignal<Checked | undefined>(undefined);
  const busy = useSignal(false);
  const look = async (): Promise<void> => {
    says.value = 'Looking at it…';
    checked.value = undefined;
    const text = typed.value;
    const sent = await sendChange({ method: 'POST', path: 'listed/check', body: { text } });
    if (sent.ok && isCheck(sent.answer)) {
      checked.value = { text, name: name.value, check: sent.answer };
      says.value = undefined;
    } else says.value = `Nothing was imported. ${whyNot(sent)}`;
  };
  const take = async (skipWrong: boolean): Promise<void> => {
    const { value } = checked;
    // A second press would be told that the list is another one by now.
    if (value === undefined || busy.value) return;
    busy.value = true;
    const body = { text: value.text, name: value.name, skipWrong };
    const sent = await sendChange({ method: 'POST', path: 'listed', seen: value.check.tag, body });
    busy.value = false;
    says.value = sent.ok ? 'It is imported.' : `Nothing was imported. ${whyNot(sent)}`;
    if (sent.ok) checked.value = undefined;
  };
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const read = await readText(file);
    checked.value = undefined;
    says.value = read.ok ? undefined : read.failure;
    if (!read.ok) return;
    typed.value = read.value;
    name.value = file.name;
  };
  return (
    <div class="card form">
      <label>
        A sheet (CSV) with a head, or a text of one name a line
        <input
          type="file"
          accept=".csv,.txt,.tsv,text/csv,text/plain"
          onChange={({ currentTarget: { files } }) => void choose(files?.[0])}
        />
      </label>
      <label>
        or as text
        <textarea
          rows={6}
          spellcheck={false}
          placeholder="Domain,Expiration,Issuer,Owner,Team,Environment,Platform"
          value={typed.value}
          onInput={({ currentTarget: { value } }) => {
            typed.value = value;
            name.value = '';
            checked.value = undefined;
          }}
        />
      </label>
      <p>
        <button
          type="button"
          class="firm"
          aria-disabled={typed.value === ''}
          onClick={() => typed.value !== '' && void look()}
        >
          Look what it would change
        </button>{' '}
        <output aria-live="polite">{says.value !== undefined && <Raw text={says.value} limit={1000} />}</output>
      </p>
      {checked.value !== undefined && (
        <Verdicts check={checked.value.check} busy={busy.value} take={(skipWrong) => void take(skipWrong)} />
      )}
    </div>
  );
}

function whyNot(sent: Sent): string {
  if (sent.ok) return 'The collector answered something else.';
  return sent.status === 413 ? 'It is larger than 1 MiB: certherd-collector import takes it.' : sent.why;
}

function isCheck(answer: unknown): answer is ImportCheck {
  return typeof answer === 'object' && answer !== null && 'items' in answer && 'tag' in answer;
}
