import { hostList } from '../present/host-list.ts';
import { type HostRow, hostRowsOf } from '../present/host-rows.ts';
import type { Console } from './command.ts';
import { type Listed, type ListOptions, showList } from './list.ts';

const listed: Listed<HostRow> = {
  list: hostList,
  rowsOf: hostRowsOf,
  itemsOf: (rows) =>
    rows.map(({ host, renewability, endpoints, findings }) => ({ ...host, renewability, endpoints, findings })),
  none: 'No host is enrolled. Next: certherd-collector token create',
};

/** `host list`: what the database says. Who is connected right now only the serving process knows. */
export function listHosts(options: ListOptions, console: Console): Promise<number> {
  return showList(listed, options, console);
}
