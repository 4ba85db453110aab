import type { Labels } from '../../present/needs.ts';
import { Raw } from './raw.tsx';

/** Owner and team, below what they own. */
export function Whose({ labels = {} }: { labels?: Labels | undefined }) {
  const { owner, team } = labels;
  const whose = [owner, team].filter((value) => value !== undefined);
  if (whose.length === 0) return null;
  return (
    <span class="quiet below">
      <Raw text={whose.join(', ')} limit={80} />
    </span>
  );
}
