import type { Changed } from '../receive/records.ts';
import type { Store } from '../store/store.ts';
import type { Targets } from '../store/targets.ts';
import type { Telling } from '../store/tell.ts';

/** What people change of the inventory, of what is asked from outside, and of what is told. */
export interface InventoryNeeds
  extends Pick<
    Store,
    'labels' | 'setLabels' | 'removeLabels' | 'addLabels' | 'changeLabel' | 'listed' | 'replaceListed'
  > {
  targets: Pick<Targets, 'all' | 'addNew' | 'want' | 'remove'>;
  told: Pick<
    Telling,
    'incidents' | 'findIncident' | 'acknowledge' | 'takeBack' | 'silences' | 'addSilence' | 'endSilence'
  >;
  /** Somebody answered: there may be something to tell. */
  answered: () => void;
}

/** Of a store; whoever shows what is changed is told. */
export function inventoryNeeds(store: Store, changed: Changed): Omit<InventoryNeeds, 'answered'> {
  const told =
    <Args extends unknown[], T>(change: (...args: Args) => Promise<T>, topics: Parameters<Changed>[0]) =>
    async (...args: Args): Promise<T> => {
      const kept = await change(...args);
      changed(topics);
      return kept;
    };
  const labelled = ['hosts', 'endpoints', 'findings', 'labels', 'targets'] as const;
  const { targets, telling } = store;
  return {
    labels: store.labels,
    listed: store.listed,
    setLabels: told(store.setLabels, labelled),
    removeLabels: told(store.removeLabels, labelled),
    addLabels: told(store.addLabels, labelled),
    changeLabel: told(store.changeLabel, labelled),
    replaceListed: told(store.replaceListed, labelled),
    targets: {
      all: targets.all,
      addNew: told(targets.addNew, ['targets']),
      want: told(targets.want, ['targets']),
      remove: told(targets.remove, ['targets']),
    },
    told: telling,
  };
}
