import type { PageProps } from '../../pages.ts';
import { GivenList } from './given.tsx';
import { ImportList } from './import-list.tsx';
import { RuleList } from './rules.tsx';

/** Who owns what: the rules that say it, what has which label by them, and the list that somebody keeps elsewhere. */
export function Page(props: PageProps) {
  const { item } = props.router.place.value;
  if (item === 'given') return <GivenList {...props} />;
  if (item === 'import') return <ImportList {...props} />;
  return <RuleList {...props} />;
}
