import type { LabelView } from '../../../serve/api/views.ts';
import type { Facet } from '../../../present/facets.ts';
import type { RuleRow } from '../../../present/rules.ts';
import type { ListColumn } from '../../parts/list-column.tsx';
import { Day } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { counted } from '../../../wording/words.ts';

const sourceWords: Readonly<Record<LabelView['source'], string>> = {
  command: 'a person',
  enrolment: 'enrolment',
  list: 'the imported list',
};
const scopeWords: Readonly<Record<LabelView['scope'], string>> = { host: 'hosts', name: 'names' };

export const ruleFacets: readonly Facet<RuleRow>[] = [
  { name: 'label', title: 'Label', valuesOf: ({ rule }) => [rule.key] },
  { name: 'of', title: 'Of', valuesOf: ({ rule }) => [scopeWords[rule.scope]] },
  { name: 'said', title: 'Said by', valuesOf: ({ rule }) => [sourceWords[rule.source]] },
  { name: 'who', title: 'Who', valuesOf: ({ rule }) => [rule.setBy] },
  {
    name: 'gives',
    title: 'Gives it',
    valuesOf: ({ hosts, names }) => [hosts + names > 0 ? 'to something' : 'to nothing now'],
  },
];

/** Does a rule hold a word, in lower case? */
export function ruleHolds({ rule: { pattern, scope, key, value, setBy } }: RuleRow, word: string): boolean {
  return [pattern, scopeWords[scope], `${key}=${value}`, setBy].some((text) => text.toLowerCase().includes(word));
}

/** Every column of the list of rules; `change` is given where somebody may. */
export function ruleColumns(change: ((rule: LabelView) => void) | undefined): ListColumn<RuleRow>[] {
  return [
    {
      name: 'name',
      title: 'Pattern',
      names: true,
      usual: true,
      cell: ({ rule }) => <Raw text={rule.pattern} limit={200} />,
      sort: ({ rule }) => rule.pattern,
      csv: [['pattern', ({ rule }) => rule.pattern]],
    },
    textColumn('of', 'Of', ({ rule }) => scopeWords[rule.scope]),
    textColumn('label', 'Label', ({ rule }) => rule.key),
    textColumn('value', 'Value', ({ rule }) => rule.value),
    {
      name: 'gives',
      title: 'Given to',
      usual: true,
      cell: ({ hosts, names }) =>
        hosts + names === 0 ? <span class="quiet">nothing now</span> : givenWords(hosts, names),
      sort: ({ hosts, names }) => hosts + names,
      csv: [
        ['hosts', ({ hosts }) => String(hosts)],
        ['names', ({ names }) => String(names)],
      ],
    },
    textColumn('said', 'Said by', ({ rule }) => sourceWords[rule.source]),
    textColumn('who', 'Who', ({ rule }) => rule.setBy),
    {
      name: 'since',
      title: 'Since',
      usual: true,
      cell: ({ rule }) => <Day instant={rule.setAt} />,
      sort: ({ rule }) => rule.setAt,
      csv: [['setAt', ({ rule }) => rule.setAt]],
    },
    ...(change
      ? [
          {
            name: 'change',
            title: 'Change',
            usual: true,
            cell: ({ rule }: RuleRow) => (
              <button type="button" class="plain" onClick={() => change(rule)}>
                Change
                <span class="unseen">
                  {' '}
                  {rule.key} of {rule.pattern}
                </span>
              </button>
            ),
            csv: [],
          },
        ]
      : []),
  ];
}

function givenWords(hosts: number, names: number): string {
  return [hosts > 0 ? counted(hosts, 'host') : '', names > 0 ? counted(names, 'name') : ''].filter(Boolean).join(', ');
}

function textColumn(name: string, title: string, textOf: (row: RuleRow) => string): ListColumn<RuleRow> {
  const cell = (row: RuleRow) => <Raw text={textOf(row)} limit={200} />;
  return { name, title, usual: true, cell, sort: (row) => textOf(row).toLowerCase(), csv: [[name, textOf]] };
}
