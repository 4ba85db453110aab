import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { mistakeInKey, mistakeInPattern, mistakeInValue } from '../../../evaluate/label-words.ts';
import type { LabelView } from '../../../serve/api/views.ts';
import { fitting } from '../../../present/rules.ts';
import { sendChange } from '../../live/change.ts';
import type { PageProps } from '../../pages.ts';
import { Raw } from '../../parts/raw.tsx';
import { type Typed, useRule } from './use-rule.ts';
import { counted } from '../../../wording/words.ts';

/** What is changed; without a rule one is added. */
export interface Edited {
  readonly rule: LabelView | undefined;
}

interface RuleDialogProps {
  readonly edited: Edited;
  readonly estate: PageProps['known']['estate'];
  readonly done: (changed: boolean) => void;
  /** The rules are to be read once more. */
  readonly again: () => void;
}

/** Adds, changes or takes away one rule. Where somebody else was faster it says so, and keeps what was typed. */
export function RuleDialog({ edited, estate, done, again }: RuleDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const { rule, typed, change, why, set, remove } = useRule(edited.rule, { send: sendChange, done, again });
  useEffect(() => dialog.current?.showModal(), []);
  const isNew = rule.value === undefined;
  const mistake = mistakeOf(typed.value, isNew);
  const fits =
    isNew && typed.value.pattern !== '' ? fitting(typed.value.scope, typed.value.pattern, estate) : undefined;
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={() => done(false)}>
      <h2 id={title}>{isNew ? 'Add a rule' : 'Change a rule'}</h2>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (mistake === undefined) void set();
        }}
      >
        {rule.value === undefined ? (
          <Place typed={typed.value} change={change} />
        ) : (
          <p>
            <b>{rule.value.key}</b> of the {rule.value.scope === 'host' ? 'hosts' : 'names'}{' '}
            <Raw text={rule.value.pattern} limit={253} />
          </p>
        )}
        <label>
          Value
          <input
            type="text"
            maxLength={500}
            autocomplete="off"
            value={typed.value.value}
            onInput={({ currentTarget: { value } }) => change({ value })}
          />
        </label>
        {fits !== undefined && (
          <p class="quiet" role="status">
            Fits {counted(fits, typed.value.scope === 'host' ? 'host' : 'name')} now.
          </p>
        )}
        <output aria-live="assertive">
          {why.value !== undefined && <Raw text={why.value} limit={1000} />}
          {why.value === undefined && mistake !== undefined && typed.value.value + typed.value.pattern !== '' && (
            <span class="quiet">{mistake}</span>
          )}
        </output>
        <p class="form-buttons">
          {!isNew && <Remove remove={() => void remove()} />}
          <button type="button" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
          <button type="submit" class="firm" aria-disabled={mistake !== undefined}>
            {isNew ? 'Add it' : 'Set it'}
          </button>
        </p>
      </form>
    </dialog>
  );
}

const usualKeys = ['owner', 'team', 'environment', 'platform', 'contact', 'runbook', 'notes'];

function Place({ typed, change }: { typed: Typed; change: (part: Partial<Typed>) => void }) {
  const keys = useId();
  return (
    <>
      <label>
        Of
        <select
          value={typed.scope}
          onChange={({ currentTarget: { value } }) => change({ scope: value === 'host' ? 'host' : 'name' })}
        >
          <option value="name">server names and targets</option>
          <option value="host">hosts</option>
        </select>
      </label>
      <label>
        Pattern, * for any characters
        <input
          type="text"
          maxLength={253}
          autocomplete="off"
          spellcheck={false}
          placeholder={typed.scope === 'host' ? 'web-*' : '*.shop.example.com'}
          value={typed.pattern}
          onInput={({ currentTarget: { value } }) => change({ pattern: value.trim() })}
        />
      </label>
      <label>
        Label
        <input
          type="text"
          maxLength={32}
          autocomplete="off"
          spellcheck={false}
          list={keys}
          value={typed.key}
          onInput={({ currentTarget: { value } }) => change({ key: value.trim() })}
        />
      </label>
      <datalist id={keys}>
        {usualKeys.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
    </>
  );
}

/** Asks once more: what a rule gave is gone at once. */
function Remove({ remove }: { remove: () => void }) {
  const sure = useSignal(false);
  return sure.value ? (
    <button type="button" class="firm aside" onClick={remove}>
      Remove it now
    </button>
  ) : (
    <button type="button" class="aside" onClick={() => (sure.value = true)}>
      Remove…
    </button>
  );
}

function mistakeOf({ pattern, key, value }: Typed, isNew: boolean): string | undefined {
  return (isNew ? (mistakeInPattern(pattern) ?? mistakeInKey(key)) : undefined) ?? mistakeInValue(value);
}
